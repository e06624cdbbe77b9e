// Tags of any resource. Source of behaviour: EC2 API reference, CreateTags, DeleteTags, DescribeTags.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/key_pair.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::tagging {

// Thread-safe.
class TagService {
 public:
  explicit TagService(store::Database& database) : database_(database) {}

  // All or nothing. Errors: InvalidID for an id of no known kind, the kind's NotFound, TagLimitExceeded,
  // InvalidParameterValue.
  absl::Status Create(const std::vector<std::string>& resource_ids, const TagMap& tags);
  // A tag without a value is deleted whatever its value; no tags at all = all of the resource.
  absl::Status Delete(const std::vector<std::string>& resource_ids,
                      const std::vector<std::pair<std::string, std::optional<std::string>>>& tags);
  // Ordered by resource and key.
  absl::StatusOr<std::vector<Tag>> List();

 private:
  store::Database& database_;
};

// For tags at creation: the rules of a map of tags.
using brume::CheckTags;

}  // namespace brume::tagging
