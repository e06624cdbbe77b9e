// Actions of network insights.
#pragma once

#include "lib/ec2/network/insights_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

void AddInsightsActions(gateway::Actions& actions, network::InsightsService& insights, const Settings& settings);

}  // namespace brume::ec2
