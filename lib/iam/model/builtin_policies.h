// AWS's own managed policies, as far as Brume has them: arn:aws:iam::aws:policy/PATH/NAME. They are part of the
// program.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace brume::iam {

struct BuiltinPolicy {
  absl::string_view name;
  absl::string_view description;
  absl::string_view document;
  absl::string_view path = "/";
};

absl::Span<const BuiltinPolicy> BuiltinPolicies();
// Null when there is none of this ARN.
const BuiltinPolicy* FindBuiltinPolicy(absl::string_view arn);
std::string BuiltinPolicyArn(const BuiltinPolicy& policy);
// Whether AWS owns what the ARN names in IAM.
bool IsBuiltinPolicyArn(absl::string_view text);

}  // namespace brume::iam
