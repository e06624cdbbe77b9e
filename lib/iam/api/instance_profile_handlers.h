// The actions of IAM on instance profiles.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IamTagService;
class IdentityService;
class InstanceProfileService;

void AddInstanceProfileActions(gateway::Actions& actions, InstanceProfileService& profiles, IdentityService& identities,
                               IamTagService& tags);

}  // namespace brume::iam
