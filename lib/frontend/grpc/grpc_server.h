// The gRPC front end: every rpc of the schema by reflection, no code per action, on a Unix socket and optionally on
// TCP.
//
// Also served: gRPC's standard health service and server reflection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/grpc/certificate_user.h"
#include "lib/gateway/caller.h"
#include "lib/gateway/dispatcher.h"

namespace brume::frontend {

struct GrpcServerOptions {
  // Mode 0660, owned by root and the group `brume` where there is one. Only root, members of that group and the user
  // the daemon runs as are let in. A socket that is left over there is replaced; the caller holds the lock that says
  // no other daemon uses it. Empty = no Unix socket.
  std::string unix_socket_path = {};
  // "HOST:PORT", port 0 = any; empty = no TCP. Needs the three TLS files: clients prove themselves by a certificate of
  // the CA and are administrators, or who `certificate_user` says. Without them only a loopback address is taken, and
  // only with the flag.
  std::string tcp_listen = {};
  std::string tls_cert_path = {};
  std::string tls_key_path = {};
  std::string tls_client_ca_path = {};
  bool allow_insecure_loopback = false;
  // Set = the common name of a client's certificate is a user's.
  CertificateUser certificate_user = {};
  // Every answer carries the trailer "x-brume-simulated", and the health service knows the service "simulated".
  bool simulated = false;
  // A connected stream to the serial console of an instance; may block. NotFound: the instance does not run.
  std::function<absl::StatusOr<UniqueFd>(const std::string& id, const Caller& caller)> open_console = {};

  // Calls run on so many threads; as many more as `queue` wait, and beyond that RequestLimitExceeded is answered.
  int threads = 32;
  int queue = 256;
  int consoles = 16;
};

// Serves while it lives. The destructor lets calls under way end (for a few seconds, then they are cancelled).
class GrpcServer {
 public:
  virtual ~GrpcServer() = default;
  // The TCP port served; 0 when there is none.
  virtual int tcp_port() const = 0;
};

// Everything in `options` and the dispatcher must outlive the server. One that serves is returned.
// Errors: FailedPrecondition, in words for the administrator.
absl::StatusOr<std::unique_ptr<GrpcServer>> MakeGrpcServer(const gateway::Dispatcher& dispatcher,
                                                           GrpcServerOptions options);

}  // namespace brume::frontend
