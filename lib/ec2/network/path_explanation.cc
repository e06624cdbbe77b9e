#include "lib/ec2/network/path_explanation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/path_walk.h"

namespace brume::network {
namespace {

struct Ipv4Family {
  using Address = Ipv4;
  using Route = RouteSpec;
  static constexpr int kIcmp = 1, kEchoRequest = 8, kEchoReply = 0;
  static constexpr char kIcmpName[] = "ICMP";

  static std::vector<Ipv4> AddressesOf(const NetworkInterface& eni) { return PrivateAddresses(eni); }
  static std::optional<Ipv4> AddressOf(const EndpointSpec& endpoint) { return endpoint.private_ip; }
  static const std::vector<Cidr>& RangesOf(const VpcSpec& vpc) { return vpc.ranges; }
  static const std::vector<Cidr>& RangesOf(const PrefixListSpec& list) { return list.ranges; }
  static const std::vector<Cidr>& RangesOf(const VpcSpec& /*vpc*/, const PeeringSpec& peering) {
    return peering.ranges;
  }
  static std::optional<Cidr> RangeOf(const Subnet& subnet) { return subnet.cidr; }
  static std::optional<Cidr> RangeOf(const SecurityGroupRule& rule) { return rule.cidr; }
  static std::optional<Cidr> RangeOf(const NetworkAclEntry& entry) {
    return entry.cidr_ipv6.has_value() ? std::nullopt : std::optional(entry.cidr);
  }
  static const std::vector<SecurityGroupRule>& RulesOf(const GroupSpec& group) { return group.rules; }
  static bool Applies(const SecurityGroupRule& rule) { return AppliesToIpv4(rule); }
  static bool HasMember(const VpcSpec& vpc, const SecurityGroupId& id, Ipv4 address) {
    for (const GroupSpec& group : vpc.groups) {
      if (group.group.id != id) continue;
      return std::find(group.members.begin(), group.members.end(), address) != group.members.end();
    }
    return false;
  }
  static const std::vector<RouteSpec>& RoutesOf(const VpcSpec& /*vpc*/, const RouteTableSpec& table) {
    return table.routes;
  }
};

// The private address that a public one leads to; unset where it leads to none of the VPC's.
std::optional<Ipv4> BehindPublic(const VpcSpec& vpc, Ipv4 address) {
  if (!vpc.has_gateway) return std::nullopt;
  for (const PortSpec& port : vpc.ports) {
    if (port.eni.public_ip == address) return port.eni.private_ip;
    for (const SecondaryAddress& each : port.eni.secondary) {
      if (each.public_ip == address) return each.private_ip;
    }
  }
  return std::nullopt;
}

class Ipv4Walk : public PathWalk<Ipv4Family> {
 public:
  using PathWalk::PathWalk;

 private:
  Ipv4 Inside(const VpcSpec& vpc, const Ipv4& address) const override {
    return BehindPublic(vpc, address).value_or(address);
  }

  bool Outside(Packet packet) override {
    for (const VpcSpec& vpc : vpcs_) {
      if (const std::optional<Ipv4> behind = BehindPublic(vpc, packet.destination); behind.has_value()) {
        Pass(Kind::kInternetGateway, vpc.vpc.id.text(),
             absl::StrCat(packet.destination.text(), " is ", behind->text()));
        packet.destination = *behind;
        return Enter(vpc, packet);
      }
      for (const NatSpec& nat : vpc.nats) {
        const std::vector<Ipv4> own = PublicAddressesOf(nat, /*has_gateway=*/true);
        if (std::find(own.begin(), own.end(), packet.destination) != own.end()) {
          return Stop(Kind::kNatGateway, "BAD_STATE", nat.id.text(), "lets nothing begin from outside");
        }
      }
    }
    if (probe_.vpc.empty()) {
      return Stop(Kind::kInternetGateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS", "",
                  absl::StrCat("nobody has ", packet.destination.text()));
    }
    Pass(Kind::kInternet, packet.destination.text(), "is outside");
    arrived_ = packet;
    return true;
  }

  bool Nat(const VpcSpec& vpc, const RouteSpec& route, Packet& packet) {
    const auto nat =
        std::find_if(vpc.nats.begin(), vpc.nats.end(), [&](const NatSpec& each) { return each.number == route.nat; });
    if (nat == vpc.nats.end()) return Stop(Kind::kNatGateway, "BAD_STATE", "", "is not there");
    if (!Acl(vpc, nat->subnet, /*egress=*/false, packet)) return false;
    if (!Acl(vpc, nat->subnet, /*egress=*/true, packet)) return false;
    nat_subnet_ = nat->subnet;
    const Ipv4 source = route.way == RouteSpec::Way::kGateway ? nat->public_ip.value_or(Ipv4{}) : nat->private_ip;
    Pass(Kind::kNatGateway, nat->id.text(), absl::StrCat("sends it on as ", source.text()));
    packet.source = source;
    return true;
  }

  bool Leave(const VpcSpec& vpc, const PortSpec& port, const RouteSpec& route, Packet packet) override {
    if (route.nat != 0 && !Nat(vpc, route, packet)) return false;
    if (route.way == RouteSpec::Way::kPort) {
      // The sender is translated behind all rules.
      packet.source = sent_.source;
      return IntoRouter(vpc, PortAt(vpc, route.address), route.address.text(), packet);
    }
    if (route.nat == 0) {
      const std::optional<Ipv4> own = PublicAddressOf(port.eni, packet.source);
      if (!vpc.has_gateway || !own.has_value()) {
        return Stop(Kind::kInternetGateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", vpc.vpc.id.text(),
                    absl::StrCat(port.eni.id.text(), " has no public address to leave with"));
      }
      packet.source = *own;
      Pass(Kind::kInternetGateway, vpc.vpc.id.text(), absl::StrCat("sends it on as ", packet.source.text()));
    }
    return Outside(packet);
  }
};

}  // namespace

PathExplanation ExplainPath(absl::Span<const VpcSpec> vpcs, const PathProbe& probe) {
  return Ipv4Walk(vpcs, probe).Run();
}

}  // namespace brume::network
