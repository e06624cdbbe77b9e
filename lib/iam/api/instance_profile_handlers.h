// The actions of IAM on instance profiles.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class InstanceProfileService;

void AddInstanceProfileActions(gateway::Actions& actions, InstanceProfileService& profiles);

}  // namespace brume::iam
