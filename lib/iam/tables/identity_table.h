// Repositories of users, groups and roles, and of policies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/iam/model/identity.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::iam {

class IdentityTable {
 public:
  explicit IdentityTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const Identity& identity);  // AlreadyExists when the name is taken
  // By its exact name.
  absl::StatusOr<std::optional<Identity>> Find(IdentityKind kind, const std::string& name);
  absl::StatusOr<std::optional<Identity>> FindById(const std::string& id);
  // Those whose path begins with `path_prefix`, by name.
  absl::StatusOr<std::vector<Identity>> List(IdentityKind kind, const std::string& path_prefix);
  // All but id, kind and created. AlreadyExists when the new name is taken; Aborted unless the row still has `version`,
  // of which it sets the next.
  absl::Status Update(Identity& identity);
  // FailedPrecondition while policies or memberships are left.
  absl::Status Delete(const std::string& id);

  // OK when it is so already.
  absl::Status AddMember(const std::string& group_id, const std::string& user_id);
  // False when the user is not in the group.
  absl::StatusOr<bool> RemoveMember(const std::string& group_id, const std::string& user_id);
  absl::StatusOr<std::vector<Identity>> GroupsOf(const std::string& user_id);
  absl::StatusOr<std::vector<Identity>> MembersOf(const std::string& group_id);

  // Inline policies: name → document.
  absl::Status PutInline(const std::string& identity_id, const std::string& name, const std::string& document);
  absl::StatusOr<bool> DeleteInline(const std::string& identity_id, const std::string& name);
  absl::StatusOr<std::map<std::string, std::string>> Inline(const std::string& identity_id);

  // ARNs of managed policies, in order.
  absl::Status Attach(const std::string& identity_id, const std::string& policy_arn);
  absl::StatusOr<bool> Detach(const std::string& identity_id, const std::string& policy_arn);
  absl::StatusOr<std::vector<std::string>> Attached(const std::string& identity_id);
  // Who has the policy attached, and whose permissions boundary it is.
  absl::StatusOr<std::vector<Identity>> AttachedTo(const std::string& policy_arn);
  absl::StatusOr<std::vector<Identity>> BoundedBy(const std::string& policy_arn);
  // Of every policy that has any.
  absl::StatusOr<std::map<std::string, int64_t>> AttachmentCounts();
  // Of every policy that is somebody's permissions boundary.
  absl::StatusOr<std::map<std::string, int64_t>> BoundaryCounts();

 private:
  store::Connection& connection_;
};

class ManagedPolicyTable {
 public:
  explicit ManagedPolicyTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const ManagedPolicy& policy);  // AlreadyExists when the name is taken
  absl::StatusOr<std::optional<ManagedPolicy>> Find(const std::string& path, const std::string& name);
  absl::StatusOr<std::vector<ManagedPolicy>> List(const std::string& path_prefix);  // by name
  // Its numbers and `updated`. Aborted unless the row still has `version`, of which it sets the next.
  absl::Status Update(ManagedPolicy& policy);
  absl::Status Delete(const std::string& id);  // with its versions

  absl::Status InsertVersion(const std::string& policy_id, const PolicyVersion& version);
  absl::StatusOr<std::vector<PolicyVersion>> Versions(const std::string& policy_id);  // newest first
  absl::StatusOr<bool> DeleteVersion(const std::string& policy_id, int64_t number);

 private:
  store::Connection& connection_;
};

}  // namespace brume::iam
