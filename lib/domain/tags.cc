#include "lib/domain/tags.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/domain/ec2_error.h"

namespace brume {

absl::Status CheckTags(const TagMap& tags) {
  for (const auto& [key, value] : tags) RETURN_IF_ERROR(CheckTag(key, value));
  if (tags.size() > static_cast<size_t>(kMostTagsPerResource)) {
    return ec2::Error("TagLimitExceeded", absl::StrCat("A resource can have at most ", kMostTagsPerResource, " tags; ",
                                                       tags.size(), " were given"));
  }
  return absl::OkStatus();
}

}  // namespace brume
