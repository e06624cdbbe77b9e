// Tags in the requests and answers of IAM.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/tag.pb.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::iam {

using TagMessages = google::protobuf::RepeatedPtrField<v1::Tag>;

// Error: InvalidInput for a key that is given twice.
inline absl::StatusOr<TagMap> ParseIamTags(const TagMessages& given) {
  TagMap tags;
  for (const v1::Tag& tag : given) {
    if (tags.emplace(tag.key(), tag.value()).second) continue;
    return ec2::Error("InvalidInput", absl::StrCat("The tag key '", absl::CHexEscape(tag.key()), "' is given twice"));
  }
  return tags;
}

inline void RenderIamTags(const TagMap& tags, TagMessages& rendered) {
  for (const auto& [key, value] : tags) {
    v1::Tag& tag = *rendered.Add();
    tag.set_key(key);
    tag.set_value(value);
  }
}

}  // namespace brume::iam
