// The actions on managed policies and their versions.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IamTagService;
class ManagedPolicyService;

void AddPolicyActions(gateway::Actions& actions, ManagedPolicyService& policies, IamTagService& tags);

}  // namespace brume::iam
