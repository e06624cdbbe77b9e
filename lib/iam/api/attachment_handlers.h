// The policies of users, groups and roles: the same seven actions for each of the three.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IdentityService;

void AddAttachmentActions(gateway::Actions& actions, IdentityService& identities);

}  // namespace brume::iam
