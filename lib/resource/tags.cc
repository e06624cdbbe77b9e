#include "lib/resource/tags.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/kinds.h"

namespace brume {
namespace {

// Characters, not bytes, of UTF-8 text.
size_t CountCharacters(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

}  // namespace

std::string ResourceTypeOf(absl::string_view resource_id) {
  const Kind* const kind = KindOfId(resource_id);
  return kind == nullptr ? "" : std::string(kind->tag_type);
}

absl::Status CheckTag(absl::string_view key, absl::string_view value) {
  const size_t key_length = CountCharacters(key);
  if (key_length == 0 || key_length > 128) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Tag key '", key.substr(0, 64), "' must have 1 to 128 characters"));
  }
  if (CountCharacters(value) > 256) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The value of tag '", key, "' must have at most 256 characters"));
  }
  if (absl::StartsWithIgnoreCase(key, "aws:")) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Tag keys starting with 'aws:' are reserved for internal use: '", key, "'"));
  }
  return absl::OkStatus();
}

absl::Status CheckTags(const TagMap& tags) {
  for (const auto& [key, value] : tags) RETURN_IF_ERROR(CheckTag(key, value));
  if (tags.size() > static_cast<size_t>(kMaxTagsPerResource)) {
    return ec2::Error("TagLimitExceeded",
                      absl::StrCat("The maximum number of Tags for a resource has been reached. It is ",
                                   kMaxTagsPerResource, "; ", tags.size(), " were given"));
  }
  return absl::OkStatus();
}

}  // namespace brume
