// Actions on what IAM keeps of users beside access keys: there is none of it.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/iam/identity_service.h"

namespace brume::iam {

void AddUserCredentialActions(gateway::Actions& actions, IdentityService& identities);

}  // namespace brume::iam
