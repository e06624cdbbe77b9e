#include "lib/ec2/network/path_explanation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace brume::network {
namespace {

using Kind = PathComponentKind;

constexpr int kHttp = 80, kHttps = 443;
constexpr int kIcmp = 1, kTcp = 6, kUdp = 17, kEchoRequest = 8, kEchoReply = 0;

// A packet on its way. Its addresses are those that the rules of the VPC see that it is in.
struct Packet {
  Ipv4 source, destination;
  int protocol = kTcp;
  int port = -1;  // TCP and UDP: of the destination; ICMP: the type
};

std::string Describe(const Packet& packet) {
  if (packet.protocol == kIcmp) return absl::StrCat("ICMP type ", packet.port);
  const std::string name = IpProtocolName(packet.protocol);
  return packet.port < 0 ? name : absl::StrCat(name, " port ", packet.port);
}

bool MatchesProtocol(int protocol, int from, int to, const Packet& packet) {
  if (protocol < 0) return true;
  if (protocol != packet.protocol) return false;
  // A packet of any port passes what is about all of them.
  if (protocol == kTcp || protocol == kUdp) {
    if (packet.port < 0) return from <= 0 && (to < 0 || to >= 65535);
    return from < 0 || (from <= packet.port && packet.port <= to);
  }
  // Of an echo request and its reply the code is 0.
  if (protocol == kIcmp) return from < 0 || (from == packet.port && to <= 0);
  return true;
}

bool InRanges(const std::vector<Cidr>& ranges, Ipv4 address) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return range.Contains(address); });
}

bool HasMember(const VpcSpec& vpc, const SecurityGroupId& id, Ipv4 address) {
  for (const GroupSpec& group : vpc.groups) {
    if (group.group.id != id) continue;
    return std::find(group.members.begin(), group.members.end(), address) != group.members.end();
  }
  return false;
}

bool Allows(const VpcSpec& vpc, const GroupSpec& group, const SecurityGroupRule& rule, bool egress,
            const Packet& packet) {
  if (rule.egress != egress || !AppliesToIpv4(rule)) return false;
  if (!MatchesProtocol(rule.protocol, rule.from_port, rule.to_port, packet)) return false;
  const Ipv4 other = egress ? packet.destination : packet.source;
  if (rule.cidr.has_value()) return rule.cidr->Contains(other);
  for (const PrefixListSpec& list : group.prefix_lists) {
    if (list.id == rule.prefix_list) return InRanges(list.ranges, other);
  }
  return !rule.referenced_group.empty() && HasMember(vpc, rule.referenced_group, other);
}

const PortSpec* PortAt(const VpcSpec& vpc, Ipv4 address) {
  for (const PortSpec& port : vpc.ports) {
    const std::vector<Ipv4> own = PrivateAddresses(port.eni);
    if (std::find(own.begin(), own.end(), address) != own.end()) return &port;
  }
  return nullptr;
}

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

// The public address of one of the port's private ones.
std::optional<Ipv4> PublicOf(const PortSpec& port, Ipv4 address) {
  if (port.eni.private_ip == address) return port.eni.public_ip;
  for (const SecondaryAddress& each : port.eni.secondary) {
    if (each.private_ip == address) return each.public_ip;
  }
  return std::nullopt;
}

const Subnet* SubnetOf(const VpcSpec& vpc, const SubnetId& id) {
  const auto found =
      std::find_if(vpc.subnets.begin(), vpc.subnets.end(), [&](const auto& each) { return each.id == id; });
  return found == vpc.subnets.end() ? nullptr : &*found;
}

const RouteSpec* RouteTo(const VpcSpec& vpc, const SubnetId& subnet, Ipv4 address) {
  const RouteTableSpec* table = RouteTableOf(subnet, vpc.tables);
  const RouteSpec* best = nullptr;
  if (table == nullptr) return best;
  for (const RouteSpec& route : table->routes) {
    if (!route.destination.Contains(address)) continue;
    if (best == nullptr || route.destination.prefix_length > best->destination.prefix_length) best = &route;
  }
  return best;
}

class Walk {
 public:
  Walk(absl::Span<const VpcSpec> vpcs, const PathProbe& probe) : vpcs_(vpcs), probe_(probe) {}

  PathExplanation Run() {
    explanation_.arrives = Go() && Answer();
    return std::move(explanation_);
  }

 private:
  // Where the packet came in or left, for the way back.
  struct Side {
    const VpcSpec* vpc = nullptr;  // nullptr = outside
    const PortSpec* port = nullptr;
    const RouteSpec* route = nullptr;  // by which it left
  };

  void Pass(Kind kind, const std::string& id, std::string detail) {
    explanation_.hops.push_back({.kind = kind, .id = id, .detail = std::move(detail), .answer = answer_, .code = {}});
  }
  // `code`: as the Reachability Analyzer calls it.
  bool Stop(Kind kind, const char* code, const std::string& id, std::string detail) {
    Pass(kind, id, std::move(detail));
    explanation_.hops.back().code = code;
    return false;
  }

  bool Acl(const VpcSpec& vpc, const SubnetId& id, bool egress, const Packet& packet) {
    const Subnet* subnet = SubnetOf(vpc, id);
    const Ipv4 other = egress ? packet.destination : packet.source;
    // What stays within the subnet is not asked about.
    if (subnet == nullptr || subnet->cidr.Contains(other)) return true;
    for (const AclSpec& acl : vpc.acls) {
      if (std::find(acl.subnets.begin(), acl.subnets.end(), id) == acl.subnets.end()) continue;
      const NetworkAclEntry* first = nullptr;
      for (const NetworkAclEntry& entry : acl.entries) {
        if (entry.cidr_ipv6.has_value() || entry.egress != egress || !entry.cidr.Contains(other)) continue;
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
      for (const SecurityGroupRule& rule : group.rules) {
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

  // Whether the address is one of a VPC endpoint, which is in `endpoint_` then, as a port.
  bool TakeEndpoint(const VpcSpec& vpc, Ipv4 address) {
    for (const EndpointSpec& endpoint : vpc.endpoints) {
      if (endpoint.private_ip != address) continue;
      endpoint_.eni.id = endpoint.eni_id;
      endpoint_.eni.subnet_id = endpoint.subnet;
      endpoint_.eni.private_ip = address;
      endpoint_.eni.groups = endpoint.groups;
      return true;
    }
    return false;
  }

  // Into the port at the packet's destination.
  bool Enter(const VpcSpec& vpc, const Packet& packet) {
    const PortSpec* port = PortAt(vpc, packet.destination);
    if (port == nullptr && TakeEndpoint(vpc, packet.destination)) {
      port = &endpoint_;
      const bool served = packet.protocol == kTcp && (packet.port == kHttp || packet.port == kHttps);
      if (!served || peering_ != nullptr) {
        return Stop(Kind::kInterface, "BAD_STATE", port->eni.id.text(),
                    "is a VPC endpoint's, which takes TCP to ports 80 and 443 of its own VPC alone");
      }
    }
    if (port == nullptr) {
      return Stop(Kind::kInterface, "BAD_STATE", packet.destination.text(),
                  absl::StrCat("no running instance of ", vpc.vpc.id.text(), " has this address"));
    }
    to_ = {.vpc = &vpc, .port = port};
    arrived_ = packet;
    if (!Acl(vpc, port->eni.subnet_id, /*egress=*/false, packet)) return false;
    if (!Groups(vpc, *port, /*egress=*/false, packet)) return false;
    Pass(Kind::kInterface, port->eni.id.text(), "takes it");
    return true;
  }

  // From outside, or out of a VPC by its internet gateway: to whom a public address belongs.
  bool Outside(Packet packet) {
    for (const VpcSpec& vpc : vpcs_) {
      if (const std::optional<Ipv4> behind = BehindPublic(vpc, packet.destination); behind.has_value()) {
        Pass(Kind::kInternetGateway, vpc.vpc.id.text(),
             absl::StrCat(packet.destination.text(), " is ", behind->text()));
        packet.destination = *behind;
        return Enter(vpc, packet);
      }
      for (const NatSpec& nat : vpc.nats) {
        if (nat.public_ip == packet.destination) {
          return Stop(Kind::kNatGateway, "BAD_STATE", nat.id.text(), "lets nothing begin from outside");
        }
      }
    }
    if (probe_.vpc.empty()) {
      return Stop(Kind::kInternetGateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS", "",
                  absl::StrCat("nobody has ", packet.destination.text()));
    }
    Pass(Kind::kInternet, packet.destination.text(), "is outside");
    return true;
  }

  bool Nat(const VpcSpec& vpc, const RouteSpec& route, Packet& packet) {
    const auto nat =
        std::find_if(vpc.nats.begin(), vpc.nats.end(), [&](const NatSpec& each) { return each.number == route.nat; });
    if (nat == vpc.nats.end()) return Stop(Kind::kNatGateway, "BAD_STATE", "", "is not there");
    if (!Acl(vpc, nat->subnet, /*egress=*/false, packet)) return false;
    if (!Acl(vpc, nat->subnet, /*egress=*/true, packet)) return false;
    nat_ = &*nat;
    const Ipv4 source = route.way == RouteSpec::Way::kGateway ? nat->public_ip.value_or(Ipv4{}) : nat->private_ip;
    Pass(Kind::kNatGateway, nat->id.text(), absl::StrCat("sends it on as ", source.text()));
    packet.source = source;
    return true;
  }

  bool Leave(const VpcSpec& vpc, const PortSpec& port, const RouteSpec& route, Packet packet) {
    from_.route = &route;
    const std::string& subnet = port.eni.subnet_id.text();
    const std::string to = absl::StrCat("leads to ", route.destination.text());
    if (route.way == RouteSpec::Way::kNowhere) {
      return Stop(Kind::kRouteTable, "BAD_STATE_ROUTE", subnet, absl::StrCat(to, " and from there nowhere"));
    }
    Pass(Kind::kRouteTable, subnet, to);
    if (route.way == RouteSpec::Way::kPeer) return OverPeering(vpc, route, packet);
    if (route.nat != 0 && !Nat(vpc, route, packet)) return false;
    if (route.way == RouteSpec::Way::kPort) {
      const PortSpec* router = PortAt(vpc, route.address);
      if (router == nullptr) return Stop(Kind::kInterface, "BAD_STATE", route.address.text(), "is not there");
      if (router->eni.source_dest_check) {
        return Stop(Kind::kInterface, "ENI_SOURCE_DEST_CHECK_RESTRICTION", router->eni.id.text(),
                    "takes only what is addressed to it");
      }
      to_ = {.vpc = &vpc, .port = router};
      arrived_ = packet;
      return Groups(vpc, *router, /*egress=*/false, {sent_.source, packet.destination, packet.protocol, packet.port});
    }
    if (route.nat == 0) {
      const std::optional<Ipv4> own = PublicOf(port, packet.source);
      if (!vpc.has_gateway || !own.has_value()) {
        return Stop(Kind::kInternetGateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", vpc.vpc.id.text(),
                    absl::StrCat(port.eni.id.text(), " has no public address to leave with"));
      }
      packet.source = *own;
      Pass(Kind::kInternetGateway, vpc.vpc.id.text(), absl::StrCat("sends it on as ", packet.source.text()));
    }
    return Outside(packet);
  }

  bool OverPeering(const VpcSpec& vpc, const RouteSpec& route, const Packet& packet) {
    const auto peering = std::find_if(vpc.peerings.begin(), vpc.peerings.end(),
                                      [&](const PeeringSpec& each) { return each.id == route.peering; });
    const std::string& id = route.peering.text();
    if (peering == vpc.peerings.end()) return Stop(Kind::kPeering, "BAD_STATE", id, "is not active");
    if (!InRanges(peering->ranges, packet.destination)) {
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

  bool Go() {
    Packet packet{probe_.source, probe_.destination, probe_.protocol,
                  probe_.protocol == kIcmp ? kEchoRequest : probe_.port};
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
    packet.destination = BehindPublic(*vpc, packet.destination).value_or(packet.destination);
    sent_ = packet;
    if (!Groups(*vpc, *port, /*egress=*/true, packet)) return false;
    if (!Acl(*vpc, port->eni.subnet_id, /*egress=*/true, packet)) return false;
    if (InRanges(vpc->ranges, packet.destination)) {
      Pass(Kind::kRouteTable, port->eni.subnet_id.text(), "leads to the VPC itself");
      return Enter(*vpc, packet);
    }
    const RouteSpec* route = RouteTo(*vpc, port->eni.subnet_id, packet.destination);
    if (route == nullptr) {
      return Stop(Kind::kRouteTable, "NO_ROUTE_TO_DESTINATION", port->eni.subnet_id.text(),
                  absl::StrCat("has no route to ", packet.destination.text()));
    }
    return Leave(*vpc, *port, *route, packet);
  }

  // What comes back: it passes the groups as a tracked connection's, and each network ACL as any packet.
  bool Answer() {
    answer_ = true;
    const int port = probe_.protocol == kIcmp                             ? kEchoReply
                     : probe_.protocol == kTcp || probe_.protocol == kUdp ? probe_.source_port
                                                                          : -1;
    if (to_.port != nullptr) {
      const Packet back{arrived_.destination, arrived_.source, probe_.protocol, port};
      if (!Acl(*to_.vpc, to_.port->eni.subnet_id, /*egress=*/true, back)) return false;
      if (!RoutesBack(back)) return false;
    }
    if (from_.port == nullptr) return true;
    const Packet back{sent_.destination, sent_.source, probe_.protocol, port};
    if (nat_ != nullptr) {
      if (!Acl(*from_.vpc, nat_->subnet, /*egress=*/false, back)) return false;
      if (!Acl(*from_.vpc, nat_->subnet, /*egress=*/true, back)) return false;
    }
    return Acl(*from_.vpc, from_.port->eni.subnet_id, /*egress=*/false, back);
  }

  bool RoutesBack(const Packet& back) {
    const SubnetId& subnet = to_.port->eni.subnet_id;
    if (InRanges(to_.vpc->ranges, back.destination)) return true;
    const RouteSpec* route = RouteTo(*to_.vpc, subnet, back.destination);
    const bool by_peer = route != nullptr && route->way == RouteSpec::Way::kPeer && peering_ != nullptr &&
                         route->peering == peering_->id;
    const bool by_gateway = route != nullptr && route->way == RouteSpec::Way::kGateway && peering_ == nullptr;
    if (by_peer || by_gateway) return true;
    return Stop(Kind::kRouteTable, "NO_ROUTE_TO_DESTINATION", subnet.text(),
                absl::StrCat("has no way back to ", back.destination.text()));
  }

  const absl::Span<const VpcSpec> vpcs_;
  const PathProbe& probe_;
  PathExplanation explanation_;
  bool answer_ = false;
  Side from_, to_;
  Packet sent_, arrived_;  // as the sender's and the receiver's VPC see it
  PortSpec endpoint_;      // where it goes to one
  const NatSpec* nat_ = nullptr;
  const PeeringSpec* peering_ = nullptr;
};

}  // namespace

PathExplanation ExplainPath(absl::Span<const VpcSpec> vpcs, const PathProbe& probe) { return Walk(vpcs, probe).Run(); }

}  // namespace brume::network
