// The addresses of a VPC's router, and what guests of the VPC are answered there. Part of the port, beside fabric.h;
// pure.
//
// The addresses of VPC endpoints are the router's too; they have groups, and are not among these.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/ec2/network/fabric.h"

namespace brume::network {

// Where DNS is answered: the VPC's base + 2, 169.254.169.253 and each gateway. None where the VPC has no DNS support.
std::set<Ipv4> ResolverAddresses(const VpcSpec& spec);

// Those that are not the gateway of a subnet: of names, metadata and NAT gateways.
std::vector<Ipv4> FurtherRouterAddresses(const VpcSpec& spec);
// The same of IPv6, without the link-local one.
std::vector<Ipv6> FurtherRouterIpv6Addresses();

// What becomes of a packet that begins a connection. Neither groups nor network ACLs are asked about it.
struct RouterAnswer {
  bool answers = false;
  std::string words;  // "the VPC's resolver answers"
};
// Unset where the address is not one of the router's. `protocol`: IANA's number; ICMP and ICMPv6 stand for an echo
// request. `port`: -1 = any.
std::optional<RouterAnswer> AnswerOfRouter(const VpcSpec& spec, Ipv4 address, int protocol, int port);
std::optional<RouterAnswer> AnswerOfRouter(const VpcSpec& spec, const Ipv6& address, int protocol, int port);

}  // namespace brume::network
