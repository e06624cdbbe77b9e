// Who makes a call.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace brume {

struct Caller {
  // "uid:1000" for a local peer, "cn:NAME" for a client certificate.
  std::string principal;
  // The peer's user when it came over the Unix socket.
  std::optional<uid_t> uid;
  bool administrator = false;
  std::string source;  // "unix" or the peer's address
  std::string request_id;
};

}  // namespace brume
