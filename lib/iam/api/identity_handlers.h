// The actions on users, groups and roles.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IamTagService;
class IdentityService;

void AddIdentityActions(gateway::Actions& actions, IdentityService& identities, IamTagService& tags);

}  // namespace brume::iam
