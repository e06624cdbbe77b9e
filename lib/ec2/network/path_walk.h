// What the ways of IPv4 and of IPv6 packets have in common: groups, network ACLs, peering connections and the way back.
// For path_explanation.cc and path_explanation_ipv6.cc alone.
//
// A Family says where a VpcSpec has what is about it: its Address, Range and Route, the numbers of its echo, and
// functions over the parts of the spec.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/path_explanation.h"
#include "lib/ec2/network/router_addresses.h"

namespace brume::network {

template <typename Family>
class PathWalk {
 public:
  using Address = typename Family::Address;
  using Route = typename Family::Route;
  using Probe = BasicPathProbe<Address>;
  using Kind = PathComponentKind;

  PathWalk(absl::Span<const VpcSpec> vpcs, const Probe& probe) : vpcs_(vpcs), probe_(probe) {}
  virtual ~PathWalk() = default;

  PathExplanation Run() {
    explanation_.arrives = Go() && ArrivesAsAsked() && (answered_by_router_ || Answer());
    return std::move(explanation_);
  }

 protected:
  static constexpr int kTcp = 6, kUdp = 17;

  // A packet on its way. Its addresses are those that the rules of the VPC see that it is in.
  struct Packet {
    Address source, destination;
    int protocol = kTcp;
    int port = -1;       // TCP and UDP: of the destination; ICMP and ICMPv6: the type
    int last_port = -1;  // of several; -1 = `port` alone

    int last() const { return last_port < 0 ? port : last_port; }
  };
  // Where the packet came in or left, for the way back.
  struct Side {
    const VpcSpec* vpc = nullptr;  // nullptr = outside
    const PortSpec* port = nullptr;
  };

  // By a route of the sender's subnet that is not the VPC's own.
  virtual bool Leave(const VpcSpec& vpc, const PortSpec& port, const Route& route, Packet packet) = 0;
  // From outside, or out of a VPC by its internet gateway: to whom the address belongs.
  virtual bool Outside(Packet packet) = 0;
  // What the address means inside of the VPC.
  virtual Address Inside(const VpcSpec& /*vpc*/, const Address& address) const { return address; }
  // Into whatever is at the packet's destination.
  bool Enter(const VpcSpec& vpc, const Packet& packet) {
    if (const PortSpec* port = PortAt(vpc, packet.destination); port != nullptr) return Into(vpc, *port, packet);
    for (const EndpointSpec& endpoint : vpc.endpoints) {
      if (Family::AddressOf(endpoint) == packet.destination) return IntoEndpoint(vpc, endpoint, packet);
    }
    return Stop(Kind::kInterface, "BAD_STATE", packet.destination.text(),
                absl::StrCat("no running instance of ", vpc.vpc.id.text(), " has this address"));
  }

  void Pass(Kind kind, const std::string& id, std::string detail) {
    explanation_.hops.push_back({.kind = kind, .id = id, .detail = std::move(detail), .answer = answer_, .code = {}});
  }
  // `code`: as the Reachability Analyzer calls it.
  bool Stop(Kind kind, const char* code, const std::string& id, std::string detail) {
    Pass(kind, id, std::move(detail));
    explanation_.hops.back().code = code;
    return false;
  }

  static const PortSpec* PortAt(const VpcSpec& vpc, const Address& address) {
    for (const PortSpec& port : vpc.ports) {
      const std::vector<Address> own = Family::AddressesOf(port.eni);
      if (std::find(own.begin(), own.end(), address) != own.end()) return &port;
    }
    return nullptr;
  }

  template <typename Range>
  static bool InRanges(const std::vector<Range>& ranges, const Address& address) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) { return range.Contains(address); });
  }

  static const Route* RouteTo(const VpcSpec& vpc, const SubnetId& subnet, const Address& address) {
    const RouteTableSpec* table = RouteTableOf(subnet, vpc.tables);
    const Route* best = nullptr;
    if (table == nullptr) return best;
    for (const Route& route : Family::RoutesOf(vpc, *table)) {
      if (!route.destination.Contains(address)) continue;
      if (best == nullptr || route.destination.prefix_length > best->destination.prefix_length) best = &route;
    }
    return best;
  }

  bool Acl(const VpcSpec& vpc, const SubnetId& id, bool egress, const Packet& packet) {
    const auto subnet =
        std::find_if(vpc.subnets.begin(), vpc.subnets.end(), [&](const auto& each) { return each.id == id; });
    const Address& other = egress ? packet.destination : packet.source;
    if (subnet == vpc.subnets.end()) return true;
    // What stays within the subnet is not asked about.
    const auto range = Family::RangeOf(*subnet);
    if (!range.has_value() || range->Contains(other)) return true;
    for (const AclSpec& acl : vpc.acls) {
      if (std::find(acl.subnets.begin(), acl.subnets.end(), id) == acl.subnets.end()) continue;
      const NetworkAclEntry* first = nullptr;
      for (const NetworkAclEntry& entry : acl.entries) {
        const auto covered = Family::RangeOf(entry);
        if (entry.egress != egress || !covered.has_value() || !covered->Contains(other)) continue;
        if (!MatchesProtocol(entry.protocol, entry.from_port, entry.to_port, packet)) continue;
        if (first == nullptr || entry.number < first->number) first = &entry;
      }
      const std::string what =
          absl::StrCat(egress ? "outbound to " : "inbound from ", other.text(), ", ", Describe(packet));
      if (first == nullptr)
        return Stop(Kind::kNetworkAcl, "SUBNET_ACL_RESTRICTION", id.text(), absl::StrCat("no rule allows ", what));
      const std::string rule = absl::StrCat("rule ", first->number, first->allow ? " allows " : " denies ", what);
      if (!first->allow) return Stop(Kind::kNetworkAcl, "SUBNET_ACL_RESTRICTION", id.text(), rule);
      Pass(Kind::kNetworkAcl, id.text(), rule);
    }
    return true;
  }

  bool Groups(const VpcSpec& vpc, const PortSpec& port, bool egress, const Packet& packet) {
    const std::string what = absl::StrCat(egress ? "out to " : "in from ",
                                          (egress ? packet.destination : packet.source).text(), ", ", Describe(packet));
    for (const GroupSpec& group : vpc.groups) {
      const auto& own = port.eni.groups;
      if (std::find(own.begin(), own.end(), group.group.id) == own.end()) continue;
      for (const SecurityGroupRule& rule : Family::RulesOf(group)) {
        if (!Allows(vpc, group, rule, egress, packet)) continue;
        Pass(Kind::kSecurityGroup, group.group.id.text(),
             absl::StrCat("lets ", what, rule.id.empty() ? "" : " by ", rule.id.text()));
        return true;
      }
    }
    const std::string id = port.eni.groups.empty() ? port.eni.id.text() : port.eni.groups.front().text();
    return Stop(Kind::kSecurityGroup, "ENI_SG_RULES_MISMATCH", id,
                absl::StrCat("no rule of the groups of ", port.eni.id.text(), " lets ", what));
  }

  bool Into(const VpcSpec& vpc, const PortSpec& port, const Packet& packet) {
    to_ = {.vpc = &vpc, .port = &port};
    arrived_ = packet;
    if (!Acl(vpc, port.eni.subnet_id, /*egress=*/false, packet)) return false;
    if (!Groups(vpc, port, /*egress=*/false, packet)) return false;
    Pass(Kind::kInterface, port.eni.id.text(), "takes it");
    return true;
  }

  // To an instance that routes for others.
  bool IntoEndpoint(const VpcSpec& vpc, const EndpointSpec& endpoint, const Packet& packet) {
    constexpr int kHttp = 80, kHttps = 443;
    const bool served = packet.protocol == kTcp && (packet.port == kHttp || packet.port == kHttps);
    if (!served) {
      return Stop(Kind::kInterface, "BAD_STATE", endpoint.eni_id.text(),
                  "is a VPC endpoint's, which takes TCP to ports 80 and 443 alone");
    }
    endpoint_.eni.id = endpoint.eni_id;
    endpoint_.eni.subnet_id = endpoint.subnet;
    endpoint_.eni.groups = endpoint.groups;
    return Into(vpc, endpoint_, packet);
  }

  bool IntoRouter(const VpcSpec& vpc, const PortSpec* router, const std::string& address, const Packet& packet) {
    if (router == nullptr) return Stop(Kind::kInterface, "BAD_STATE", address, "is not there");
    if (router->eni.source_dest_check) {
      return Stop(Kind::kInterface, "ENI_SOURCE_DEST_CHECK_RESTRICTION", router->eni.id.text(),
                  "takes only what is addressed to it");
    }
    return Into(vpc, *router, packet);
  }

  bool OverPeering(const VpcSpec& vpc, const VpcPeeringConnectionId& wanted, const Packet& packet) {
    const auto peering = std::find_if(vpc.peerings.begin(), vpc.peerings.end(),
                                      [&](const PeeringSpec& each) { return each.id == wanted; });
    const std::string& id = wanted.text();
    if (peering == vpc.peerings.end()) return Stop(Kind::kPeering, "BAD_STATE", id, "is not active");
    if (!InRanges(Family::RangesOf(vpc, *peering), packet.destination)) {
      return Stop(Kind::kPeering, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", id,
                  "carries nothing that is not for the peer's own ranges");
    }
    for (const VpcSpec& other : vpcs_) {
      if (other.vpc.id != peering->other) continue;
      Pass(Kind::kPeering, id, absl::StrCat("carries it to ", other.vpc.id.text()));
      peering_ = &*peering;
      return Enter(other, packet);
    }
    return Stop(Kind::kPeering, "BAD_STATE", id, "has no other side");
  }

  bool Nowhere(const SubnetId& subnet, const Route& route) {
    return Stop(Kind::kRouteTable, "BAD_STATE_ROUTE", subnet.text(),
                absl::StrCat("leads to ", route.destination.text(), " and from there nowhere"));
  }

  const absl::Span<const VpcSpec> vpcs_;
  const Probe& probe_;
  Side from_, to_;
  Packet sent_, arrived_;  // as the sender's and the receiver's VPC see it
  const PeeringSpec* peering_ = nullptr;
  PortSpec endpoint_;  // where it goes to one
  // The subnet of the NAT gateway that it passed; empty = none.
  SubnetId nat_subnet_;

 private:
  static std::string Describe(const Packet& packet) {
    if (packet.protocol == Family::kIcmp) return absl::StrCat(Family::kIcmpName, " type ", packet.port);
    const std::string name = IpProtocolName(packet.protocol);
    if (packet.last() != packet.port) return absl::StrCat(name, " ports ", packet.port, " to ", packet.last());
    return packet.port < 0 ? name : absl::StrCat(name, " port ", packet.port);
  }

  static bool MatchesProtocol(int protocol, int from, int to, const Packet& packet) {
    if (protocol < 0) return true;
    if (protocol != packet.protocol) return false;
    // A packet of any port passes what is about all of them.
    if (protocol == kTcp || protocol == kUdp) {
      if (packet.port < 0) return from <= 0 && (to < 0 || to >= 65535);
      return from < 0 || (from <= packet.port && packet.last() <= to);
    }
    // Of an echo request and its reply the code is 0.
    if (protocol == Family::kIcmp) return from < 0 || (from == packet.port && to <= 0);
    return true;
  }

  static bool Allows(const VpcSpec& vpc, const GroupSpec& group, const SecurityGroupRule& rule, bool egress,
                     const Packet& packet) {
    if (rule.egress != egress || !Family::Applies(rule)) return false;
    if (!MatchesProtocol(rule.protocol, rule.from_port, rule.to_port, packet)) return false;
    const Address& other = egress ? packet.destination : packet.source;
    if (const auto range = Family::RangeOf(rule); range.has_value()) return range->Contains(other);
    for (const PrefixListSpec& list : group.prefix_lists) {
      if (list.id == rule.prefix_list) return InRanges(Family::RangesOf(list), other);
    }
    return !rule.referenced_group.empty() && Family::HasMember(vpc, rule.referenced_group, other);
  }

  bool Go() {
    Packet packet{probe_.source, probe_.destination, probe_.protocol,
                  probe_.protocol == Family::kIcmp ? Family::kEchoRequest : probe_.port, probe_.last_port};
    if (probe_.vpc.empty()) {
      sent_ = packet;
      return Outside(packet);
    }
    const auto vpc =
        std::find_if(vpcs_.begin(), vpcs_.end(), [&](const VpcSpec& each) { return each.vpc.id == probe_.vpc; });
    const PortSpec* port = vpc == vpcs_.end() ? nullptr : PortAt(*vpc, packet.source);
    if (port == nullptr) {
      return Stop(Kind::kInterface, "BAD_STATE", probe_.source.text(), "no running instance has this address");
    }
    from_ = {.vpc = &*vpc, .port = port};
    Pass(Kind::kInterface, port->eni.id.text(), "sends it");
    // A public address of the VPC's own is translated before anything else is asked.
    packet.destination = Inside(*vpc, packet.destination);
    sent_ = packet;
    if (const std::optional<RouterAnswer> router =
            AnswerOfRouter(*vpc, packet.destination, packet.protocol, packet.last() == packet.port ? packet.port : -1);
        router.has_value()) {
      return ToRouter(packet.destination, *router);
    }
    const SubnetId& subnet = port->eni.subnet_id;
    if (!Groups(*vpc, *port, /*egress=*/true, packet)) return false;
    if (!Acl(*vpc, subnet, /*egress=*/true, packet)) return false;
    if (InRanges(Family::RangesOf(*vpc), packet.destination)) {
      Pass(Kind::kRouteTable, subnet.text(), "leads to the VPC itself");
      return Enter(*vpc, packet);
    }
    const Route* route = RouteTo(*vpc, subnet, packet.destination);
    if (route == nullptr) {
      return Stop(Kind::kRouteTable, "NO_ROUTE_TO_DESTINATION", subnet.text(),
                  absl::StrCat("has no route to ", packet.destination.text()));
    }
    if (route->way == Route::Way::kNowhere) return Nowhere(subnet, *route);
    Pass(Kind::kRouteTable, subnet.text(), absl::StrCat("leads to ", route->destination.text()));
    if (route->way == Route::Way::kPeer) return OverPeering(*vpc, route->peering, packet);
    return Leave(*vpc, *port, *route, packet);
  }

  // Whether the receiver is sent what the probe is about.
  bool ArrivesAsAsked() {
    const auto differs = [](const std::optional<Address>& asked, const Address& is) {
      return asked.has_value() && *asked != is;
    };
    for (const auto& [asked, is, what] :
         {std::tuple(&probe_.arriving_source, &arrived_.source, "sender"),
          std::tuple(&probe_.arriving_destination, &arrived_.destination, "destination")}) {
      if (!differs(*asked, *is)) continue;
      return Stop(Kind::kInterface, "ENI_ADDRESS_RESTRICTION", is->text(),
                  absl::StrCat("is its ", what, " there, and not ", (*asked)->text()));
    }
    return true;
  }

  bool ToRouter(const Address& address, const RouterAnswer& router) {
    if (!router.answers) return Stop(Kind::kInterface, "BAD_STATE", address.text(), router.words);
    Pass(Kind::kInterface, address.text(), router.words);
    arrived_ = sent_;
    answered_by_router_ = true;
    return true;
  }

  // What comes back: it passes the groups as a tracked connection's, and each network ACL as any packet.
  bool Answer() {
    answer_ = true;
    const int port = probe_.protocol == Family::kIcmp                     ? Family::kEchoReply
                     : probe_.protocol == kTcp || probe_.protocol == kUdp ? probe_.source_port
                                                                          : -1;
    const int last_port = port == probe_.source_port ? probe_.last_source_port : -1;
    if (to_.port != nullptr) {
      const Packet back{arrived_.destination, arrived_.source, probe_.protocol, port, last_port};
      if (!Acl(*to_.vpc, to_.port->eni.subnet_id, /*egress=*/true, back)) return false;
      if (!RoutesBack(back)) return false;
    }
    if (from_.port == nullptr) return true;
    const Packet back{sent_.destination, sent_.source, probe_.protocol, port, last_port};
    if (!nat_subnet_.empty()) {
      if (!Acl(*from_.vpc, nat_subnet_, /*egress=*/false, back)) return false;
      if (!Acl(*from_.vpc, nat_subnet_, /*egress=*/true, back)) return false;
    }
    return Acl(*from_.vpc, from_.port->eni.subnet_id, /*egress=*/false, back);
  }

  bool RoutesBack(const Packet& back) {
    const SubnetId& subnet = to_.port->eni.subnet_id;
    if (InRanges(Family::RangesOf(*to_.vpc), back.destination)) return true;
    const Route* route = RouteTo(*to_.vpc, subnet, back.destination);
    const bool by_peer =
        route != nullptr && route->way == Route::Way::kPeer && peering_ != nullptr && route->peering == peering_->id;
    const bool by_gateway = route != nullptr && route->way == Route::Way::kGateway && peering_ == nullptr;
    if (by_peer || by_gateway) return true;
    return Stop(Kind::kRouteTable, "NO_ROUTE_TO_DESTINATION", subnet.text(),
                absl::StrCat("has no way back to ", back.destination.text()));
  }

  PathExplanation explanation_;
  bool answer_ = false;
  bool answered_by_router_ = false;
};

}  // namespace brume::network
