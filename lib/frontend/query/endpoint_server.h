// The Query API at the addresses of VPC endpoints: the same protocols, signatures and calls as query_server.h, each
// endpoint for its own service alone. Ports are 80, and 443 where there is a certificate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/query/query_server.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::frontend {

struct EndpointAddress {
  VpcEndpointId id;
  std::string service;  // as signatures name it: "monitoring"
  std::variant<Ipv4, Ipv6> address;
  friend auto operator<=>(const EndpointAddress&, const EndpointAddress&) = default;
};

struct EndpointServerParts {
  const gateway::Dispatcher& dispatcher;
  Authenticate authenticate;
  // A TCP socket that listens inside the VPC's namespace. Unset where guests are not real, and none is served.
  std::function<absl::StatusOr<UniqueFd>(const VpcId& vpc, const std::variant<Ipv4, Ipv6>& address, uint16_t port)>
      listen;
  QueryServerOptions options;  // but for `listen` and `allow_plaintext`
};

// Thread-safe. Its threads begin with the first endpoint, and not before Start.
class EndpointServer {
 public:
  explicit EndpointServer(EndpointServerParts parts);
  // Stops.
  ~EndpointServer();

  // Begins to answer: connections to what Serve opened before wait for it. Error: FailedPrecondition for files that are
  // no certificate and its key.
  absl::Status Start();
  // Serves the VPC at exactly these addresses, which stand in its namespace; OK when they are served. A connection to
  // one that is no longer among them ends. Not for a VPC that another thread calls it for. Errors: of `listen`, and of
  // files that are no certificate and its key.
  absl::Status Serve(const VpcId& vpc, const std::vector<EndpointAddress>& addresses);
  // False when a listener that Serve made has been closed by somebody else; Serve makes another one then.
  // Waits for nothing.
  bool StillServes(const VpcId& vpc);
  // Closes every listener; calls under way end and are answered (for a few seconds). Serve says Unavailable from then
  // on. Idempotent.
  void Stop();

 private:
  class Serving;
  struct Listener {
    VpcId vpc;
    bool secure = false;
    UniqueFd handle;  // a descriptor of its socket, to ask whether that still listens
  };

  bool secure() const { return !parts_.options.tls_cert_path.empty(); }
  bool IsOpen(const std::string& listener);
  // Opens a socket in a namespace, which may take its time, so the mutex is not held over it.
  absl::Status Open(const VpcId& vpc, const EndpointAddress& address, bool secure);
  absl::Status CloseOthers(const VpcId& vpc, const std::set<std::string>& wanted);
  absl::Status EnsureServing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const EndpointServerParts parts_;
  Mutex mutex_;
  enum class Phase { kBefore, kServing, kStopped };
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kBefore;
  std::unique_ptr<Serving> serving_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Listener> listeners_ ABSL_GUARDED_BY(mutex_);  // by their names
};

}  // namespace brume::frontend
