// Tags given at a resource's creation or added later, as one map.
#pragma once

#include "absl/status/status.h"
#include "lib/domain/instance.h"
#include "lib/domain/key_pair.h"

namespace brume {

// CheckTag of each, and no more than a resource may carry. Errors: InvalidParameterValue, TagLimitExceeded.
absl::Status CheckTags(const TagMap& tags);

}  // namespace brume
