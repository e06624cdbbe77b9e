// One exchange with an HTTP/1.1 server: a request sent, and the head of its answer read, within hard limits.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/server.h"

namespace brume::http {

struct ClientRequest {
  bool tls = false;
  std::string host, port;  // where to
  std::string authority;   // of the header Host
  std::string method = "POST";
  std::string target;
  Headers headers = {};
  std::string body = {};
};

struct ClientLimits {
  // For all of it: connecting, TLS, sending, and the head of the answer. Looking up the host's name comes before, and
  // has the limits of the system's resolver.
  absl::Duration timeout = absl::Seconds(5);
  uint32_t head_bytes = 8 * 1024;
};

// The status of the answer, of which only the head is read. Redirects are not followed. TLS is 1.2 or later, with a
// certificate for the host of an authority that the system trusts. Blocks. Errors: InvalidArgument for a host TLS takes
// no name of, Unavailable for all that may pass.
absl::StatusOr<int> Exchange(const ClientRequest& request, const ClientLimits& limits = {});

}  // namespace brume::http
