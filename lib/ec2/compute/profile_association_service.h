// Gives instances their instance profiles. What a profile is, and which role it has, is IAM's.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/profile_association.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/store/database.h"

namespace brume::compute {

// Thread-safe.
class ProfileAssociationService {
 public:
  // All must outlive it.
  ProfileAssociationService(store::Database& database, const Clock& clock, Random& random,
                            iam::InstanceProfileService& profiles)
      : database_(database), clock_(clock), random_(random), profiles_(profiles) {}

  // Errors: InvalidInstanceID.NotFound, IncorrectInstanceState, IncorrectState when it has a profile.
  absl::StatusOr<ProfileAssociation> Associate(const InstanceId& instance, const InstanceProfile& profile);
  // Error: NoSuchAssociation. Replace makes another association.
  absl::StatusOr<ProfileAssociation> Disassociate(const std::string& association_id);
  absl::StatusOr<ProfileAssociation> Replace(const std::string& association_id, const InstanceProfile& profile);
  // Of instances that are not terminated, by id; those of `ids` alone, where there are any.
  absl::StatusOr<std::vector<ProfileAssociation>> List(absl::Span<const std::string> ids = {});

 private:
  ProfileAssociation NewAssociation(const InstanceId& instance, const InstanceProfile& profile);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  iam::InstanceProfileService& profiles_;
};

}  // namespace brume::compute
