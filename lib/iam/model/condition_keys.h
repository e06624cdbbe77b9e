// The condition keys that exist.
// Source: "AWS global condition context keys" in the IAM User Guide, and the pages on Amazon EC2, Amazon EC2 Auto
// Scaling, Amazon CloudWatch, IAM and STS of the Service Authorization Reference.
#pragma once

#include "absl/strings/string_view.h"

namespace brume::iam {

// Whether AWS has a condition key of this name (in any case), with a value here or without: a key of a service that is
// not here, or of something that cannot be here, is absent from every call. A misspelt key would be, too, and a Deny by
// it would never hold.
bool IsConditionKey(absl::string_view key);

}  // namespace brume::iam
