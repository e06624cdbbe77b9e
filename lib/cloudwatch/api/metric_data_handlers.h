// GetMetricStatistics and GetMetricData.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

class MetricService;

void AddMetricDataActions(gateway::Actions& actions, MetricService& metrics, const Settings& settings);

}  // namespace brume::cloudwatch
