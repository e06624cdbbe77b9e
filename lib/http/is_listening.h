// What becomes of a listening socket that others may close.
#pragma once

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"

namespace brume::http {

// Whether a TCP socket still waits for connections.
bool IsListening(int fd);

// Another descriptor of the socket, by which its owner knows what became of it once a server has it. Error: Unavailable
// and its kin, where there is none to be had.
absl::StatusOr<UniqueFd> HandleOf(const UniqueFd& listener);

}  // namespace brume::http
