// Port: what the network needs of the host. Domain words only.
//
// Every method is idempotent and thread-safe; calls for one VPC are put in order by the fabric itself. Blocking.
// The fabric touches only what it names itself: namespaces "brume-…", interfaces "bm…", nftables tables "brume…", and
// in chains of others that drop what the host forwards its own rules, by their comment.
#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/fabric_ipv6.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/ec2/network/model/flow_log.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/network_acl.h"
#include "lib/ec2/network/model/vpc_endpoint.h"
#include "lib/ec2/network/port_service.h"

namespace brume::network {

// Packets from one address and port to another, at one port, since the last reading. Bytes are those of IP packets.
struct Flow {
  std::variant<Ipv4, Ipv6> source, destination;    // of one kind
  uint16_t source_port = 0, destination_port = 0;  // 0 where the protocol has none
  int protocol = 0;                                // IANA's number
  bool accepted = false;                           // or rejected by groups or network ACLs
  int64_t packets = 0, bytes = 0;
  friend bool operator==(const Flow&, const Flow&) = default;
};

struct PortFlows {
  EniId eni;
  SubnetId subnet;
  std::vector<Flow> flows;
  bool skipped = false;  // there was no room to count some more
};

// A network interface as the host must carry it.
struct PortSpec {
  NetworkInterface eni;
  std::string hostname;             // "ip-10-0-1-4", served by DHCP and DNS; without IPv4 `ipv6_hostname` is
  std::string other_hostname = {};  // served by DNS too; empty = none
  // "ec2-198-18-0-5.compute-1.amazonaws.com", served by DNS; empty = none.
  std::string public_hostname = {};
  // The same of its further private addresses.
  std::map<Ipv4, std::string> secondary_public_hostnames = {};
  std::string tag_hostname = {};   // "web.lab.example", in VpcSpec::tag_domain; served by DNS; empty = none
  std::string ipv6_hostname = {};  // of its first IPv6 address, served by DNS; empty = none
  FlowLogging flow_logging = FlowLogging::kNone;
  PortShape shape = {};
};

// A public name, and the private address that resolvers inside give it.
struct PublicName {
  Ipv4 address;
  std::string name;
  friend bool operator==(const PublicName&, const PublicName&) = default;
};

// Of all its addresses.
inline std::vector<PublicName> PublicNamesOf(const PortSpec& spec) {
  std::vector<PublicName> names;
  if (!spec.public_hostname.empty() && spec.eni.private_ip.has_value()) {
    names.push_back({*spec.eni.private_ip, spec.public_hostname});
  }
  for (const auto& [address, name] : spec.secondary_public_hostnames) names.push_back({address, name});
  return names;
}

// A prefix list as the host carries it.
struct PrefixListSpec {
  PrefixListId id;
  std::vector<Cidr> ranges;  // may overlap
  std::vector<CidrIpv6> ipv6_ranges = {};
};

struct GroupSpec {
  SecurityGroup group;
  std::vector<SecurityGroupRule> rules;
  // The private addresses that rules naming this group stand for.
  std::vector<Ipv4> members;
  // Those that `rules` name. A rule that names another lets nothing through.
  std::vector<PrefixListSpec> prefix_lists = {};
  // The same of IPv6 packets; `prefix_lists` are of both.
  std::vector<SecurityGroupRule> ipv6_rules = {};
  std::vector<Ipv6> ipv6_members = {};
};

// The addresses that rules naming a group stand for.
struct GroupMembers {
  VpcId vpc;
  SecurityGroupId group;
  std::vector<Ipv4> members;
  std::vector<Ipv6> ipv6_members = {};
};

// A route as the host carries it. The VPC's own ranges are in every table and are left out.
struct RouteSpec {
  enum class Way { kNowhere, kGateway, kPort, kPeer };
  Cidr destination;
  Way way = Way::kNowhere;  // what kNowhere leads to is dropped, and so is what no route leads to
  // kPort: the port that routes for others.
  std::string tap = {};
  Ipv4 address = {};
  VpcPeeringConnectionId peering = {};  // kPeer
  // kGateway and kPort: the NAT gateway whose address packets have from there on, by its number; 0 = none.
  int nat = 0;
  friend bool operator==(const RouteSpec&, const RouteSpec&) = default;
};

struct RouteTableSpec {
  int number = 0;  // 1 to 200, of this table in its VPC
  bool main = false;
  std::vector<SubnetId> subnets;  // that have it; the main one is for all others
  std::vector<RouteSpec> routes;
};
// The table of a subnet: its own, or else the main one. Null where there is neither.
inline const RouteTableSpec* RouteTableOf(const SubnetId& subnet, const std::vector<RouteTableSpec>& tables) {
  const RouteTableSpec* main = nullptr;
  for (const RouteTableSpec& table : tables) {
    if (std::find(table.subnets.begin(), table.subnets.end(), subnet) != table.subnets.end()) return &table;
    if (table.main) main = &table;
  }
  return main;
}

// An address of a NAT gateway, and the public one that belongs to it.
struct NatAddress {
  Ipv4 private_ip;
  std::optional<Ipv4> public_ip = {};
  friend bool operator==(const NatAddress&, const NatAddress&) = default;
};

// A NAT gateway, which is the namespace's own translation of what its routes lead on.
struct NatSpec {
  NatGatewayId id;
  int number = 0;  // 1 to 65535, of this gateway in its VPC
  SubnetId subnet;
  Ipv4 private_ip;                // the sender of what does not leave by the internet gateway
  std::optional<Ipv4> public_ip;  // and of what does; unset = nothing does
  // Beside these. Which of all a connection gets is told by its two ends.
  std::vector<NatAddress> secondary = {};
  friend bool operator==(const NatSpec&, const NatSpec&) = default;
};

inline std::vector<Ipv4> PrivateAddressesOf(const NatSpec& nat) {
  std::vector<Ipv4> addresses = {nat.private_ip};
  for (const NatAddress& each : nat.secondary) addresses.push_back(each.private_ip);
  return addresses;
}
// None while no internet gateway is attached to the VPC.
inline std::vector<Ipv4> PublicAddressesOf(const NatSpec& nat, bool has_gateway) {
  std::vector<Ipv4> addresses;
  if (has_gateway && nat.public_ip.has_value()) addresses.push_back(*nat.public_ip);
  for (const NatAddress& each : nat.secondary) {
    if (has_gateway && each.public_ip.has_value()) addresses.push_back(*each.public_ip);
  }
  return addresses;
}

// A VPC endpoint's addresses in one subnet, which are the router's own: who serves the API listens there
// (Fabric::Listen).
struct EndpointSpec {
  VpcEndpointId id;
  EndpointService service = EndpointService::kEc2;
  EniId eni_id;
  SubnetId subnet;
  std::optional<Ipv4> private_ip = {};  // one of the two at least
  std::optional<Ipv6> ipv6 = {};
  std::vector<SecurityGroupId> groups;  // whose ingress rules say which ports reach it
  std::vector<std::string> names;       // whole ones, that the VPC's resolver knows it by
};

// A link to another VPC, each packet of which goes from a range of the one to a range of the other. It stands once both
// VPCs have been synchronised with it and after the other's namespace was made.
struct PeeringSpec {
  VpcPeeringConnectionId id;
  VpcId other;
  std::vector<Cidr> ranges;  // of the other
};

// A network ACL that does not allow everything, or not all of IPv6, as the host carries it.
struct AclSpec {
  std::vector<SubnetId> subnets;         // that have it
  std::vector<NetworkAclEntry> entries;  // of each direction by number
};

// All that a VPC's namespace holds.
struct VpcSpec {
  Vpc vpc;
  std::vector<Cidr> ranges;  // of the VPC, its first at the front
  bool has_gateway = false;  // without it no public address leads to the VPC, and none leaves it
  std::vector<Subnet> subnets;
  std::vector<RouteTableSpec> tables;
  std::vector<AclSpec> acls;
  std::vector<NatSpec> nats;
  std::vector<EndpointSpec> endpoints;
  std::vector<PeeringSpec> peerings;
  std::vector<GroupSpec> groups;  // and those of peers that rules here name, without their rules
  // Ports that are to be in the namespace (their guests run or are about to).
  std::vector<PortSpec> ports;
  std::string domain;  // of private names: "ec2.internal"
  // A flow log is about the VPC or something in it: what was counted is kept until it is taken, also of ports that go.
  bool flow_logs = false;
  // Of public names: "compute-1.amazonaws.com". Those that no port has lead to their public addresses.
  std::string public_domain = {};
  std::string tag_domain = {};  // of the names that tags give; empty = none
  DhcpLease dhcp = {};
  // What reverse lookups of these addresses give instead of their public names.
  std::map<Ipv4, std::string> reverse_names = {};
  Ipv6Spec ipv6 = {};
};

struct FabricInventory {
  std::vector<VpcId> vpcs;
  // Taps in any namespace of ours or in the host's.
  std::vector<std::string> taps;
};

// What is inspected by itself: a VPC, or (unset) the host's side of all of them.
using FabricPart = std::optional<VpcId>;
// Told of a part in which something changed. Must not block, and not call the fabric.
using ChangeListener = std::function<void(const FabricPart& part)>;

// Something that was made here, and that somebody else has taken away or changed since.
struct Damage {
  std::optional<VpcId> vpc;  // unset = what all VPCs share
  std::string what;          // "the link uplink is down"
  bool repairable = true;    // by SyncVpc, or SyncHost

  // "vpc-…: the link uplink is down", "host: …".
  std::string text() const { return absl::StrCat(vpc.has_value() ? vpc->text() : "host", ": ", what); }
};

class Fabric : public PortMeter {
 public:
  // Makes the VPC's namespace whole (router, DHCP, DNS, public addresses, packet rules) and exactly this: what stands
  // already is adopted without cutting a tracked connection, packet rules are replaced in one transaction. A tap of a
  // listed port that is in neither namespace is not an error. Used at start and when something looks wrong.
  virtual absl::Status SyncVpc(const VpcSpec& spec) = 0;
  // Takes it away; FailedPrecondition while ports are in it. OK when there is none.
  virtual absl::Status RemoveVpc(const VpcId& id) = 0;

  // The host's side and each VPC that this process knows.
  virtual std::vector<FabricPart> Parts() = 0;
  // Compares what this process made with what stands, and changes nothing. Cheap enough for every few seconds: in
  // proportion to the links and routes there are, and to no rule. The host's side may name damages of a VPC.
  virtual absl::StatusOr<std::vector<Damage>> InspectPart(const FabricPart& part) = 0;
  // All parts.
  absl::StatusOr<std::vector<Damage>> Inspect() {
    std::vector<Damage> damages;
    for (const FabricPart& part : Parts()) {
      ASSIGN_OR_RETURN(std::vector<Damage> found, InspectPart(part));
      std::move(found.begin(), found.end(), std::back_inserter(damages));
    }
    return damages;
  }
  // From now on `listener` hears of changes within moments, this process's own too; what no kernel announces is left to
  // Inspect. Null = nobody does any more, when this has returned.
  virtual void ListenForChanges(ChangeListener listener) = 0;
  // Makes again what all VPCs share on the host. OK when there is no VPC.
  virtual absl::Status SyncHost() = 0;

  // Replaces the chains and the member set of one group; work in proportion to this group.
  virtual absl::Status ApplyGroup(const GroupSpec& spec) = 0;
  // Replaces the members of a group and leaves its rules alone; work in proportion to its members, however many rules
  // it has. NotFound where the VPC's namespace has no such group.
  virtual absl::Status ApplyMembers(const GroupMembers& members) = 0;
  virtual absl::Status RemoveGroup(const VpcId& vpc, const SecurityGroupId& group) = 0;
  // Changes the ranges that the VPC's rules about this list stand for; work in proportion to what changes. OK when no
  // rule there names it.
  virtual absl::Status ApplyPrefixList(const VpcId& vpc, const PrefixListSpec& spec) = 0;

  // Those of the VPC's ports that are plugged. NotFound while it is not on the host, FailedPrecondition before SyncVpc.
  virtual absl::StatusOr<std::vector<PublicName>> PublicNames(const VpcId& id) = 0;
  // Replaces the names of peers' ports that the VPC's resolver knows beside those of its own. None after a start.
  virtual absl::Status SetPeerNames(const VpcId& id, const std::vector<PublicName>& names) = 0;

  // Makes the persistent tap TapName(eni.id) in the host's namespace, for the hypervisor to open. OK when it is already
  // there or in the VPC's namespace.
  virtual absl::Status PreparePort(const PortSpec& spec) = 0;
  // Moves the tap into the VPC's namespace (its guest is made and still paused) and lets its packets through: route,
  // anti-spoofing, groups, DHCP and DNS entries, public address. Also applies changes to a port that is in.
  virtual absl::Status PlugPort(const PortSpec& spec) = 0;
  // Takes rules, routes, names and the tap away wherever they are.
  virtual absl::Status UnplugPort(const NetworkInterface& eni) = 0;

  // What the ports of PortSpec::flow_logging sent and got since the last call, each once; also those that are there no
  // more. Nothing for a VPC without flow logs. Errors: NotFound, FailedPrecondition before its first SyncVpc.
  virtual absl::StatusOr<std::vector<PortFlows>> TakeFlows(const VpcId& id) = 0;

  // A TCP socket listening at address:port inside the VPC's namespace; the address is reachable from guests only.
  virtual absl::StatusOr<UniqueFd> Listen(const VpcId& id, Ipv4 address, uint16_t port) = 0;
  virtual absl::StatusOr<UniqueFd> Listen(const VpcId& id, const Ipv6& address, uint16_t port) = 0;
  virtual absl::StatusOr<FabricInventory> List() = 0;
};

}  // namespace brume::network
