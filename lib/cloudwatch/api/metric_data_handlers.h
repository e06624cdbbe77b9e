// GetMetricStatistics and GetMetricData.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::cloudwatch {

class MetricService;

void AddMetricDataActions(gateway::Actions& actions, MetricService& metrics);

}  // namespace brume::cloudwatch
