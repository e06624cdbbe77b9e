// Managed policies by their ARN, whether they are AWS's or this account's.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/iam/model/identity.h"
#include "lib/store/database.h"

namespace brume::iam {

// The account's own policy. Errors: ValidationError for what is not the ARN of a policy, NoSuchEntity.
absl::StatusOr<ManagedPolicy> FindManagedPolicy(store::Connection& connection, absl::string_view account_id,
                                                absl::string_view arn);

// The document of the version that is in force. Errors: as above.
absl::StatusOr<std::string> DefaultDocument(store::Connection& connection, absl::string_view account_id,
                                            absl::string_view arn);

}  // namespace brume::iam
