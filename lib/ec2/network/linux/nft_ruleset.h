// A VPC's packet rules as nftables text. Pure: reads nothing but its arguments.
//
// Table `inet brume` of the namespace; every packet between a guest and anything else is forwarded or local:
//   prerouting  antispoof   a port's frames, and each fragment, carry its own MAC and address, or are a DHCP request;
//                           they are marked with the number of its subnet's route table
//               nat_in      public address -> private address; where there are such addresses or a NAT gateway
//   forward     acl_out     the network ACL of the subnet that a packet leaves
//               egress      which traffic may leave its port: the port's groups' out-… chains
//               acl_in      the network ACL of the subnet that it enters
//               ingress     which may enter the port it goes to: the groups' in-… chains
//   input       router      what guests may ask the router itself, and how fast: DHCP, DNS, metadata, ping
//               endpoint_egress, endpoint  a VPC endpoint: the groups of the port that asks, and the endpoint's own
//               dhcp        the client a DHCP message names is the port it came from
//   postrouting nat_out     private -> public, for what leaves by the uplink; a NAT gateway's for what its routes lead
//
// A route through a NAT gateway has the gateway's number as its realm. The connection keeps the number as its mark, by
// which chains nat_in_acl and nat_out_acl ask the network ACL of the gateway's subnet about both directions; they are
// there only where such a subnet has one to be asked.
//
// A peer's packets come by a link of its own, from its ranges alone, and go to a port: none is led on to a third.
// Network ACLs are stateless: their chains ask about each packet that crosses the border of a subnet, also of a
// connection that is tracked. The sender's side is asked first, acl_out and egress, then a NAT gateway's subnet, then
// the receiver's, acl_in and ingress: flow_rules.h counts between them. Base chains of one hook, so that a packet must
// be accepted by all, its sender's groups and its receiver's; and so that the kernel's check of all paths through the
// chains is a sum over the ports and not a product. Table `arp brume` holds ARP to the same addresses.
//
// A prefix list that rules name is a set of intervals, pl-…: a change of the list is one of that set.
//
// IPv6 packets pass these chains too, and are judged by table `ip6 brume`: nft_ipv6_rules.h.
//
// All that is particular to a port is an element of a set or a map: a change costs the same with ten ports and with ten
// thousand. A port of one group jumps right into it; one of several has two chains of its own.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/ec2/network/linux/address_set.h"
#include "lib/ec2/network/linux/nft_endpoint_rules.h"
#include "lib/ec2/network/linux/nft_ipv6_rules.h"
#include "lib/ec2/network/linux/nft_port_rules.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/network_acl.h"

namespace brume::network {

// Where the chains of flow_rules.h stand among those that are asked about a forwarded packet.
inline constexpr int kFlowBeginPriority = -12, kFlowSentPriority = -9, kFlowReceivedPriority = 1;

// A group as the rules see it. A group that ports or rules name before it is known is an empty one: it lets nothing
// through and has no member.
struct GroupRules {
  std::vector<std::string> ingress, egress;  // the text of each rule
  std::set<SecurityGroupId> peers;           // groups those rules name
  AddressSet members;
  std::set<PrefixListId> prefix_lists = {};  // lists those rules name
  Ipv6GroupRules ipv6 = {};
  std::vector<SecurityGroupRule> rules = {};  // what the texts were made of
  friend bool operator==(const GroupRules&, const GroupRules&) = default;
};
GroupRules GroupRulesOf(const std::vector<SecurityGroupRule>& rules, const std::vector<Ipv4>& members);

// The ranges of a prefix list, first and last address each: apart from each other, as a set of intervals needs them,
// whatever overlaps or touches in the list.
using Intervals = std::set<std::pair<Ipv4, Ipv4>>;
Intervals IntervalsOf(std::vector<Cidr> ranges);

// One rule's text, e.g. "ip saddr 10.0.0.0/8 tcp dport 22 accept".
std::string RuleText(const SecurityGroupRule& rule);

// Connections that one port may have begun at a time, where nothing else is said. The kernel walks through a port's to
// count them: many more would make it slow for a guest that has them all.
inline constexpr int kMaxConnections = 8192;

// A subnet whose network ACL does not allow everything.
struct SubnetRules {
  Cidr cidr;
  std::vector<std::string> ingress, egress;  // the text of each rule
  bool ipv6 = false;                         // the VPC has IPv6, which table `ip6 brume` asks about
  friend bool operator==(const SubnetRules&, const SubnetRules&) = default;
};
SubnetRules SubnetRulesOf(const Cidr& cidr, const std::vector<NetworkAclEntry>& entries);

// A NAT gateway as the rules see it.
struct NatRules {
  int number = 0;
  std::vector<Ipv4> private_ips;  // one at least
  std::vector<Ipv4> public_ips;
  SubnetId filtered_subnet = {};  // as of PortRules
  friend bool operator==(const NatRules&, const NatRules&) = default;
};

// The link to a peer and where its packets may come from.
struct PeeringRules {
  std::string link;
  std::vector<Cidr> ranges;
  friend bool operator==(const PeeringRules&, const PeeringRules&) = default;
};

struct Ruleset {
  int max_connections = kMaxConnections;
  std::set<Ipv4> resolvers;  // addresses of the router that answer DNS
  std::map<SecurityGroupId, GroupRules> groups;
  std::map<std::string, PortRules> ports;  // by tap
  std::map<SubnetId, SubnetRules> subnets = {};
  std::vector<NatRules> nats = {};
  std::vector<EndpointRules> endpoints = {};
  std::vector<PeeringRules> peerings = {};
  std::map<PrefixListId, Intervals> prefix_lists = {};  // those that rules of `groups` name
  // The chains stand that translate addresses. They stay where they were once, as connections may need them.
  bool translates = false;
  Ipv6Rules ipv6 = {};
  friend bool operator==(const Ruleset&, const Ruleset&) = default;
};

// Replaces all there is, in one transaction.
std::string WholeRuleset(const Ruleset& rules);

bool HasPublicAddress(const PortRules& port);
// The chains that translate, where Ruleset::translates is about to become true.
std::string NatChainsText();

// One transaction that turns what stands for `before` into `after`; a null one means that there is none. Empty when
// nothing changes. Groups that `after` names exist or are made empty.
std::string ChangePort(const PortRules* before, const PortRules* after);
std::string ChangeGroup(const SecurityGroupId& id, const GroupRules* before, const GroupRules& after);
std::string ChangePrefixList(const PrefixListId& id, const Intervals* before, const Intervals& after);
// No rule names it any more.
std::string RemovePrefixListText(const PrefixListId& id);
std::string AddMember(const SecurityGroupId& id, Ipv4 member);
std::string RemoveMember(const SecurityGroupId& id, Ipv4 member);
// `rules`: what stands. `named_by_rules`: rules of other groups name it, so its (then empty) member set has to stay.
std::string RemoveGroupText(const SecurityGroupId& id, const GroupRules& rules, bool named_by_rules);

}  // namespace brume::network
