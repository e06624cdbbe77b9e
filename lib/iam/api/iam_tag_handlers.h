// Actions on tags of users, roles, policies and instance profiles.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/iam/iam_tag_service.h"

namespace brume::iam {

void AddIamTagActions(gateway::Actions& actions, IamTagService& tags);

}  // namespace brume::iam
