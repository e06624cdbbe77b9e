// Users, groups, roles, and the policies each has: the rules of IAM. Every call is one transaction, and what it changed
// holds from the next question to the Authorizer on.
//
// Errors are IAM's: NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded, ValidationError,
// MalformedPolicyDocument. Limits are the defaults of an account at AWS.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/gateway/caller.h"
#include "lib/iam/model/identity.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

// What UpdateUser and UpdateRole set; what is not there stays.
struct IdentityChange {
  std::optional<std::string> name, path, description, trust_policy;
  std::optional<int64_t> max_session_seconds;
};

class IdentityService {
 public:
  // `on_change` runs after each committed change: Authorizer::Evict.
  IdentityService(store::Database& database, const Clock& clock, Random& random, std::string account_id,
                  std::function<void()> on_change);

  const std::string& account_id() const { return account_id_; }

  // Takes kind, name, path and what is of roles; gives it id and time. Errors also those of IamTagTable::Set.
  absl::StatusOr<Identity> Create(Identity draft, const TagMap& tags = {});
  absl::StatusOr<Identity> Get(IdentityKind kind, const std::string& name);
  // Makes the caller the user of this name, whom it has proved to be. Error: AuthFailure when there is no such user.
  absl::Status Become(const std::string& user, Caller& caller);
  absl::StatusOr<Identity> GetById(const std::string& user_id);
  absl::StatusOr<std::vector<Identity>> List(IdentityKind kind, const std::string& path_prefix);
  absl::Status Update(IdentityKind kind, const std::string& name, const IdentityChange& change);
  absl::Status Delete(IdentityKind kind, const std::string& name);
  // Of a user or a role; an empty ARN takes the boundary away.
  absl::Status SetBoundary(IdentityKind kind, const std::string& name, const std::string& policy_arn);

  absl::Status AddMember(const std::string& group, const std::string& user);
  absl::Status RemoveMember(const std::string& group, const std::string& user);
  absl::StatusOr<std::vector<Identity>> GroupsOf(const std::string& user);
  absl::StatusOr<std::vector<Identity>> MembersOf(const std::string& group);

  absl::Status PutInline(IdentityKind kind, const std::string& name, const std::string& policy,
                         const std::string& document);
  absl::Status DeleteInline(IdentityKind kind, const std::string& name, const std::string& policy);
  // Name → document.
  absl::StatusOr<std::map<std::string, std::string>> Inline(IdentityKind kind, const std::string& name);
  absl::StatusOr<std::string> GetInline(IdentityKind kind, const std::string& name, const std::string& policy);

  absl::Status Attach(IdentityKind kind, const std::string& name, const std::string& policy_arn);
  absl::Status Detach(IdentityKind kind, const std::string& name, const std::string& policy_arn);
  absl::StatusOr<std::vector<std::string>> Attached(IdentityKind kind, const std::string& name);

 private:
  absl::Status CheckBoundary(store::Connection& c, const std::string& policy_arn) const;
  absl::Status Write(const std::function<absl::Status(store::Connection&)>& change);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::string account_id_;
  const std::function<void()> on_change_;
};

}  // namespace brume::iam
