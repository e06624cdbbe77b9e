// Repository of the instance profiles that instances have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/compute/model/profile_association.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

class ProfileAssociationTable {
 public:
  explicit ProfileAssociationTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const ProfileAssociation& association);  // AlreadyExists when the instance has a profile
  absl::StatusOr<std::optional<ProfileAssociation>> Find(const std::string& id);
  // Of instances that are not terminated, by id.
  absl::StatusOr<std::vector<ProfileAssociation>> List(absl::Span<const std::string> ids);
  absl::StatusOr<std::vector<ProfileAssociation>> ListOf(absl::Span<const InstanceId> instances);
  absl::Status Delete(const std::string& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
