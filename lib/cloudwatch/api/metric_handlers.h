// PutMetricData and ListMetrics.
#pragma once

#include "lib/base/clock.h"
#include "lib/gateway/actions.h"

namespace brume::cloudwatch {

class MetricService;

void AddMetricActions(gateway::Actions& actions, MetricService& metrics, const Clock& clock);

}  // namespace brume::cloudwatch
