// Prometheus' way in: GET /metrics over plain HTTP, answered with one text and closed.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace brume::frontend {

struct PrometheusServerOptions {
  // "ADDRESS:PORT", an IPv6 address in brackets; port 0 = any.
  std::string listen;
  // Whether an address that is not loopback may be served: whoever reaches it reads everything, as nobody is asked who
  // they are.
  bool allow_remote = false;
  // More at once are closed unanswered.
  size_t connections = 16;
  // From a connection's first byte to the answer's last.
  absl::Duration timeout = absl::Seconds(10);
};

// Serves while it lives, on a thread of its own.
class PrometheusServer {
 public:
  virtual ~PrometheusServer() = default;
  // "http://127.0.0.1:9177/metrics"
  virtual std::string url() const = 0;
};

// `text` makes the answer, on the server's thread. Errors: FailedPrecondition, in words for the administrator: an
// invalid address or one in use, or one beyond loopback that is not allowed.
absl::StatusOr<std::unique_ptr<PrometheusServer>> MakePrometheusServer(std::function<std::string()> text,
                                                                       PrometheusServerOptions options);

}  // namespace brume::frontend
