// Instance profiles: what IAM knows of them, and which instances have them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/iam/model/instance_profile.h"
#include "lib/store/database.h"

namespace brume::iam {

// Thread-safe. Errors of what is IAM's are IAM's: NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded,
// ValidationError.
class InstanceProfileService {
 public:
  InstanceProfileService(store::Database& database, const Clock& clock, Random& random, std::string account_id);

  std::string ArnOf(const InstanceProfile& profile) const;

  absl::StatusOr<InstanceProfile> Create(const std::string& name, const std::string& path);
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

  // Errors: InvalidInstanceID.NotFound, IncorrectInstanceState, IncorrectState when it has a profile.
  absl::StatusOr<ProfileAssociation> Associate(const InstanceId& instance, const InstanceProfile& profile);
  // Error: NoSuchAssociation. Replace makes another association.
  absl::StatusOr<ProfileAssociation> Disassociate(const std::string& association_id);
  absl::StatusOr<ProfileAssociation> Replace(const std::string& association_id, const InstanceProfile& profile);
  // Of instances that are not terminated, by id.
  absl::StatusOr<std::vector<ProfileAssociation>> Associations();

 private:
  ProfileAssociation NewAssociation(const InstanceId& instance, const InstanceProfile& profile);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::string account_id_;
};

}  // namespace brume::iam
