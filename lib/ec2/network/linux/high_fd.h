// Room for libraries that select(2): it knows no descriptor from FD_SETSIZE (1024) on, and libnftables ends the process
// when its socket has one. What each VPC keeps open for good moves out of their way, so that the number of VPCs does
// not matter to them.
#pragma once

#include <fcntl.h>
#include <sys/select.h>

#include <utility>

#include "lib/base/unique_fd.h"

namespace brume::network {

// The same file under a number from FD_SETSIZE on; `fd` itself where the process may not have so many.
inline UniqueFd MoveHigh(UniqueFd fd) {
  UniqueFd high(fd ? fcntl(fd.get(), F_DUPFD_CLOEXEC, FD_SETSIZE) : -1);
  return high ? std::move(high) : std::move(fd);
}

}  // namespace brume::network
