// The specification of a VPC's IPv6 for the host. Part of fabric.h, in a file of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/resource/ids.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

// An IPv6 route as the host carries it. The VPC's own ranges are in every table and are left out.
struct Ipv6RouteSpec {
  // kEgress: as kGateway for what is begun inside, and for nothing else.
  enum class Way { kNowhere, kGateway, kEgress, kPort, kPeer };
  CidrIpv6 destination;
  Way way = Way::kNowhere;              // what kNowhere leads to is dropped, and so is what no route leads to
  std::string tap = {};                 // kPort: the port that routes for others
  Ipv6 address = {};                    // and its link-local address
  VpcPeeringConnectionId peering = {};  // kPeer
  friend bool operator==(const Ipv6RouteSpec&, const Ipv6RouteSpec&) = default;
};

// Nothing of it is there for a VPC without ranges, and its namespace has no IPv6 at all then.
struct Ipv6Spec {
  std::vector<CidrIpv6> ranges;  // of the VPC
  CidrIpv6 pool;                 // that all VPCs' ranges come from; the host's own address is its second
  // By the number of their table, whose subnets RouteTableSpec knows.
  std::map<int, std::vector<Ipv6RouteSpec>> routes;
  // Something leads out: the VPC is reached from the host, as far as its tables have a route by an internet gateway.
  bool has_way_out = false;
  std::map<VpcPeeringConnectionId, std::vector<CidrIpv6>> peers;  // ranges of the other VPC

  bool on() const { return !ranges.empty(); }
};

}  // namespace brume::network
