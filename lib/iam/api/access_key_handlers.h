// The actions on access keys. Where a call names no user it is about the caller.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class AccessKeyService;
class IdentityService;

void AddAccessKeyActions(gateway::Actions& actions, AccessKeyService& keys, IdentityService& identities);

}  // namespace brume::iam
