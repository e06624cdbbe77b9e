// Managed policies and their versions, AWS's and the account's: the rules of IAM. Every call is one transaction, and
// what it changed holds from the next question to the Authorizer on.
//
// Errors are IAM's: NoSuchEntity, EntityAlreadyExists, AccessDenied for a change of AWS's own, DeleteConflict,
// LimitExceeded, ValidationError, MalformedPolicyDocument. Limits are the defaults of an account at AWS.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/iam/model/identity.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

// A managed policy, AWS's or the account's, as the API shows it.
struct PolicyView {
  ManagedPolicy policy;
  std::string arn;
  int64_t attachments = 0;
  int64_t boundaries = 0;  // of users and roles
};

// Thread-safe.
class ManagedPolicyService {
 public:
  // `on_change` runs after each committed change.
  ManagedPolicyService(store::Database& database, const Clock& clock, Random& random, std::string account_id,
                       std::function<void()> on_change);

  struct Draft {
    std::string name, path, description, document;
    TagMap tags = {};
  };
  absl::StatusOr<PolicyView> Create(const Draft& draft);
  absl::StatusOr<PolicyView> Get(const std::string& arn);
  // The account's and AWS's, by name.
  absl::StatusOr<std::vector<PolicyView>> List(const std::string& path_prefix);
  // Who has it: attached, or as a permissions boundary. By kind and name.
  struct Use {
    bool attached = true, boundary = true;
  };
  absl::StatusOr<std::vector<Identity>> Holders(const std::string& arn, Use use);
  absl::Status Delete(const std::string& arn);
  absl::StatusOr<PolicyVersion> CreateVersion(const std::string& arn, const std::string& document, bool as_default);
  // Newest first.
  absl::StatusOr<std::vector<PolicyVersion>> Versions(const std::string& arn);
  absl::Status DeleteVersion(const std::string& arn, int64_t number);
  absl::Status SetDefaultVersion(const std::string& arn, int64_t number);

 private:
  absl::Status Write(const std::function<absl::Status(store::Connection&)>& change);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::string account_id_;
  const std::function<void()> on_change_;
};

}  // namespace brume::iam
