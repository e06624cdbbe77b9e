#include "lib/ec2/network/linux/link_probe.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

constexpr absl::Duration kAskAgain = absl::Milliseconds(250);
constexpr size_t kMaxPacket = 1500;

sockaddr_ll LinkAddressOf(const LinkQuestion& question) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(question.protocol);
  address.sll_ifindex = question.link;
  address.sll_halen = ETH_ALEN;
  std::copy(question.to.begin(), question.to.end(), address.sll_addr);
  return address;
}

ether_addr MacOf(absl::string_view text) {
  ether_addr mac = {};
  ether_aton_r(std::string(text).c_str(), &mac);
  return mac;
}

template <typename T>
absl::string_view OctetsOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

bool IsArpAnswer(absl::string_view octets, Ipv4 target) {
  ether_arp packet;
  if (octets.size() < sizeof(packet)) return false;
  memcpy(&packet, octets.data(), sizeof(packet));
  const uint32_t wanted = htonl(target.value);
  return packet.ea_hdr.ar_op == htons(ARPOP_REPLY) && memcmp(packet.arp_spa, &wanted, sizeof(wanted)) == 0;
}

// The neighbour's message, and the option with the sender's MAC.
struct Solicitation {
  nd_neighbor_solicit message;
  nd_opt_hdr option;
  ether_addr source;
};

// RFC 4443, 2.3: over the addresses, the length, the protocol and the message.
uint16_t Icmpv6Checksum(const ip6_hdr& header, absl::string_view message) {
  const uint32_t length = htonl(static_cast<uint32_t>(message.size())), next = htonl(IPPROTO_ICMPV6);
  const std::string summed =
      absl::StrCat(OctetsOf(header.ip6_src), OctetsOf(header.ip6_dst), OctetsOf(length), OctetsOf(next), message);
  uint32_t sum = 0;
  for (size_t at = 0; at + 1 < summed.size(); at += sizeof(uint16_t)) {
    uint16_t word = 0;
    memcpy(&word, summed.data() + at, sizeof(word));
    sum += word;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

bool IsNeighbourAnswer(absl::string_view octets, const Ipv6& target) {
  ip6_hdr header;
  nd_neighbor_advert advert;
  if (octets.size() < sizeof(header) + sizeof(advert)) return false;
  memcpy(&header, octets.data(), sizeof(header));
  memcpy(&advert, octets.data() + sizeof(header), sizeof(advert));
  return header.ip6_nxt == IPPROTO_ICMPV6 && advert.nd_na_type == ND_NEIGHBOR_ADVERT &&
         std::equal(target.bytes.begin(), target.bytes.end(), advert.nd_na_target.s6_addr);
}

}  // namespace

LinkQuestion ArpQuestion(int link, absl::string_view link_mac, Ipv4 sender, Ipv4 target) {
  ether_arp packet = {};
  packet.ea_hdr.ar_hrd = htons(ARPHRD_ETHER);
  packet.ea_hdr.ar_pro = htons(ETH_P_IP);
  packet.ea_hdr.ar_hln = ETH_ALEN;
  packet.ea_hdr.ar_pln = sizeof(packet.arp_spa);
  packet.ea_hdr.ar_op = htons(ARPOP_REQUEST);
  const uint32_t from = htonl(sender.value), wanted = htonl(target.value);
  memcpy(packet.arp_spa, &from, sizeof(from));
  memcpy(packet.arp_tpa, &wanted, sizeof(wanted));
  const ether_addr mac = MacOf(link_mac);
  memcpy(packet.arp_sha, mac.ether_addr_octet, ETH_ALEN);
  return {.link = link,
          .protocol = ETH_P_ARP,
          .to = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
          .packet = std::string(OctetsOf(packet)),
          .is_answer = [target](absl::string_view octets) { return IsArpAnswer(octets, target); }};
}

LinkQuestion NeighbourQuestion(int link, absl::string_view link_mac, const Ipv6& target) {
  // The multicast address of the target's last three octets (RFC 4291, 2.7.1), and its MAC (RFC 2464, 7).
  const uint8_t a = target.bytes[13], b = target.bytes[14], c = target.bytes[15];
  const std::array<uint8_t, 16> everyone = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c};
  ip6_hdr header = {};
  header.ip6_vfc = 0x60;
  header.ip6_plen = htons(sizeof(Solicitation));
  header.ip6_nxt = IPPROTO_ICMPV6;
  header.ip6_hlim = 255;
  const Ipv6 sender = LinkLocalFor(link_mac);
  std::copy(sender.bytes.begin(), sender.bytes.end(), header.ip6_src.s6_addr);
  std::copy(everyone.begin(), everyone.end(), header.ip6_dst.s6_addr);
  Solicitation packet = {};
  packet.message.nd_ns_type = ND_NEIGHBOR_SOLICIT;
  std::copy(target.bytes.begin(), target.bytes.end(), packet.message.nd_ns_target.s6_addr);
  packet.option = {.nd_opt_type = ND_OPT_SOURCE_LINKADDR, .nd_opt_len = 1};
  packet.source = MacOf(link_mac);
  packet.message.nd_ns_cksum = Icmpv6Checksum(header, OctetsOf(packet));
  return {.link = link,
          .protocol = ETH_P_IPV6,
          .to = {0x33, 0x33, 0xff, a, b, c},
          .packet = absl::StrCat(OctetsOf(header), OctetsOf(packet)),
          .is_answer = [target](absl::string_view octets) { return IsNeighbourAnswer(octets, target); }};
}

absl::StatusOr<UniqueFd> OpenProbeSocket(const LinkQuestion& question) {
  UniqueFd socket_fd(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_ll address = LinkAddressOf(question);
  if (!socket_fd || bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno, "cannot open a packet socket");
  }
  return socket_fd;
}

absl::StatusOr<bool> Ask(const UniqueFd& socket, const LinkQuestion& question, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const sockaddr_ll to = LinkAddressOf(question);
  absl::Time ask_at = absl::InfinitePast();
  while (true) {
    const absl::Time now = absl::Now();
    if (now >= ask_at) {
      if (sendto(socket.get(), question.packet.data(), question.packet.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0) {
        // A guest that is off, or has not opened its card yet, is no answer and no fault of ours.
        if (errno == ENETDOWN || errno == ENXIO || errno == ENOBUFS) return false;
        return absl::ErrnoToStatus(errno, "cannot ask a guest for its MAC");
      }
      ask_at = now + kAskAgain;
    }
    const int64_t wait = absl::ToInt64Milliseconds(std::min(deadline, ask_at) - now) + 1;
    pollfd event = {socket.get(), POLLIN, 0};
    if (poll(&event, 1, static_cast<int>(wait)) < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
    char packet[kMaxPacket];
    for (ssize_t size; (size = recv(socket.get(), packet, sizeof(packet), 0)) >= 0;) {
      if (question.is_answer({packet, static_cast<size_t>(size)})) return true;
    }
    if (absl::Now() >= deadline) return false;
  }
}

}  // namespace brume::network
