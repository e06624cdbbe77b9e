// From a policy's JSON to its statements.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/iam/model/policy.h"

namespace brume::iam {

// Error: MalformedPolicyDocument, with the place.
absl::StatusOr<std::vector<Policy::Statement>> ParseStatements(absl::string_view json, PolicyKind kind, PolicyUse use);

}  // namespace brume::iam
