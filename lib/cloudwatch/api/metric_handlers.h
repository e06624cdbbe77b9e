// PutMetricData and ListMetrics.
#pragma once

#include "lib/base/clock.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

class MetricService;

void AddMetricActions(gateway::Actions& actions, MetricService& metrics, const Settings& settings, const Clock& clock);

}  // namespace brume::cloudwatch
