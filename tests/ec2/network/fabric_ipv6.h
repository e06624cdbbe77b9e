// IPv6 for guests of the tests: sockets, a DHCPv6 client and frames that a guest could make up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/resource/ipv6.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {

inline Ipv6 Address6(const char* text) { return Ipv6::Parse(text).value(); }
inline CidrIpv6 Range6(const char* text) { return CidrIpv6::Parse(text).value(); }
inline constexpr int kIcmpv6Protocol = 58;

inline SecurityGroupRule Allow6(bool egress, int protocol, int from, int to, const char* cidr) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.protocol = protocol;
  rule.from_port = from;
  rule.to_port = to;
  rule.cidr_ipv6 = Range6(cidr);
  return rule;
}

// Takes the port's IPv6 addresses by hand, and the way that a router advertisement would give it.
void ConfigureIpv6(Guest& guest, const NetworkInterface& eni);

// In the namespace of the calling thread.
UniqueFd ServeTcp6(uint16_t port);
UniqueFd ServeUdp6(uint16_t port);
UniqueFd ConnectTcp6(const Ipv6& to, uint16_t port, absl::Duration timeout);
bool SendDatagram6(const UniqueFd& socket, const Ipv6& to, uint16_t port, const std::string& payload);
Ipv6 PeerOf6(const UniqueFd& connection);

// What a DHCPv6 server gave out.
struct Dhcpv6Answer {
  uint8_t type = 0;
  std::optional<Ipv6> address, name_server;
  uint32_t preferred_seconds = 0;  // of the address
};
// Asks on eth0 of the calling thread's namespace as a client whose identifier is the MAC; none without an answer in
// time.
std::optional<Dhcpv6Answer> AskByDhcpv6(uint8_t type, const std::string& mac, absl::Duration timeout);

struct Frame6Addresses {
  std::string source_mac, target_mac;
  Ipv6 source, target;
};
// An IPv6 packet; `next` is the protocol of the payload, whose ICMPv6 or UDP checksum is at `checksum_at`.
Frame Ipv6Frame(const Frame6Addresses& addresses, uint8_t next, std::string payload, size_t checksum_at);
Frame UdpFrame6(const Frame6Addresses& addresses, uint16_t source_port, uint16_t target_port,
                const std::string& payload);
Frame PingFrame6(const Frame6Addresses& addresses, const std::string& payload);
// The same as two fragments; `head` octets of what follows the IPv6 header are in the first (8 n).
std::vector<Frame> Fragments6(const Frame& whole, uint32_t id, size_t head);
// A neighbour's advertisement for `target`, with `link_layer` as the address of its card.
std::string NeighbourAdvertisement(const Ipv6& target, const std::string& link_layer);
// A router's, with a lifetime that makes it a default one.
std::string RouterAdvertisement();
std::string AddressOctets(const Ipv6& address);

}  // namespace brume::network
