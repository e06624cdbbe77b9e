// The tags of a resource, and EC2's rules for them.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

using TagMap = std::map<std::string, std::string>;

struct Tag {
  std::string resource_id;
  std::string key;
  std::string value;
};

// EC2's ResourceType of the id's kind: "instance" for i-…; empty for an id of no kind, or of one that takes no tags.
std::string ResourceTypeOf(absl::string_view resource_id);

// EC2's tag rules: key 1..128 characters, value 0..256, no "aws:" prefix, at most 50 a resource (checked by the
// caller). Errors: InvalidParameterValue.
absl::Status CheckTag(absl::string_view key, absl::string_view value);
inline constexpr int kMaxTagsPerResource = 50;

// CheckTag of each, and no more than a resource may carry. Errors: InvalidParameterValue, TagLimitExceeded.
absl::Status CheckTags(const TagMap& tags);

}  // namespace brume
