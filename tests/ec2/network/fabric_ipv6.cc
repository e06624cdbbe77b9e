#include "tests/ec2/network/fabric_ipv6.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"

namespace brume::network {
namespace {

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string MacBytes(const std::string& text) {
  ether_addr mac = {};
  ether_aton_r(text.c_str(), &mac);
  return Bytes(mac);
}

sockaddr_in6 Where(const Ipv6& address, uint16_t port) {
  sockaddr_in6 where = {};
  where.sin6_family = AF_INET6;
  where.sin6_port = htons(port);
  std::copy(address.bytes.begin(), address.bytes.end(), where.sin6_addr.s6_addr);
  return where;
}

// RFC 1071.
uint16_t Checksum(const std::string& octets) {
  uint32_t sum = 0;
  std::vector<uint16_t> words((octets.size() + 1) / 2);
  memcpy(words.data(), octets.data(), octets.size());
  for (const uint16_t word : words) sum += word;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

std::string Option(uint16_t code, const std::string& value) {
  return Bytes(htons(code)) + Bytes(htons(static_cast<uint16_t>(value.size()))) + value;
}

uint16_t Number(const std::string& text, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(text[at]) << 8 | static_cast<uint8_t>(text[at + 1]));
}

std::optional<Ipv6> AddressAt(const std::string& text, size_t at) {
  Ipv6 address;
  if (text.size() < at + address.bytes.size()) return std::nullopt;
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), address.bytes.size(), address.bytes.begin());
  return address;
}

// RFC 8415: options begin behind type and transaction.
Dhcpv6Answer Parse(const std::string& message) {
  constexpr uint16_t kIaNa = 3, kIaAddress = 5, kNameServers = 23;
  Dhcpv6Answer answer;
  answer.type = static_cast<uint8_t>(message[0]);
  for (size_t at = 4; at + 4 <= message.size(); at += 4 + Number(message, at + 2)) {
    const std::string value = message.substr(at + 4, Number(message, at + 2));
    if (Number(message, at) == kNameServers) answer.name_server = AddressAt(value, 0);
    if (Number(message, at) != kIaNa) continue;
    // IAID, T1 and T2, then options of its own: the address and its preferred lifetime.
    if (value.size() < 36 || Number(value, 12) != kIaAddress) continue;
    answer.address = AddressAt(value, 16);
    answer.preferred_seconds = static_cast<uint32_t>(Number(value, 32)) << 16 | Number(value, 34);
  }
  return answer;
}

}  // namespace

void ConfigureIpv6(Guest& guest, const NetworkInterface& eni) {
  for (const Ipv6& address : eni.ipv6) {
    REQUIRE(guest.Run({"ip", "-6", "address", "add", address.text() + "/128", "dev", "eth0", "nodad"}).exit_code == 0);
  }
  const auto has_link_local = [&](std::vector<std::string> of) {
    std::vector<std::string> argv = {"ip", "-6", "-o", "address", "show"};
    argv.insert(argv.end(), of.begin(), of.end());
    return absl::StrContains(guest.Run(argv).standard_output, "fe80");
  };
  REQUIRE(Eventually([&] { return has_link_local({"scope", "link"}) && !has_link_local({"tentative"}); }));
  // An advertisement may have come before.
  const std::string router = LinkLocalFor("02:b0:00:00:00:01").text();
  REQUIRE(guest.Run({"ip", "-6", "route", "replace", "default", "via", router, "dev", "eth0"}).exit_code == 0);
}

std::string AddressOctets(const Ipv6& address) { return Bytes(address.bytes); }

UniqueFd ServeTcp6(uint16_t port) {
  UniqueFd server(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(server.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  sockaddr_in6 where = Where({}, port);
  const bool good =
      bind(server.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 0 && listen(server.get(), 16) == 0;
  return good ? std::move(server) : UniqueFd();
}

UniqueFd ServeUdp6(uint16_t port) {
  UniqueFd server(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(server.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  sockaddr_in6 where = Where({}, port);
  return bind(server.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 0 ? std::move(server) : UniqueFd();
}

UniqueFd ConnectTcp6(const Ipv6& to, uint16_t port, absl::Duration timeout) {
  UniqueFd client(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in6 where = Where(to, port);
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0 && errno != EINPROGRESS) {
    return UniqueFd();
  }
  pollfd event = {client.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof(error);
  if (poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0 ||
      getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    return UniqueFd();
  }
  return client;
}

bool SendDatagram6(const UniqueFd& socket, const Ipv6& to, uint16_t port, const std::string& payload) {
  sockaddr_in6 where = Where(to, port);
  return sendto(socket.get(), payload.data(), payload.size(), 0, reinterpret_cast<sockaddr*>(&where), sizeof(where)) ==
         static_cast<ssize_t>(payload.size());
}

Ipv6 PeerOf6(const UniqueFd& connection) {
  sockaddr_in6 peer = {};
  socklen_t size = sizeof(peer);
  getpeername(connection.get(), reinterpret_cast<sockaddr*>(&peer), &size);
  Ipv6 address;
  std::copy_n(peer.sin6_addr.s6_addr, address.bytes.size(), address.bytes.begin());
  return address;
}

std::optional<Dhcpv6Answer> AskByDhcpv6(uint8_t type, const std::string& mac, absl::Duration timeout) {
  constexpr uint16_t kClientPort = 546, kServerPort = 547;
  UniqueFd client(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(client.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in6 own = Where({}, kClientPort), servers = Where(Ipv6::Parse("ff02::1:2").value(), kServerPort);
  servers.sin6_scope_id = if_nametoindex("eth0");
  if (bind(client.get(), reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0) return std::nullopt;
  // A DUID-LL, an IA_NA, no time since the start, and the wish for name servers.
  const std::string message = std::string(1, static_cast<char>(type)) + "abc" +
                              Option(1, std::string("\0\3\0\1", 4) + MacBytes(mac)) +
                              Option(3, std::string("\0\0\0\1", 4) + std::string(8, '\0')) +
                              Option(8, std::string(2, '\0')) + Option(6, std::string("\0\x17", 2));
  if (sendto(client.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&servers), sizeof(servers)) !=
      static_cast<ssize_t>(message.size())) {
    return std::nullopt;
  }
  const std::optional<std::string> answer = ReceiveDatagram(client, timeout);
  if (!answer.has_value() || answer->size() < 4) return std::nullopt;
  return Parse(*answer);
}

Frame Ipv6Frame(const Frame6Addresses& addresses, uint8_t next, std::string payload, size_t checksum_at) {
  ip6_hdr ip = {};
  ip.ip6_vfc = 0x60;
  ip.ip6_plen = htons(static_cast<uint16_t>(payload.size()));
  ip.ip6_nxt = next;
  ip.ip6_hlim = 255;
  std::copy(addresses.source.bytes.begin(), addresses.source.bytes.end(), ip.ip6_src.s6_addr);
  std::copy(addresses.target.bytes.begin(), addresses.target.bytes.end(), ip.ip6_dst.s6_addr);
  const std::string pseudo = AddressOctets(addresses.source) + AddressOctets(addresses.target) +
                             Bytes(htonl(static_cast<uint32_t>(payload.size()))) + std::string(3, '\0') +
                             static_cast<char>(next);
  const std::string sum = Bytes(Checksum(pseudo + payload));
  payload.replace(checksum_at, sum.size(), sum);
  return MacBytes(addresses.target_mac) + MacBytes(addresses.source_mac) + Bytes(htons(ETH_P_IPV6)) + Bytes(ip) +
         payload;
}

Frame UdpFrame6(const Frame6Addresses& addresses, uint16_t source_port, uint16_t target_port,
                const std::string& payload) {
  udphdr udp = {};
  udp.source = htons(source_port);
  udp.dest = htons(target_port);
  udp.len = htons(static_cast<uint16_t>(sizeof(udp) + payload.size()));
  return Ipv6Frame(addresses, IPPROTO_UDP, Bytes(udp) + payload, offsetof(udphdr, check));
}

Frame PingFrame6(const Frame6Addresses& addresses, const std::string& payload) {
  return Ipv6Frame(addresses, IPPROTO_ICMPV6, std::string("\x80\0\0\0\0\1\0\1", 8) + payload, 2);
}

std::vector<Frame> Fragments6(const Frame& whole, uint32_t id, size_t head) {
  const size_t headers = sizeof(ether_header) + sizeof(ip6_hdr);
  ip6_hdr ip;
  memcpy(&ip, whole.data() + sizeof(ether_header), sizeof(ip));
  std::vector<Frame> fragments;
  for (const bool first : {true, false}) {
    const std::string part = first ? whole.substr(headers, head) : whole.substr(headers + head);
    ip6_frag fragment = {};
    fragment.ip6f_nxt = ip.ip6_nxt;
    fragment.ip6f_offlg = first ? IP6F_MORE_FRAG : htons(static_cast<uint16_t>(head));
    fragment.ip6f_ident = htonl(id);
    ip6_hdr outer = ip;
    outer.ip6_nxt = IPPROTO_FRAGMENT;
    outer.ip6_plen = htons(static_cast<uint16_t>(sizeof(fragment) + part.size()));
    fragments.push_back(whole.substr(0, sizeof(ether_header)) + Bytes(outer) + Bytes(fragment) + part);
  }
  return fragments;
}

std::string NeighbourAdvertisement(const Ipv6& target, const std::string& link_layer) {
  // Solicited and overriding.
  return std::string("\x88\0\0\0\x60\0\0\0", 8) + AddressOctets(target) + "\2\1" + MacBytes(link_layer);
}

std::string RouterAdvertisement() {
  // Hop limit 64, no flags, half an hour.
  return std::string("\x86\0\0\0\x40\0\x07\x08", 8) + std::string(8, '\0');
}

}  // namespace brume::network
