// Repository of access keys.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/iam/model/access_key.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::iam {

class AccessKeyTable {
 public:
  explicit AccessKeyTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Error: AlreadyExists.
  absl::Status Insert(const AccessKey& key);
  // Oldest first.
  absl::StatusOr<std::vector<AccessKey>> All();
  absl::StatusOr<bool> HasAny(const std::string& user_id);
  // Errors: NotFound.
  absl::Status SetActive(const std::string& id, bool active);
  absl::Status Delete(const std::string& id);
  // Of a key that is gone: nothing happens.
  absl::Status SetLastUsed(const std::string& id, const AccessKeyUse& use);

 private:
  store::Connection& connection_;
};

}  // namespace brume::iam
