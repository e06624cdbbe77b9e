// Which instance has which instance profile.
#pragma once

#include "lib/ec2/compute/profile_association_service.h"
#include "lib/gateway/actions.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddInstanceProfileAssociationActions(gateway::Actions& actions, iam::InstanceProfileService& profiles,
                                          compute::ProfileAssociationService& associations, const Settings& settings);

}  // namespace brume::ec2
