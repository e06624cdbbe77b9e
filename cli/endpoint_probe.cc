#include "cli/endpoint_probe.h"

#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/caller_name.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

constexpr int kPatienceMs = 1000;

bool FillAddress(const std::string& path, sockaddr_un* address) {
  address->sun_family = AF_UNIX;
  if (path.size() >= sizeof(address->sun_path)) return false;
  std::memcpy(address->sun_path, path.data(), path.size());
  return true;
}

// The name of the group that may use the socket; "" where the host knows none.
std::string GroupOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "";
  group entry{}, *found = nullptr;
  std::vector<char> buffer(64 << 10);
  const bool known = getgrgid_r(info.st_gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return known && info.st_gid != 0 ? entry.gr_name : "";
}

// Whether the user is a member by /etc/group: then a new login is all that is missing.
bool IsListedMember(const std::string& name, const std::string& user) {
  group entry{}, *found = nullptr;
  std::vector<char> buffer(64 << 10);
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return false;
  for (char** member = entry.gr_mem; *member != nullptr; ++member) {
    if (user == *member) return true;
  }
  return false;
}

EndpointFault RefusedSocket(const std::string& path) {
  const std::string user = OwnUser(), group = GroupOf(path);
  EndpointFault fault{.cause = absl::StrCat("brume runs as ", user, ", who may not use ", path)};
  if (group.empty()) {
    fault.advice = "Run brume as root.";
  } else if (IsListedMember(group, user)) {
    fault.advice = absl::StrCat("Log in again: ", user, " has been in the group ", group, " only since this login.");
  } else {
    fault.advice =
        absl::StrCat("Run brume as root, or: usermod --append --groups ", group, " ", user, ", then log in again.");
  }
  return fault;
}

EndpointFault ProbeUnixSocket(const std::string& path) {
  sockaddr_un address{};
  if (!FillAddress(path, &address)) return {};
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return {};
  const int why = errno;
  if (why == EACCES || why == EPERM) return RefusedSocket(path);
  if (why == ECONNREFUSED) {
    return {absl::StrCat("brumed has ended: nobody listens on ", path),
            "Start it: systemctl start brumed. Why it ended: journalctl --unit brumed"};
  }
  if (why != ENOENT && why != ENOTDIR) {
    return {absl::StrCat(path, " cannot be reached: ", std::strerror(why)), "Name the daemon's socket with --socket."};
  }
  const std::string directory = path.substr(0, path.rfind('/'));
  const bool ran = access(directory.c_str(), F_OK) == 0;
  return {absl::StrCat("brumed does not run: there is no socket ", path,
                       ran ? "" : ", nor its directory: it has never run here, or keeps its state elsewhere"),
          "Start it: systemctl start brumed. If it runs with another state directory, set BRUME_STATE_DIR or give "
          "--socket."};
}

// The first bytes that come back of a question in HTTP; "" for none in time.
std::string AnswerToHttp(int fd) {
  constexpr char kQuestion[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (send(fd, kQuestion, sizeof(kQuestion) - 1, MSG_NOSIGNAL) < 0) return "";
  pollfd waiting{fd, POLLIN, 0};
  if (poll(&waiting, 1, kPatienceMs) != 1) return "";
  char answer[16];
  const ssize_t got = recv(fd, answer, sizeof(answer), 0);
  return got > 0 ? std::string(answer, got) : "";
}

EndpointFault ProbePort(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = endpoint.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int looked_up = getaddrinfo(host.c_str(), endpoint.substr(colon + 1).c_str(), &hints, &found);
  if (looked_up != 0) {
    return {absl::StrCat("there is no host '", host, "': ", gai_strerror(looked_up)),
            "Correct --endpoint or BRUME_ENDPOINT."};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  const UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));  // of connect, too
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) {
    return {absl::StrCat("nobody answers on ", endpoint, ": ", std::strerror(errno)),
            "Look whether brumed runs there and serves gRPC on that port; on its own host leave --endpoint and "
            "BRUME_ENDPOINT out."};
  }
  const std::string answer = AnswerToHttp(fd.get());
  if (absl::StartsWith(answer, "HTTP/1.")) {
    return {absl::StrCat(endpoint, " speaks HTTP: that is the Query API, which the aws command line calls"),
            "brume speaks gRPC: leave --endpoint and BRUME_ENDPOINT out, or name the port of grpc.listen."};
  }
  if (answer.size() >= 2 && answer[0] == '\x15' && answer[1] == '\x03') {
    return {absl::StrCat(endpoint, " speaks TLS"), "Give --tls-ca, --tls-cert and --tls-key, if it is brumed's port."};
  }
  return {};
}

}  // namespace

std::string SocketOf(const std::string& endpoint) {
  absl::string_view path = endpoint;
  if (!absl::ConsumePrefix(&path, "unix:")) return "";
  absl::ConsumePrefix(&path, "//");
  return std::string(path);
}

EndpointFault ProbeEndpoint(const GlobalOptions& global) {
  const std::string path = SocketOf(global.endpoint);
  return path.empty() ? ProbePort(global.endpoint) : ProbeUnixSocket(path);
}

std::string OwnUser() {
  std::string name = CallerName(absl::StrCat("uid:", geteuid()));
  return name;
}

Listener ListenerOf(const std::string& path) {
  sockaddr_un address{};
  if (path.empty() || !FillAddress(path, &address)) return {};
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return {};
  }
  return {.uid = static_cast<int>(peer.uid), .pid = peer.pid};
}

}  // namespace brume::cli
