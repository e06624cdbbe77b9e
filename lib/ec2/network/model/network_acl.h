// Network ACLs: the stateless filter of subnets.
#pragma once

#include <optional>
#include <vector>

#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

struct NetworkAcl {
  NetworkAclId id;
  VpcId vpc_id;
  bool is_default = false;  // for each subnet that is made
};

// A rule, and behind all rules of a direction one that denies everything, which is no row.
struct NetworkAclEntry {
  NetworkAclId acl_id;
  bool egress = false;
  int number = 0;  // 1 to kLastAclEntry - 1; the lowest that matches decides
  bool allow = false;
  int protocol = -1;  // -1 = all; else an IANA protocol number
  // TCP and UDP: a port range. ICMP: type and code, -1 = all. -1 and -1 where the protocol has none.
  int from_port = -1;
  int to_port = -1;
  Cidr cidr;  // of the packet's other end; without meaning where there is an IPv6 range
  std::optional<CidrIpv6> cidr_ipv6 = {};
};

inline constexpr int kFirstAclEntry = 100;  // of a default ACL: everything is allowed
inline constexpr int kLastAclEntry = 32767;

// Each subnet has one.
struct NetworkAclAssociation {
  NetworkAclAssociationId id;
  NetworkAclId acl_id;
  SubnetId subnet_id;
};

// An ACL whose first rules allow everything both ways: packets of that family need not be asked about it. `entries` by
// number.
inline bool AllowsEverything(const std::vector<NetworkAclEntry>& entries, bool ipv6 = false) {
  for (const bool egress : {false, true}) {
    const NetworkAclEntry* first = nullptr;
    for (const NetworkAclEntry& entry : entries) {
      if (entry.cidr_ipv6.has_value() != ipv6) continue;
      if (entry.egress == egress && (first == nullptr || entry.number < first->number)) first = &entry;
    }
    if (first == nullptr || !first->allow || first->protocol >= 0) return false;
    if ((ipv6 ? first->cidr_ipv6->prefix_length : first->cidr.prefix_length) != 0) return false;
  }
  return true;
}

}  // namespace brume
