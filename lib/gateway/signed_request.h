// What a front end hands to whom checks signatures, and what it gets back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/gateway/caller.h"

namespace brume {

// A request as it came, undecoded. Views must stay good for the call.
struct SignedRequest {
  absl::string_view method;  // "POST"
  absl::string_view target;  // as on the request line: "/?Action=…"
  // In the order they came, with their names in lower case and values without white space around.
  std::vector<std::pair<std::string, std::string>> headers;
  absl::string_view body;
};

struct Authenticated {
  // All but source, request_id, secure and user_agent, which the front end knows.
  Caller caller;
  // Of the credential scope.
  std::string service;  // "ec2"
  std::string region;
};

}  // namespace brume
