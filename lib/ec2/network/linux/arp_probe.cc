#include "lib/ec2/network/linux/arp_probe.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <netinet/if_ether.h>
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

sockaddr_ll LinkAddressOf(int link) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ARP);
  address.sll_ifindex = link;
  address.sll_halen = ETH_ALEN;
  memset(address.sll_addr, 0xff, ETH_ALEN);
  return address;
}

ether_arp Request(const ArpQuestion& question) {
  ether_arp packet = {};
  packet.ea_hdr.ar_hrd = htons(ARPHRD_ETHER);
  packet.ea_hdr.ar_pro = htons(ETH_P_IP);
  packet.ea_hdr.ar_hln = ETH_ALEN;
  packet.ea_hdr.ar_pln = sizeof(packet.arp_spa);
  packet.ea_hdr.ar_op = htons(ARPOP_REQUEST);
  const uint32_t sender = htonl(question.sender.value), target = htonl(question.target.value);
  memcpy(packet.arp_spa, &sender, sizeof(sender));
  memcpy(packet.arp_tpa, &target, sizeof(target));
  ether_addr mac = {};
  ether_aton_r(question.link_mac.c_str(), &mac);
  memcpy(packet.arp_sha, mac.ether_addr_octet, ETH_ALEN);
  return packet;
}

bool IsAnswer(const ether_arp& packet, const ArpQuestion& question) {
  const uint32_t wanted = htonl(question.target.value);
  return packet.ea_hdr.ar_op == htons(ARPOP_REPLY) && memcmp(packet.arp_spa, &wanted, sizeof(wanted)) == 0;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenArpSocket(const ArpQuestion& question) {
  UniqueFd socket_fd(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_ll address = LinkAddressOf(question.link);
  if (!socket_fd || bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno, "cannot open a packet socket");
  }
  return socket_fd;
}

absl::StatusOr<bool> AskByArp(const UniqueFd& socket, const ArpQuestion& question, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const sockaddr_ll everyone = LinkAddressOf(question.link);
  const ether_arp request = Request(question);
  absl::Time ask_at = absl::InfinitePast();
  while (true) {
    const absl::Time now = absl::Now();
    if (now >= ask_at) {
      if (sendto(socket.get(), &request, sizeof(request), 0, reinterpret_cast<const sockaddr*>(&everyone),
                 sizeof(everyone)) < 0) {
        // A guest that is off, or has not opened its card yet, is no answer and no fault of ours.
        if (errno == ENETDOWN || errno == ENXIO || errno == ENOBUFS) return false;
        return absl::ErrnoToStatus(errno, "cannot send an ARP request");
      }
      ask_at = now + kAskAgain;
    }
    const int64_t wait = absl::ToInt64Milliseconds(std::min(deadline, ask_at) - now) + 1;
    pollfd event = {socket.get(), POLLIN, 0};
    if (poll(&event, 1, static_cast<int>(wait)) < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
    ether_arp packet;
    while (recv(socket.get(), &packet, sizeof(packet), 0) >= static_cast<ssize_t>(sizeof(packet))) {
      if (IsAnswer(packet, question)) return true;
    }
    if (absl::Now() >= deadline) return false;
  }
}

}  // namespace brume::network
