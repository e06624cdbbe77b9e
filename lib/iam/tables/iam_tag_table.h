// Tags of users, roles, managed policies and instance profiles, and IAM's rules for them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::iam {

class IamTagTable {
 public:
  explicit IamTagTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // `owner` is the id of what has the tags.
  absl::StatusOr<TagMap> Of(const std::string& owner);
  // A key that is there, in whatever case, gets the new one's spelling and value. Errors: ValidationError for what is
  // no tag, InvalidInput for keys that differ in case alone, LimitExceeded.
  absl::Status Set(const std::string& owner, const TagMap& tags);
  // Keys in whatever case; those that are not there are passed over.
  absl::Status Delete(const std::string& owner, const std::vector<std::string>& keys);
  absl::Status DeleteAll(const std::string& owner);

 private:
  store::Connection& connection_;
};

}  // namespace brume::iam
