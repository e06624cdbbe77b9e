#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/path_explanation.h"
#include "lib/ec2/network/path_walk.h"

namespace brume::network {
namespace {

struct Ipv6Family {
  using Address = Ipv6;
  using Route = Ipv6RouteSpec;
  static constexpr int kIcmp = 58, kEchoRequest = 128, kEchoReply = 129;
  static constexpr char kIcmpName[] = "ICMPv6";

  static const std::vector<Ipv6>& AddressesOf(const NetworkInterface& eni) { return eni.ipv6; }
  static std::optional<Ipv6> AddressOf(const EndpointSpec& endpoint) { return endpoint.ipv6; }
  static const std::vector<CidrIpv6>& RangesOf(const VpcSpec& vpc) { return vpc.ipv6.ranges; }
  static const std::vector<CidrIpv6>& RangesOf(const PrefixListSpec& list) { return list.ipv6_ranges; }
  static std::vector<CidrIpv6> RangesOf(const VpcSpec& vpc, const PeeringSpec& peering) {
    const auto found = vpc.ipv6.peers.find(peering.id);
    return found == vpc.ipv6.peers.end() ? std::vector<CidrIpv6>() : found->second;
  }
  static std::optional<CidrIpv6> RangeOf(const Subnet& subnet) { return subnet.cidr_ipv6; }
  static std::optional<CidrIpv6> RangeOf(const SecurityGroupRule& rule) { return rule.cidr_ipv6; }
  static std::optional<CidrIpv6> RangeOf(const NetworkAclEntry& entry) { return entry.cidr_ipv6; }
  static const std::vector<SecurityGroupRule>& RulesOf(const GroupSpec& group) { return group.ipv6_rules; }
  static bool Applies(const SecurityGroupRule& rule) { return AppliesToIpv6(rule); }
  // Ports are members of their groups by being in them.
  static bool HasMember(const VpcSpec& vpc, const SecurityGroupId& id, const Ipv6& address) {
    const auto has = [](const auto& list, const auto& wanted) {
      return std::find(list.begin(), list.end(), wanted) != list.end();
    };
    return std::any_of(
               vpc.groups.begin(), vpc.groups.end(),
               [&](const GroupSpec& group) { return group.group.id == id && has(group.ipv6_members, address); }) ||
           std::any_of(vpc.ports.begin(), vpc.ports.end(),
                       [&](const PortSpec& port) { return has(port.eni.groups, id) && has(port.eni.ipv6, address); });
  }
  static const std::vector<Ipv6RouteSpec>& RoutesOf(const VpcSpec& vpc, const RouteTableSpec& table) {
    static const std::vector<Ipv6RouteSpec> none;
    const auto found = vpc.ipv6.routes.find(table.number);
    return found == vpc.ipv6.routes.end() ? none : found->second;
  }
};

class Ipv6Walk : public PathWalk<Ipv6Family> {
 public:
  using PathWalk::PathWalk;

 private:
  bool Outside(Packet packet) override {
    for (const VpcSpec& vpc : vpcs_) {
      if (!vpc.ipv6.has_way_out || !InRanges(vpc.ipv6.ranges, packet.destination)) continue;
      return FromInternet(vpc, packet);
    }
    if (probe_.vpc.empty()) {
      return Stop(Kind::kInternetGateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS", "",
                  absl::StrCat("nobody who is reached from outside has ", packet.destination.text()));
    }
    if (from_.vpc->ipv6.pool.Contains(packet.destination)) {
      return Stop(Kind::kInternetGateway, "BAD_STATE", from_.vpc->vpc.id.text(),
                  absl::StrCat(packet.destination.text(), " is of no VPC that is reached from outside"));
    }
    Pass(Kind::kInternet, packet.destination.text(), "is outside");
    arrived_ = packet;
    return true;
  }

  // Nothing begins from where the receiver's subnet has no route by an internet gateway to.
  bool FromInternet(const VpcSpec& vpc, const Packet& packet) {
    const PortSpec* port = PortAt(vpc, packet.destination);
    if (port == nullptr) return Enter(vpc, packet);
    const Ipv6RouteSpec* route = RouteTo(vpc, port->eni.subnet_id, packet.source);
    if (route == nullptr || route->way != Ipv6RouteSpec::Way::kGateway) {
      return Stop(Kind::kRouteTable, "NO_ROUTE_TO_DESTINATION", port->eni.subnet_id.text(),
                  absl::StrCat("has no route by an internet gateway to ", packet.source.text()));
    }
    Pass(Kind::kInternetGateway, vpc.vpc.id.text(), "lets it in");
    return Enter(vpc, packet);
  }

  bool Leave(const VpcSpec& vpc, const PortSpec& port, const Ipv6RouteSpec& route, Packet packet) override {
    if (route.way == Ipv6RouteSpec::Way::kPort) {
      const auto router = std::find_if(vpc.ports.begin(), vpc.ports.end(),
                                       [&](const PortSpec& each) { return TapName(each.eni.id) == route.tap; });
      return IntoRouter(vpc, router == vpc.ports.end() ? nullptr : &*router, route.address.text(), packet);
    }
    if (!vpc.ipv6.has_way_out) return Nowhere(port.eni.subnet_id, route);
    Pass(Kind::kInternetGateway, vpc.vpc.id.text(),
         route.way == Ipv6RouteSpec::Way::kEgress ? "sends it on, and lets nothing begin from outside" : "sends it on");
    return Outside(packet);
  }
};

}  // namespace

PathExplanation ExplainPath(absl::Span<const VpcSpec> vpcs, const Ipv6PathProbe& probe) {
  return Ipv6Walk(vpcs, probe).Run();
}

}  // namespace brume::network
