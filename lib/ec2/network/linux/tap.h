// Persistent taps, by ioctl: no helper process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace brume::network {

// Whom QEMU runs as; without it only root opens the tap.
struct TapOwner {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

// Makes the tap `name` in the namespace of the calling thread, down and without IPv6. OK when it is there, also while
// a guest has it open. `multi_queue`: QEMU opens it once for each of its queues, and could not open another so.
absl::Status CreateTap(const std::string& name, const TapOwner& owner, bool multi_queue = false);

}  // namespace brume::network
