// Policies of VPC endpoints as they are written.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace brume::iam {

// Whether the text is a policy that an endpoint can have: with Principal and Resource. Error: InvalidPolicyDocument,
// with the place.
absl::Status CheckEndpointPolicy(const std::string& json);

}  // namespace brume::iam
