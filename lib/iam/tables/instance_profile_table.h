// Repository of instance profiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/iam/model/instance_profile.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::iam {

class InstanceProfileTable {
 public:
  explicit InstanceProfileTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const InstanceProfile& profile);  // AlreadyExists when the name is taken; without its role
  // By its exact name.
  absl::StatusOr<std::optional<InstanceProfile>> Find(const std::string& name);
  absl::StatusOr<std::optional<InstanceProfile>> FindById(const std::string& id);
  // By name: those whose path begins with `path_prefix`, those that have a role.
  absl::StatusOr<std::vector<InstanceProfile>> List(const std::string& path_prefix);
  absl::StatusOr<std::vector<InstanceProfile>> ListOfRole(const std::string& role_id);
  absl::Status SetRole(const std::string& id, const std::optional<std::string>& role_id);
  absl::Status Delete(const std::string& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::iam
