// The actions of STS.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/iam/api/iam_services.h"

namespace brume::iam {

// `services` must outlive the dispatcher.
void AddStsActions(gateway::Actions& actions, const IamServices& services);

}  // namespace brume::iam
