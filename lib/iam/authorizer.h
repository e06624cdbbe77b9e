// Whether policies allow a call: those of the user and of the user's groups, or those of the role within the bounds of
// the session, and within the permissions boundary of either. Source: "Policy evaluation logic" in the IAM User Guide.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/caller.h"
#include "lib/iam/model/policy.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

// Thread-safe. What an identity may do is read once and cached until Evict.
class Authorizer {
 public:
  Authorizer(store::Database& database, std::string account_id);

  // Every resource of the question must be allowed. Error: PermissionDenied, which says for which one and why it is
  // not; the words follow "is not authorized to perform: ACTION".
  absl::Status Authorize(const Caller& caller, const AccessQuestion& question);

  // The same by the policy of the VPC endpoint that the call came through, which a root key meets too.
  absl::Status AuthorizeByEndpoint(const Caller& caller, const std::string& endpoint_policy,
                                   const AccessQuestion& question);

  // After each change of users, groups, roles or policies, once it is committed.
  void Evict() { ++generation_; }

 private:
  using Policies = std::vector<std::shared_ptr<const Policy>>;
  // What an identity may do, what limits that, and its tags.
  struct Grants {
    Policies policies;
    std::shared_ptr<const Policy> boundary;  // null without one
    TagMap tags;
  };
  struct Kept {
    uint64_t generation = 0;
    std::shared_ptr<const Grants> grants;
  };

  absl::StatusOr<std::shared_ptr<const Grants>> GrantsOf(const std::string& identity_id);
  // Of a session or an endpoint; whether there is a Principal in it tells the two apart.
  absl::StatusOr<std::shared_ptr<const Policy>> KeptPolicy(const std::string& json, PolicyKind kind);
  // The policies of a role's session, of which each allows what the session may do. Those that are gone allow nothing.
  absl::StatusOr<Policies> SessionPolicies(const Caller& caller);
  PolicyCaller NamesOf(const Caller& caller) const;
  // A resource of IAM's as policies know it, the id of what has its tags, empty where that is not there, and what
  // limits it.
  struct IamResource {
    std::string arn, id;
    std::string boundary = {};
  };
  absl::StatusOr<IamResource> Resolve(const std::string& arn);
  absl::Status AddIamFacts(const IamResource& resource, AccessContext& context);

  store::Database& database_;
  const std::string account_id_;
  std::atomic<uint64_t> generation_ = 0;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Kept> kept_ ABSL_GUARDED_BY(mutex_);  // by the identity's id
  absl::flat_hash_map<std::string, std::shared_ptr<const Policy>> policies_ ABSL_GUARDED_BY(mutex_);  // by their JSON
};

}  // namespace brume::iam
