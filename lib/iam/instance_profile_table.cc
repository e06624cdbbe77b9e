#include "lib/iam/instance_profile_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_table.h"
#include "lib/store/connection.h"

namespace brume::iam {
namespace {

// A profile with the id of its role.
struct ProfileRow {
  InstanceProfile profile;
  std::optional<std::string> role_id;
};

ProfileRow ReadProfile(store::Row& row) {
  ProfileRow r;
  row.Read(r.profile.id, r.profile.name, r.profile.path, r.profile.created, r.role_id);
  return r;
}

std::string SelectProfiles(absl::string_view rest) {
  return absl::StrCat("SELECT id, name, path, created, role_id FROM instance_profiles ", rest);
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

absl::Status InstanceProfileTable::Insert(const InstanceProfile& p) {
  return connection_.Run("INSERT INTO instance_profiles (id, name, path, created) VALUES (?, ?, ?, ?)", p.id, p.name,
                         p.path, p.created);
}

absl::StatusOr<std::optional<InstanceProfile>> InstanceProfileTable::Find(const std::string& name) {
  ASSIGN_OR_RETURN(
      std::optional<ProfileRow> row,
      connection_.First(SelectProfiles("WHERE name = ?1 AND name = ?1 COLLATE BINARY"), ReadProfile, name));
  return OneWithRole(connection_, std::move(row));
}

absl::StatusOr<std::optional<InstanceProfile>> InstanceProfileTable::FindById(const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<ProfileRow> row, connection_.First(SelectProfiles("WHERE id = ?"), ReadProfile, id));
  return OneWithRole(connection_, std::move(row));
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileTable::List(const std::string& path_prefix) {
  ASSIGN_OR_RETURN(
      std::vector<ProfileRow> rows,
      connection_.All(SelectProfiles("WHERE substr(path, 1, length(?1)) = ?1 ORDER BY name COLLATE BINARY"),
                      ReadProfile, path_prefix));
  return AllWithRoles(connection_, std::move(rows));
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileTable::ListOfRole(const std::string& role_id) {
  ASSIGN_OR_RETURN(
      std::vector<ProfileRow> rows,
      connection_.All(SelectProfiles("WHERE role_id = ? ORDER BY name COLLATE BINARY"), ReadProfile, role_id));
  return AllWithRoles(connection_, std::move(rows));
}

absl::Status InstanceProfileTable::SetRole(const std::string& id, const std::optional<std::string>& role_id) {
  return connection_.Run("UPDATE instance_profiles SET role_id = ? WHERE id = ?", role_id, id);
}

absl::Status InstanceProfileTable::Delete(const std::string& id) {
  return connection_.Run("DELETE FROM instance_profiles WHERE id = ?", id);
}

}  // namespace brume::iam
