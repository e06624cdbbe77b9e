#include "lib/iam/tables/instance_profile_table.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::iam {
namespace {

// A profile with the id of its role.
struct ProfileRow {
  InstanceProfile profile;
  std::optional<std::string> role_id = {};
};

const auto& Profiles() {
  constexpr auto kProfile = &ProfileRow::profile;
  static const auto table = store::DescribeTable<ProfileRow>(
      "instance_profiles", "instance profile", store::Key("id", kProfile, &InstanceProfile::id),
      store::Fixed("name", kProfile, &InstanceProfile::name), store::Fixed("path", kProfile, &InstanceProfile::path),
      store::Fixed("created", kProfile, &InstanceProfile::created), store::Column("role_id", &ProfileRow::role_id),
      store::Unmapped("seq"));
  return table;
}

absl::StatusOr<InstanceProfile> WithRole(store::Connection& connection, ProfileRow row) {
  if (row.role_id.has_value()) {
    ASSIGN_OR_RETURN(row.profile.role, IdentityTable(connection).FindById(*row.role_id));
  }
  return std::move(row.profile);
}

absl::StatusOr<std::optional<InstanceProfile>> OneWithRole(store::Connection& connection,
                                                           std::optional<ProfileRow> row) {
  if (!row.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(InstanceProfile profile, WithRole(connection, *std::move(row)));
  return profile;
}

absl::StatusOr<std::vector<InstanceProfile>> AllWithRoles(store::Connection& connection, std::vector<ProfileRow> rows) {
  std::vector<InstanceProfile> profiles;
  for (ProfileRow& row : rows) {
    ASSIGN_OR_RETURN(InstanceProfile profile, WithRole(connection, std::move(row)));
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

}  // namespace

store::TableDescription InstanceProfileTable::Describe() { return Profiles().Describe(); }

absl::Status InstanceProfileTable::Insert(const InstanceProfile& profile) {
  return Profiles().Insert(connection_, {profile});
}

absl::StatusOr<std::optional<InstanceProfile>> InstanceProfileTable::Find(const std::string& name) {
  ASSIGN_OR_RETURN(
      std::optional<ProfileRow> row,
      Profiles().First(connection_, "instance_profiles WHERE name = ?1 AND name = ?1 COLLATE BINARY", name));
  return OneWithRole(connection_, std::move(row));
}

absl::StatusOr<std::optional<InstanceProfile>> InstanceProfileTable::FindById(const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<ProfileRow> row, Profiles().Find(connection_, id));
  return OneWithRole(connection_, std::move(row));
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileTable::List(const std::string& path_prefix) {
  ASSIGN_OR_RETURN(
      std::vector<ProfileRow> rows,
      Profiles().Select(connection_,
                        "instance_profiles WHERE substr(path, 1, length(?1)) = ?1 ORDER BY name COLLATE BINARY",
                        path_prefix));
  return AllWithRoles(connection_, std::move(rows));
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileTable::ListOfRole(const std::string& role_id) {
  ASSIGN_OR_RETURN(
      std::vector<ProfileRow> rows,
      Profiles().Select(connection_, "instance_profiles WHERE role_id = ? ORDER BY name COLLATE BINARY", role_id));
  return AllWithRoles(connection_, std::move(rows));
}

absl::Status InstanceProfileTable::SetRole(const std::string& id, const std::optional<std::string>& role_id) {
  return connection_.Run("UPDATE instance_profiles SET role_id = ? WHERE id = ?", role_id, id);
}

absl::Status InstanceProfileTable::Delete(const std::string& id) { return Profiles().Delete(connection_, id); }

}  // namespace brume::iam
