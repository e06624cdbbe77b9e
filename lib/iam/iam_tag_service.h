// Tags of users, roles, customer managed policies and instance profiles. Every call is one transaction, and what it
// changed holds from the next question to the Authorizer on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

enum class TaggedKind { kUser, kRole, kPolicy, kInstanceProfile };

// Thread-safe. `name` is the ARN of a policy, and the name of anything else. Errors: NoSuchEntity, those of
// IamTagTable::Set, and for AWS's own policies InvalidInput.
class IamTagService {
 public:
  // `on_change` runs after each committed change.
  IamTagService(store::Database& database, std::string account_id, std::function<void()> on_change);

  absl::StatusOr<TagMap> Tags(TaggedKind kind, const std::string& name);
  absl::Status Tag(TaggedKind kind, const std::string& name, const TagMap& tags);
  absl::Status Untag(TaggedKind kind, const std::string& name, const std::vector<std::string>& keys);

 private:
  absl::StatusOr<std::string> OwnerOf(store::Connection& connection, TaggedKind kind, const std::string& name) const;

  store::Database& database_;
  const std::string account_id_;
  const std::function<void()> on_change_;
};

}  // namespace brume::iam
