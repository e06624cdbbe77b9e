// A VPC's packet rules for IPv6 as nftables text. Pure: reads nothing but its arguments.
//
// Table `ip6 brume` of the namespace, which IPv4 packets never meet, and which is there only where the VPC has IPv6. It
// is replaced as a whole by each change. Table `inet brume` counts IPv6 connections and what is asked of the router,
// and lets the rest pass:
//   prerouting  antispoof   a port's frames, and each fragment, carry its own MAC and address, and
//                           are marked with its subnet's route table
//               neighbours  and put together they are no router's or DHCP server's, and name nobody else's address or
//               MAC
//   forward     internet    what begins outside has a way back by an internet gateway
//               acl_out, acl_in, egress, ingress   as of `inet brume`
//   input       router      neighbour discovery, DHCP, DNS, metadata, ping
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/ec2/network/fabric_ipv6.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/model/network_acl.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

struct Ruleset;

// Of a group; part of GroupRules.
struct Ipv6GroupRules {
  std::vector<std::string> ingress, egress;  // the text of each rule
  std::set<SecurityGroupId> peers;           // groups those rules name
  std::set<PrefixListId> prefix_lists;       // lists those rules name
  std::set<Ipv6> members;
  std::vector<SecurityGroupRule> rules = {};  // what the texts were made of
  friend bool operator==(const Ipv6GroupRules&, const Ipv6GroupRules&) = default;
};
// Rules that are not about IPv6 are left out.
Ipv6GroupRules Ipv6GroupRulesOf(const std::vector<SecurityGroupRule>& rules, const std::vector<Ipv6>& members);

// A subnet whose network ACL does not allow all of IPv6.
struct Ipv6SubnetRules {
  CidrIpv6 cidr;
  std::vector<std::string> ingress, egress;
  friend bool operator==(const Ipv6SubnetRules&, const Ipv6SubnetRules&) = default;
};
Ipv6SubnetRules Ipv6SubnetRulesOf(const CidrIpv6& cidr, const std::vector<NetworkAclEntry>& entries);

// First and last address of each range; apart from each other.
using Ipv6Intervals = std::set<std::pair<Ipv6, Ipv6>>;
Ipv6Intervals Ipv6IntervalsOf(std::vector<CidrIpv6> ranges);
// Whence packets that lead to an internet gateway by these routes go, and so may come in.
Ipv6Intervals ReachableByGateway(const std::vector<Ipv6RouteSpec>& routes);

// What a VPC's rules for IPv6 need beside its ports and groups; part of Ruleset.
struct Ipv6Rules {
  bool on = false;
  bool resolver = false;  // the router answers DNS
  std::vector<CidrIpv6> ranges;
  std::map<int, Ipv6Intervals> internet;  // by the number of the route table
  std::map<SubnetId, Ipv6SubnetRules> subnets;
  std::map<std::string, std::vector<CidrIpv6>> peerings;  // by link
  std::map<PrefixListId, Ipv6Intervals> prefix_lists;
  friend bool operator==(const Ipv6Rules&, const Ipv6Rules&) = default;
};

// For table `inet brume`: IPv6 that its rules have no objection to is left to table `ip6 brume`.
std::string PassIpv6Text();
// The table, replaced as a whole in one transaction. Where the VPC has no IPv6: without it.
std::string WholeIpv6Ruleset(const Ruleset& rules);

}  // namespace brume::network
