// Asks one guest for its MAC address, to see that it is alive on the network.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/unique_fd.h"
#include "lib/resource/ipv4.h"

namespace brume::network {

struct ArpQuestion {
  int link = 0;          // the tap's index
  std::string link_mac;  // of the tap's host side
  Ipv4 sender;           // the gateway's address
  Ipv4 target;
};

// A socket on the tap, in the namespace of the calling thread.
absl::StatusOr<UniqueFd> OpenArpSocket(const ArpQuestion& question);
// Asks on it, again every so often, until the guest answers or `timeout` is over. May run on any thread.
absl::StatusOr<bool> AskByArp(const UniqueFd& socket, const ArpQuestion& question, absl::Duration timeout);

}  // namespace brume::network
