// Instance profiles. Which instances have them is EC2's: lib/ec2/compute/profile_association_service.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/iam/model/instance_profile.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

// Takes part in the caller's transaction. Nothing when there is none with this id.
absl::StatusOr<std::optional<InstanceProfile>> FindInstanceProfile(store::Connection& connection,
                                                                   const std::string& id);

// Thread-safe. Errors of what is IAM's are IAM's: NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded,
// ValidationError.
class InstanceProfileService {
 public:
  InstanceProfileService(store::Database& database, const Clock& clock, Random& random, std::string account_id);

  const std::string& account_id() const { return account_id_; }
  std::string ArnOf(const InstanceProfile& profile) const;

  absl::StatusOr<InstanceProfile> Create(const std::string& name, const std::string& path, const TagMap& tags = {});
  absl::StatusOr<InstanceProfile> Get(const std::string& name);
  absl::StatusOr<std::vector<InstanceProfile>> List(const std::string& path_prefix);
  absl::StatusOr<std::vector<InstanceProfile>> ListOfRole(const std::string& role);
  // Instances that have it keep it, and it gives them no role any more.
  absl::Status Delete(const std::string& name);
  absl::Status AddRole(const std::string& name, const std::string& role);
  absl::Status RemoveRole(const std::string& name, const std::string& role);

  // What a launch or an association names, by one of the two. Errors: InvalidParameterCombination,
  // InvalidParameterValue.
  absl::StatusOr<InstanceProfile> Resolve(const std::string& arn, const std::string& name);

  // The ARN of the role that the profile named so gives to instances: what iam:PassRole is asked about. Empty when it
  // gives none, when nothing is named, and when what is named is refused by Resolve: the call fails for that.
  absl::StatusOr<std::string> RoleArn(const std::string& arn, const std::string& name);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::string account_id_;
};

}  // namespace brume::iam
