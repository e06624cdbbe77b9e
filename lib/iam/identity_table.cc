#include "lib/iam/identity_table.h"

#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::iam {
namespace {

constexpr char kIdentityColumns[] =
    "identities.id, kind, name, path, created, trust_policy, description, max_session_seconds";
constexpr char kPolicyColumns[] = "id, name, path, description, default_version, latest_version, created, updated";

Identity ReadIdentity(store::Row& row) {
  Identity i;
  row.Read(i.id, i.kind, i.name, i.path, i.created, i.trust_policy, i.description, i.max_session_seconds);
  return i;
}

std::string SelectIdentities(absl::string_view rest) {
  return absl::StrCat("SELECT ", kIdentityColumns, " FROM identities ", rest);
}

ManagedPolicy ReadPolicy(store::Row& row) {
  ManagedPolicy p;
  row.Read(p.id, p.name, p.path, p.description, p.default_version, p.latest_version, p.created, p.updated);
  return p;
}

std::string SelectPolicies(absl::string_view rest) {
  return absl::StrCat("SELECT ", kPolicyColumns, " FROM managed_policies ", rest);
}

}  // namespace

absl::Status IdentityTable::Insert(const Identity& i) {
  return connection_.Run(
      "INSERT INTO identities (id, kind, name, path, created, trust_policy, description, max_session_seconds) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      i.id, i.kind, i.name, i.path, i.created, i.trust_policy, i.description, i.max_session_seconds);
}

absl::StatusOr<std::optional<Identity>> IdentityTable::Find(IdentityKind kind, const std::string& name) {
  // The index finds the name without regard to case, which may be another's spelling.
  return connection_.First(SelectIdentities("WHERE kind = ?1 AND name = ?2 AND name = ?2 COLLATE BINARY"), ReadIdentity,
                           kind, name);
}

absl::StatusOr<std::optional<Identity>> IdentityTable::FindById(const std::string& id) {
  return connection_.First(SelectIdentities("WHERE id = ?"), ReadIdentity, id);
}

absl::StatusOr<std::vector<Identity>> IdentityTable::List(IdentityKind kind, const std::string& path_prefix) {
  return connection_.All(
      SelectIdentities("WHERE kind = ?1 AND substr(path, 1, length(?2)) = ?2 ORDER BY name COLLATE BINARY"),
      ReadIdentity, kind, path_prefix);
}

absl::Status IdentityTable::Update(const Identity& i) {
  return connection_.Run(
      "UPDATE identities SET (name, path, trust_policy, description, max_session_seconds) = (?, ?, ?, ?, ?) "
      "WHERE id = ?",
      i.name, i.path, i.trust_policy, i.description, i.max_session_seconds, i.id);
}

absl::Status IdentityTable::Delete(const std::string& id) {
  return connection_.Run("DELETE FROM identities WHERE id = ?", id);
}

absl::Status IdentityTable::AddMember(const std::string& group_id, const std::string& user_id) {
  return connection_.Run("INSERT INTO group_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING", group_id,
                         user_id);
}

absl::StatusOr<bool> IdentityTable::RemoveMember(const std::string& group_id, const std::string& user_id) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM group_members WHERE group_id = ? AND user_id = ?", group_id, user_id));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::vector<Identity>> IdentityTable::GroupsOf(const std::string& user_id) {
  return connection_.All(
      SelectIdentities("JOIN group_members ON group_id = identities.id WHERE user_id = ? ORDER BY name COLLATE BINARY"),
      ReadIdentity, user_id);
}

absl::StatusOr<std::vector<Identity>> IdentityTable::MembersOf(const std::string& group_id) {
  return connection_.All(
      SelectIdentities("JOIN group_members ON user_id = identities.id WHERE group_id = ? ORDER BY name COLLATE BINARY"),
      ReadIdentity, group_id);
}

absl::Status IdentityTable::PutInline(const std::string& identity_id, const std::string& name,
                                      const std::string& document) {
  return connection_.Run(
      "INSERT INTO inline_policies (identity_id, name, document) VALUES (?, ?, ?) "
      "ON CONFLICT (identity_id, name) DO UPDATE SET document = excluded.document",
      identity_id, name, document);
}

absl::StatusOr<bool> IdentityTable::DeleteInline(const std::string& identity_id, const std::string& name) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM inline_policies WHERE identity_id = ? AND name = ?", identity_id, name));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::map<std::string, std::string>> IdentityTable::Inline(const std::string& identity_id) {
  std::map<std::string, std::string> policies;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT name, document FROM inline_policies WHERE identity_id = ?",
      [&](store::Row& row) {
        std::string name;
        row.Read(name);
        row.Read(policies[name]);
      },
      identity_id));
  return policies;
}

absl::Status IdentityTable::Attach(const std::string& identity_id, const std::string& policy_arn) {
  return connection_.Run(
      "INSERT INTO policy_attachments (identity_id, policy_arn) VALUES (?, ?) ON CONFLICT DO NOTHING", identity_id,
      policy_arn);
}

absl::StatusOr<bool> IdentityTable::Detach(const std::string& identity_id, const std::string& policy_arn) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM policy_attachments WHERE identity_id = ? AND policy_arn = ?",
                                  identity_id, policy_arn));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::vector<std::string>> IdentityTable::Attached(const std::string& identity_id) {
  const auto read = [](store::Row& row) {
    std::string arn;
    row.Read(arn);
    return arn;
  };
  return connection_.All("SELECT policy_arn FROM policy_attachments WHERE identity_id = ? ORDER BY policy_arn", read,
                         identity_id);
}

absl::StatusOr<std::map<std::string, int64_t>> IdentityTable::AttachmentCounts() {
  std::map<std::string, int64_t> counts;
  RETURN_IF_ERROR(connection_.Query("SELECT policy_arn, count(*) FROM policy_attachments GROUP BY policy_arn",
                                    [&](store::Row& row) {
                                      std::string arn;
                                      row.Read(arn);
                                      row.Read(counts[arn]);
                                    }));
  return counts;
}

absl::Status ManagedPolicyTable::Insert(const ManagedPolicy& p) {
  return connection_.Run(
      absl::StrCat("INSERT INTO managed_policies (", kPolicyColumns, ") VALUES (", store::Placeholders(8), ")"), p.id,
      p.name, p.path, p.description, p.default_version, p.latest_version, p.created, p.updated);
}

absl::StatusOr<std::optional<ManagedPolicy>> ManagedPolicyTable::Find(const std::string& path,
                                                                      const std::string& name) {
  return connection_.First(SelectPolicies("WHERE name = ?1 AND name = ?1 COLLATE BINARY AND path = ?2"), ReadPolicy,
                           name, path);
}

absl::StatusOr<std::vector<ManagedPolicy>> ManagedPolicyTable::List(const std::string& path_prefix) {
  return connection_.All(SelectPolicies("WHERE substr(path, 1, length(?1)) = ?1 ORDER BY name COLLATE BINARY"),
                         ReadPolicy, path_prefix);
}

absl::Status ManagedPolicyTable::Update(const ManagedPolicy& p) {
  return connection_.Run(
      "UPDATE managed_policies SET (default_version, latest_version, updated) = (?, ?, ?) WHERE id = ?",
      p.default_version, p.latest_version, p.updated, p.id);
}

absl::Status ManagedPolicyTable::Delete(const std::string& id) {
  return connection_.Run("DELETE FROM managed_policies WHERE id = ?", id);
}

absl::Status ManagedPolicyTable::InsertVersion(const std::string& policy_id, const PolicyVersion& version) {
  return connection_.Run("INSERT INTO policy_versions (policy_id, number, document, created) VALUES (?, ?, ?, ?)",
                         policy_id, version.number, version.document, version.created);
}

absl::StatusOr<std::vector<PolicyVersion>> ManagedPolicyTable::Versions(const std::string& policy_id) {
  const auto read = [](store::Row& row) {
    PolicyVersion version;
    row.Read(version.number, version.document, version.created);
    return version;
  };
  return connection_.All(
      "SELECT number, document, created FROM policy_versions WHERE policy_id = ? ORDER BY number DESC", read,
      policy_id);
}

absl::StatusOr<bool> ManagedPolicyTable::DeleteVersion(const std::string& policy_id, int64_t number) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM policy_versions WHERE policy_id = ? AND number = ?", policy_id, number));
  return connection_.changed_rows() > 0;
}

}  // namespace brume::iam
