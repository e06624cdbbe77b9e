#include "lib/http/is_listening.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace brume::http {

bool IsListening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

absl::StatusOr<UniqueFd> HandleOf(const UniqueFd& listener) {
  UniqueFd handle(fcntl(listener.get(), F_DUPFD_CLOEXEC, listener.get()));
  if (!handle) return absl::ErrnoToStatus(errno, "cannot keep a descriptor of a listener");
  return handle;
}

}  // namespace brume::http
