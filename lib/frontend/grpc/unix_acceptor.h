// Accepts connections on the daemon's Unix socket and lets only administrators in.
//
// gRPC's own listener tells nothing about its peers, so the socket is ours: SO_PEERCRED names the peer's user, and only
// then the connection is handed on.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"

namespace brume::frontend {

inline constexpr char kAdministratorGroup[] = "brume";

// Root, the user this process runs as, members of the group `brume` and processes that run under it.
bool IsAdministrator(uid_t uid, gid_t gid);

class UnixAcceptor {
 public:
  // Takes the connection of an administrator; called on the acceptor's thread.
  using OnConnection = std::function<void(UniqueFd connection, uid_t uid)>;

  // Binds and listens. Errors: FailedPrecondition, in words for the administrator.
  static absl::StatusOr<std::unique_ptr<UnixAcceptor>> Listen(const std::string& path, OnConnection on_connection);
  // Stops and takes the socket away.
  ~UnixAcceptor();

 private:
  UnixAcceptor(std::string path, UniqueFd listener, UniqueFd stop, OnConnection on_connection);
  void Run();
  void AcceptOne();

  const std::string path_;
  const UniqueFd listener_;
  const UniqueFd stop_;
  const OnConnection on_connection_;
  std::thread thread_;
};

}  // namespace brume::frontend
