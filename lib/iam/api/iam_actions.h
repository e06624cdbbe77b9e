// Every action of IAM and STS.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/iam/api/iam_services.h"

namespace brume::iam {

// `services` must outlive the dispatcher.
void AddIamActions(gateway::Actions& actions, const IamServices& services);

}  // namespace brume::iam
