// A port as a VPC's packet rules (nft_ruleset.h) see it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/ec2/network/model/network.h"

namespace brume::network {

// An address of a port, and the public one that leads to it.
struct PortAddress {
  Ipv4 private_ip;
  std::optional<Ipv4> public_ip;
  friend bool operator==(const PortAddress&, const PortAddress&) = default;
};

// A port as the rules see it.
struct PortRules {
  std::string tap;
  std::string mac;
  int link = 0;                    // the tap's number in the VPC's namespace, which no other link there gets
  std::optional<Ipv4> private_ip;  // its first, which DHCP gives it; unset: no IPv4 packet or ARP passes
  std::optional<Ipv4> public_ip;
  bool source_dest_check = true;
  std::vector<SecurityGroupId> groups;  // sorted, each once
  int route_table = 1;                  // its number
  SubnetId filtered_subnet = {};        // its subnet, where that has a network ACL of `subnets`; else empty
  std::vector<PortAddress> secondary = {};
  ConnectionTracking tracking = {};  // which ct_timeouts.h writes
  // For flow_rules.h: whether its flows are counted, those that are rejected too; and whose they are.
  bool log_flows = false, log_rejected = false;
  EniId eni = {};
  SubnetId subnet = {};
  int64_t bandwidth_mbit = 0;  // a second, each way, held by qdiscs; 0 = no limit
  std::vector<Ipv6> ipv6 = {};

  bool ipv6_native() const { return !private_ip.has_value(); }
  // Of IPv4, the first at the front.
  std::vector<PortAddress> addresses() const;
  bool has(Ipv4 private_address) const;
  bool has_public(Ipv4 public_address) const;
  // Nothing leads to the port by this one any more.
  void remove_public(Ipv4 public_address);
  friend bool operator==(const PortRules&, const PortRules&) = default;
};
PortRules PortRulesOf(const NetworkInterface& eni, int route_table);

}  // namespace brume::network
