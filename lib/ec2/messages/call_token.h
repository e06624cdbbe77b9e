// The client token of a request.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/idempotency/client_tokens.h"
#include "lib/gateway/parameters.h"

namespace brume::ec2 {

// Error: InvalidParameterValue for what is not a token.
template <typename Request>
absl::StatusOr<idempotency::CallToken> ParseCallToken(const Request& request) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  idempotency::CallToken token;
  token.action = std::string(absl::StripSuffix(request.GetDescriptor()->name(), "Request"));
  token.client_token = request.client_token();
  if (!token.client_token.empty()) token.parameters_digest = gateway::ParametersDigest(request);
  return token;
}

}  // namespace brume::ec2
