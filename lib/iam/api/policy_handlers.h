// The actions on managed policies and their versions.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IdentityService;

void AddPolicyActions(gateway::Actions& actions, IdentityService& identities);

}  // namespace brume::iam
