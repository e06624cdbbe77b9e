#include "lib/ec2/messages/tag_messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {

absl::Status AddTags(const google::protobuf::RepeatedPtrField<v1::Tag>& tags, TagMap& target) {
  for (const v1::Tag& tag : tags) {
    if (!target.emplace(tag.key(), tag.value()).second) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("Duplicate tag key '", tag.key(), "' specified."));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseTags(const TagSpecifications& specifications, const std::map<const Kind*, TagMap*>& targets) {
  for (const v1::TagSpecification& specification : specifications) {
    const auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& entry) {
      return entry.first->tag_type == specification.resource_type();
    });
    if (target == targets.end()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("'", specification.resource_type(),
                                     "' is not a valid taggable resource type for this operation."));
    }
    RETURN_IF_ERROR(AddTags(specification.tags(), *target->second));
  }
  for (const auto& [kind, tags] : targets) RETURN_IF_ERROR(CheckTags(*tags));
  return absl::OkStatus();
}

absl::StatusOr<TagMap> ParseTags(const TagSpecifications& specifications, const Kind& kind) {
  TagMap tags;
  RETURN_IF_ERROR(ParseTags(specifications, {{&kind, &tags}}));
  return tags;
}

google::protobuf::RepeatedPtrField<v1::Tag> RenderTags(const TagMap& tags) {
  google::protobuf::RepeatedPtrField<v1::Tag> rendered;
  for (const auto& [key, value] : tags) {
    v1::Tag& tag = *rendered.Add();
    tag.set_key(key);
    tag.set_value(value);
  }
  return rendered;
}

}  // namespace brume::ec2
