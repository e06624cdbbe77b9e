#include "lib/iam/tables/identity_table.h"

#include <tuple>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::iam {
namespace {

const auto& Identities() {
  using I = Identity;
  static const auto table = store::DescribeTable<I>(
      "identities", "identity", store::Key("id", &I::id), store::Version(&I::version), store::Fixed("kind", &I::kind),
      store::Column("name", &I::name), store::Column("path", &I::path), store::Fixed("created", &I::created),
      store::Column("trust_policy", &I::trust_policy), store::Column("description", &I::description),
      store::Column("max_session_seconds", &I::max_session_seconds),
      store::Column("permissions_boundary", &I::permissions_boundary), store::Unmapped("seq"));
  return table;
}

struct Membership {
  std::string group_id, user_id;
};
const auto& Memberships() {
  static const auto table = store::DescribeTable<Membership>("group_members", "group membership",
                                                             store::Key("group_id", &Membership::group_id),
                                                             store::Key("user_id", &Membership::user_id));
  return table;
}

struct InlinePolicy {
  std::string identity_id, name, document;
};
const auto& InlinePolicies() {
  static const auto table = store::DescribeTable<InlinePolicy>(
      "inline_policies", "inline policy", store::Key("identity_id", &InlinePolicy::identity_id),
      store::Key("name", &InlinePolicy::name), store::Column("document", &InlinePolicy::document));
  return table;
}

struct Attachment {
  std::string identity_id, policy_arn;
};
const auto& Attachments() {
  static const auto table = store::DescribeTable<Attachment>("policy_attachments", "policy attachment",
                                                             store::Key("identity_id", &Attachment::identity_id),
                                                             store::Key("policy_arn", &Attachment::policy_arn));
  return table;
}

const auto& Policies() {
  using P = ManagedPolicy;
  static const auto table = store::DescribeTable<P>(
      "managed_policies", "managed policy", store::Key("id", &P::id), store::Version(&P::version),
      store::Fixed("name", &P::name), store::Fixed("path", &P::path), store::Fixed("description", &P::description),
      store::Column("default_version", &P::default_version), store::Column("latest_version", &P::latest_version),
      store::Fixed("created", &P::created), store::Column("updated", &P::updated), store::Unmapped("seq"));
  return table;
}

struct VersionRow {
  std::string policy_id;
  PolicyVersion version;
};
const auto& PolicyVersions() {
  constexpr auto kVersion = &VersionRow::version;
  static const auto table = store::DescribeTable<VersionRow>(
      "policy_versions", "version of the managed policy", store::Key("policy_id", &VersionRow::policy_id),
      store::Key("number", kVersion, &PolicyVersion::number),
      store::Fixed("document", kVersion, &PolicyVersion::document),
      store::Fixed("created", kVersion, &PolicyVersion::created));
  return table;
}

// Of rows of a text and a number.
absl::StatusOr<std::map<std::string, int64_t>> CountsBy(store::Connection& connection, const std::string& query) {
  std::map<std::string, int64_t> counts;
  RETURN_IF_ERROR(connection.Query(query, [&](store::Row& row) {
    std::string key;
    row.Read(key);
    row.Read(counts[key]);
  }));
  return counts;
}

}  // namespace

std::vector<store::TableDescription> IdentityTable::Describe() {
  return {Identities().Describe(), Memberships().Describe(), InlinePolicies().Describe(), Attachments().Describe()};
}

absl::Status IdentityTable::Insert(const Identity& identity) { return Identities().Insert(connection_, identity); }

absl::StatusOr<std::optional<Identity>> IdentityTable::Find(IdentityKind kind, const std::string& name) {
  // The index finds the name without regard to case, which may be another's spelling.
  return Identities().First(connection_, "identities WHERE kind = ?1 AND name = ?2 AND name = ?2 COLLATE BINARY", kind,
                            name);
}

absl::StatusOr<std::optional<Identity>> IdentityTable::FindById(const std::string& id) {
  return Identities().Find(connection_, id);
}

absl::StatusOr<std::vector<Identity>> IdentityTable::List(IdentityKind kind, const std::string& path_prefix) {
  return Identities().Select(
      connection_, "identities WHERE kind = ?1 AND substr(path, 1, length(?2)) = ?2 ORDER BY name COLLATE BINARY", kind,
      path_prefix);
}

absl::Status IdentityTable::Update(Identity& identity) { return Identities().Update(connection_, identity); }

absl::Status IdentityTable::Delete(const std::string& id) { return Identities().Delete(connection_, id); }

absl::Status IdentityTable::AddMember(const std::string& group_id, const std::string& user_id) {
  return Memberships().Put(connection_, {group_id, user_id});
}

absl::StatusOr<bool> IdentityTable::RemoveMember(const std::string& group_id, const std::string& user_id) {
  RETURN_IF_ERROR(Memberships().Delete(connection_, std::tie(group_id, user_id)));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::vector<Identity>> IdentityTable::GroupsOf(const std::string& user_id) {
  return Identities().Select(
      connection_, "identities JOIN group_members ON group_id = id WHERE user_id = ? ORDER BY name COLLATE BINARY",
      user_id);
}

absl::StatusOr<std::vector<Identity>> IdentityTable::MembersOf(const std::string& group_id) {
  return Identities().Select(
      connection_, "identities JOIN group_members ON user_id = id WHERE group_id = ? ORDER BY name COLLATE BINARY",
      group_id);
}

absl::Status IdentityTable::PutInline(const std::string& identity_id, const std::string& name,
                                      const std::string& document) {
  return InlinePolicies().Put(connection_, {identity_id, name, document});
}

absl::StatusOr<bool> IdentityTable::DeleteInline(const std::string& identity_id, const std::string& name) {
  RETURN_IF_ERROR(InlinePolicies().Delete(connection_, std::tie(identity_id, name)));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::map<std::string, std::string>> IdentityTable::Inline(const std::string& identity_id) {
  ASSIGN_OR_RETURN(std::vector<InlinePolicy> rows,
                   InlinePolicies().Select(connection_, "inline_policies WHERE identity_id = ?", identity_id));
  std::map<std::string, std::string> policies;
  for (InlinePolicy& row : rows) policies.emplace(std::move(row.name), std::move(row.document));
  return policies;
}

absl::Status IdentityTable::Attach(const std::string& identity_id, const std::string& policy_arn) {
  return Attachments().Put(connection_, {identity_id, policy_arn});
}

absl::StatusOr<bool> IdentityTable::Detach(const std::string& identity_id, const std::string& policy_arn) {
  RETURN_IF_ERROR(Attachments().Delete(connection_, std::tie(identity_id, policy_arn)));
  return connection_.changed_rows() > 0;
}

absl::StatusOr<std::vector<std::string>> IdentityTable::Attached(const std::string& identity_id) {
  ASSIGN_OR_RETURN(
      std::vector<Attachment> rows,
      Attachments().Select(connection_, "policy_attachments WHERE identity_id = ? ORDER BY policy_arn", identity_id));
  std::vector<std::string> arns;
  for (Attachment& row : rows) arns.push_back(std::move(row.policy_arn));
  return arns;
}

absl::StatusOr<std::vector<Identity>> IdentityTable::AttachedTo(const std::string& policy_arn) {
  return Identities().Select(connection_,
                             "identities WHERE id IN (SELECT identity_id FROM policy_attachments WHERE policy_arn = ?)",
                             policy_arn);
}

absl::StatusOr<std::vector<Identity>> IdentityTable::BoundedBy(const std::string& policy_arn) {
  return Identities().Select(connection_, "identities WHERE permissions_boundary != '' AND permissions_boundary = ?",
                             policy_arn);
}

absl::StatusOr<std::map<std::string, int64_t>> IdentityTable::AttachmentCounts() {
  return CountsBy(connection_, "SELECT policy_arn, count(*) FROM policy_attachments GROUP BY policy_arn");
}

absl::StatusOr<std::map<std::string, int64_t>> IdentityTable::BoundaryCounts() {
  return CountsBy(connection_,
                  "SELECT permissions_boundary, count(*) FROM identities WHERE permissions_boundary != '' "
                  "GROUP BY permissions_boundary");
}

std::vector<store::TableDescription> ManagedPolicyTable::Describe() {
  return {Policies().Describe(), PolicyVersions().Describe()};
}

absl::Status ManagedPolicyTable::Insert(const ManagedPolicy& policy) { return Policies().Insert(connection_, policy); }

absl::StatusOr<std::optional<ManagedPolicy>> ManagedPolicyTable::Find(const std::string& path,
                                                                      const std::string& name) {
  return Policies().First(connection_, "managed_policies WHERE name = ?1 AND name = ?1 COLLATE BINARY AND path = ?2",
                          name, path);
}

absl::StatusOr<std::vector<ManagedPolicy>> ManagedPolicyTable::List(const std::string& path_prefix) {
  return Policies().Select(
      connection_, "managed_policies WHERE substr(path, 1, length(?1)) = ?1 ORDER BY name COLLATE BINARY", path_prefix);
}

absl::Status ManagedPolicyTable::Update(ManagedPolicy& policy) { return Policies().Update(connection_, policy); }

absl::Status ManagedPolicyTable::Delete(const std::string& id) { return Policies().Delete(connection_, id); }

absl::Status ManagedPolicyTable::InsertVersion(const std::string& policy_id, const PolicyVersion& version) {
  return PolicyVersions().Insert(connection_, {policy_id, version});
}

absl::StatusOr<std::vector<PolicyVersion>> ManagedPolicyTable::Versions(const std::string& policy_id) {
  ASSIGN_OR_RETURN(
      std::vector<VersionRow> rows,
      PolicyVersions().Select(connection_, "policy_versions WHERE policy_id = ? ORDER BY number DESC", policy_id));
  std::vector<PolicyVersion> versions;
  for (VersionRow& row : rows) versions.push_back(std::move(row.version));
  return versions;
}

absl::StatusOr<bool> ManagedPolicyTable::DeleteVersion(const std::string& policy_id, int64_t number) {
  RETURN_IF_ERROR(PolicyVersions().Delete(connection_, std::tie(policy_id, number)));
  return connection_.changed_rows() > 0;
}

}  // namespace brume::iam
