// Who reaches whom: the way of a packet through the specifications of VPCs, in words, without sending one. Pure.
//
// It says what the packet rules and routes of the fabric do with a packet that begins a connection, and with the answer
// to it, and names the first thing that stops either. What a guest itself does with a packet is not known here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/model/network_insights.h"

namespace brume::network {

// A packet that begins a connection.
template <typename Address>
struct BasicPathProbe {
  VpcId vpc;  // of the sender; empty = it comes from outside
  Address source;
  Address destination;
  int protocol = 6;  // IANA's number; ICMP, or ICMPv6 of IPv6 = an echo request
  int port = -1;     // of the destination; TCP and UDP have one
  int source_port = 49152;
  // The packet is any one of all to these ports: what is not about all of them does not let it through. -1 = to `port`.
  int last_port = -1;
  int last_source_port = -1;  // the same of `source_port`
  // As it is to reach its receiver; unset = in any way.
  std::optional<Address> arriving_source = {}, arriving_destination = {};
};
using PathProbe = BasicPathProbe<Ipv4>;
using Ipv6PathProbe = BasicPathProbe<Ipv6>;

struct PathExplanation {
  bool arrives = false;       // and is answered
  std::vector<PathHop> hops;  // in order; the last one stops it unless it arrives
};

PathExplanation ExplainPath(absl::Span<const VpcSpec> vpcs, const PathProbe& probe);
PathExplanation ExplainPath(absl::Span<const VpcSpec> vpcs, const Ipv6PathProbe& probe);

}  // namespace brume::network
