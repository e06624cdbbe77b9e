// Asks one guest for its MAC address, to see that it is alive on the network.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/unique_fd.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

struct LinkQuestion {
  int link = 0;                    // the tap's index
  uint16_t protocol = 0;           // ETH_P_…
  std::array<uint8_t, 6> to = {};  // the MAC that it goes to
  std::string packet;              // behind the Ethernet header
  std::function<bool(absl::string_view packet)> is_answer;
};

// By ARP. `link_mac`: of the tap's host side; `sender`: the gateway's address.
LinkQuestion ArpQuestion(int link, absl::string_view link_mac, Ipv4 sender, Ipv4 target);
// A neighbour's solicitation (RFC 4861, 4.3), from the link-local address of `link_mac`.
LinkQuestion NeighbourQuestion(int link, absl::string_view link_mac, const Ipv6& target);

// A socket on the tap, in the namespace of the calling thread.
absl::StatusOr<UniqueFd> OpenProbeSocket(const LinkQuestion& question);
// Asks on it, again every so often, until the guest answers or `timeout` is over. May run on any thread.
absl::StatusOr<bool> Ask(const UniqueFd& socket, const LinkQuestion& question, absl::Duration timeout);

}  // namespace brume::network
