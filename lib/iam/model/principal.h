// Who the Principal of a policy names. Source: "AWS JSON policy elements: Principal" in the IAM User Guide.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::iam {

// A name under "AWS": "*", an account, or the ARN, without wildcards, of an account's root, a user, a role or a
// session.
bool IsAwsPrincipal(absl::string_view name);
// "ec2.amazonaws.com".
bool IsServicePrincipal(absl::string_view name);

// IAM's error, MalformedPolicyDocument, for a name under "AWS" or "SERVICE" that is nobody's.
absl::Status InvalidPrincipal(absl::string_view type, absl::string_view name);

// The document with `to` in the place of `from` in each Principal and NotPrincipal, and nowhere else.
std::string WithPrincipalRenamed(const std::string& document, const std::string& from, const std::string& to);

}  // namespace brume::iam
