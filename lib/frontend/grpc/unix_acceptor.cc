#include "lib/frontend/grpc/unix_acceptor.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"

namespace brume::frontend {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat("cannot ", what, " the socket ", path, ": ", strerror(errno)));
}

std::optional<gid_t> FindGroup(const char* name) {
  std::vector<char> buffer(1 << 16);
  group entry{};
  group* found = nullptr;
  if (getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return found->gr_gid;
}

// Whether the user database puts `uid` into `wanted`; a user it does not know is in no group.
bool IsMember(uid_t uid, gid_t wanted) {
  std::vector<char> buffer(1 << 16);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return false;
  int count = 64;
  std::vector<gid_t> groups(count);
  while (getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0) {
    if (count <= static_cast<int>(groups.size())) return false;
    groups.resize(count);
  }
  return std::find(groups.begin(), groups.begin() + count, wanted) != groups.begin() + count;
}

absl::Status RemoveLeftOver(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return errno == ENOENT ? absl::OkStatus() : Failed("look at", path);
  if (!S_ISSOCK(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is something at ", path, " that is no socket: move it away"));
  }
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Failed("replace", path);
}

absl::StatusOr<UniqueFd> Bind(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::FailedPreconditionError(absl::StrCat("the socket path ", path, " is longer than ",
                                                      sizeof(address.sun_path) - 1,
                                                      " bytes: choose a shorter state directory"));
  }
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  RETURN_IF_ERROR(RemoveLeftOver(path));
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return Failed("make", path);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failed("bind", path);
  }
  // Nobody can connect before listen, so there is no moment at which the mode is a wider one.
  if (const auto group = FindGroup(kAdministratorGroup); group && geteuid() == 0) {
    if (lchown(path.c_str(), 0, *group) != 0) return Failed("give the group brume", path);
  }
  if (chmod(path.c_str(), 0660) != 0) return Failed("set the mode of", path);
  if (listen(listener.get(), SOMAXCONN) != 0) return Failed("listen on", path);
  return listener;
}

}  // namespace

bool IsAdministrator(uid_t uid, gid_t gid) {
  if (uid == 0 || uid == geteuid()) return true;
  const auto group = FindGroup(kAdministratorGroup);
  return group && (gid == *group || IsMember(uid, *group));
}

absl::StatusOr<std::unique_ptr<UnixAcceptor>> UnixAcceptor::Listen(const std::string& path,
                                                                   OnConnection on_connection) {
  UniqueFd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return Failed("watch", path);
  ASSIGN_OR_RETURN(UniqueFd listener, Bind(path));
  return std::unique_ptr<UnixAcceptor>(
      new UnixAcceptor(path, std::move(listener), std::move(stop), std::move(on_connection)));
}

UnixAcceptor::UnixAcceptor(std::string path, UniqueFd listener, UniqueFd stop, OnConnection on_connection)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      stop_(std::move(stop)),
      on_connection_(std::move(on_connection)),
      thread_([this] { Run(); }) {}

UnixAcceptor::~UnixAcceptor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
  unlink(path_.c_str());
}

void UnixAcceptor::Run() {
  while (true) {
    pollfd watched[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    if (poll(watched, 2, -1) < 0 && errno != EINTR) {
      log::Error("no new connections on {}: poll: {}", path_, strerror(errno));
      return;
    }
    if (watched[0].revents != 0) return;
    if (watched[1].revents != 0) AcceptOne();
  }
}

void UnixAcceptor::AcceptOne() {
  UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log::Warn("a connection on {} waits: {}", path_, strerror(errno));
      // The connection stays in the queue and poll would return at once: give others time to close theirs.
      pollfd stop = {stop_.get(), POLLIN, 0};
      poll(&stop, 1, 100);
    }
    return;
  }
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    log::Warn("refused a connection on {}: SO_PEERCRED: {}", path_, strerror(errno));
    return;
  }
  if (!IsAdministrator(peer.uid, peer.gid)) {
    log::Warn("refused a connection on {} of uid {}, pid {}: neither root nor in the group {}", path_, peer.uid,
              peer.pid, kAdministratorGroup);
    return;
  }
  log::Debug("connection on {} of uid {}, pid {}", path_, peer.uid, peer.pid);
  on_connection_(std::move(connection), peer.uid);
}

}  // namespace brume::frontend
