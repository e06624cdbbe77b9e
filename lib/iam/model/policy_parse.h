// From a policy's JSON to its statements.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/iam/model/policy.h"

namespace brume::iam {

// Errors: MalformedPolicyDocument, with the place; of one that is written, ValidationError for characters beyond
// Latin-1.
absl::StatusOr<std::vector<Policy::Statement>> ParseStatements(absl::string_view json, PolicyKind kind, PolicyUse use);

}  // namespace brume::iam
