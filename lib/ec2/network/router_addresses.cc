#include "lib/ec2/network/router_addresses.h"

#include <algorithm>

#include "lib/ec2/network/model/link_services.h"

namespace brume::network {
namespace {

template <typename Address>
bool Has(const std::vector<Address>& addresses, const Address& wanted) {
  return std::find(addresses.begin(), addresses.end(), wanted) != addresses.end();
}

// Of an address of the router's.
RouterAnswer AnswerAt(bool resolves, bool has_metadata, bool echo, int protocol, int port) {
  constexpr int kTcp = 6, kUdp = 17, kDns = 53, kHttp = 80;
  if (echo) return {true, "the VPC's router answers"};
  if (resolves && port == kDns && (protocol == kTcp || protocol == kUdp)) return {true, "the VPC's resolver answers"};
  if (has_metadata && port == kHttp && protocol == kTcp) return {true, "the metadata service answers"};
  if (resolves) return {false, "is the VPC's resolver, which answers at port 53 alone, and ping"};
  if (has_metadata) return {false, "is the metadata service, which answers at TCP port 80 alone, and ping"};
  return {false, "is the VPC's router, which answers nothing but ping here"};
}

}  // namespace

std::set<Ipv4> ResolverAddresses(const VpcSpec& spec) {
  if (!spec.vpc.attributes.dns_support) return {};
  std::set<Ipv4> addresses = {DnsAddress(spec.vpc.cidr), kLinkLocalResolver};
  for (const Subnet& subnet : spec.subnets) {
    if (!subnet.ipv6_native()) addresses.insert(RouterAddress(*subnet.cidr));
  }
  return addresses;
}

std::vector<Ipv4> FurtherRouterAddresses(const VpcSpec& spec) {
  std::vector<Ipv4> addresses = {DnsAddress(spec.vpc.cidr), kLinkLocalResolver, kMetadataAddress};
  for (const NatSpec& nat : spec.nats) {
    for (const Ipv4 address : PrivateAddressesOf(nat)) addresses.push_back(address);
  }
  return addresses;
}

std::vector<Ipv6> FurtherRouterIpv6Addresses() { return {kResolverIpv6, kMetadataIpv6}; }

std::optional<RouterAnswer> AnswerOfRouter(const VpcSpec& spec, Ipv4 address, int protocol, int port) {
  std::vector<Ipv4> own = FurtherRouterAddresses(spec);
  for (const Subnet& subnet : spec.subnets) {
    if (!subnet.ipv6_native()) own.push_back(RouterAddress(*subnet.cidr));
  }
  if (!Has(own, address)) return std::nullopt;
  constexpr int kIcmp = 1;
  const bool resolves = ResolverAddresses(spec).contains(address);
  return AnswerAt(resolves, address == kMetadataAddress, protocol == kIcmp, protocol, port);
}

std::optional<RouterAnswer> AnswerOfRouter(const VpcSpec& spec, const Ipv6& address, int protocol, int port) {
  std::vector<Ipv6> own = FurtherRouterIpv6Addresses();
  own.push_back(LinkLocalFor(kRouterMac));
  for (const Subnet& subnet : spec.subnets) {
    if (subnet.cidr_ipv6.has_value()) own.push_back(RouterAddress(*subnet.cidr_ipv6));
  }
  if (!Has(own, address)) return std::nullopt;
  constexpr int kIcmpv6 = 58;
  const bool resolves = spec.vpc.attributes.dns_support && address == kResolverIpv6;
  return AnswerAt(resolves, address == kMetadataIpv6, protocol == kIcmpv6, protocol, port);
}

}  // namespace brume::network
