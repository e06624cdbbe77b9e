// The user that a call is about.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/gateway/caller.h"

namespace brume::iam {

// Whom a call is about that may name a user: who calls where it does not. Empty for the account's root. Error:
// ValidationError, for a session of a role.
absl::StatusOr<std::string> UserNameOf(const std::string& named, const Caller& caller);

}  // namespace brume::iam
