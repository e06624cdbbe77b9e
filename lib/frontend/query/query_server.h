// The Query API's front end: HTTP/1.1, or HTTPS where there is a certificate, on one port for all services.
//
// One thread reads and writes; signatures are checked and calls run on a bounded pool. Nothing a client does holds
// more than its connection's bounds: what comes slowly, is too large or too much is refused or cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/frontend/query/query_call.h"
#include "lib/gateway/dispatcher.h"

namespace brume::frontend {

struct QueryLimits {
  uint32_t head_bytes = 16 * 1024;
  size_t headers = 100;
  uint64_t body_bytes = 1 << 20;
  // Of the bodies of all connections together, by the length they announce; a chunked one announces body_bytes.
  uint64_t bodies_bytes = 16 << 20;
  size_t connections = 256;
  size_t connections_per_peer = 64;
  // From the first byte of a request to the end of its head, from there to the end of its body, from the answer's first
  // byte to its last, and between requests. A TLS handshake has head_timeout.
  absl::Duration head_timeout = absl::Seconds(10);
  absl::Duration body_timeout = absl::Seconds(20);
  absl::Duration write_timeout = absl::Seconds(30);
  absl::Duration idle_timeout = absl::Seconds(60);
  // Calls run on so many threads; as many more as `queue` wait, and beyond that RequestLimitExceeded is answered.
  int threads = 16;
  int queue = 256;
};

struct QueryServerOptions {
  // "ADDRESS:PORT", an IPv6 address in brackets; port 0 = any.
  std::string listen;
  // PEM files, both or neither. They are read once: a new certificate needs a restart.
  std::string tls_cert_path = {};
  std::string tls_key_path = {};
  // Whether plain HTTP may be served at an address that is not loopback.
  bool allow_plaintext = false;
  // Only requests signed for it are taken; empty = any region is a name for this one.
  std::string strict_region = {};
  // Every answer carries the header "x-brume-simulated".
  bool simulated = false;
  QueryLimits limits = {};
};

// Serves while it lives. The destructor lets calls under way end and be answered (for a few seconds).
class QueryServer {
 public:
  virtual ~QueryServer() = default;
  virtual int port() const = 0;
  // "http://127.0.0.1:8773": the address it was given, and the port it has.
  virtual std::string url() const = 0;
};

// The dispatcher must outlive the server. One that serves is returned. Errors: FailedPrecondition, in words for the
// administrator: an invalid address or one in use, files that are not a certificate and its key, plain HTTP beyond
// loopback.
absl::StatusOr<std::unique_ptr<QueryServer>> MakeQueryServer(const gateway::Dispatcher& dispatcher,
                                                             Authenticate authenticate, QueryServerOptions options);

}  // namespace brume::frontend
