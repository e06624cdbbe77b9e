// Every action of CloudWatch.
#pragma once

#include "lib/base/clock.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

class AlarmService;
class MetricService;

// All are thread-safe and must outlive the dispatcher.
struct CloudwatchServices {
  const Settings& settings;
  const Clock& clock;
  MetricService& metrics;
  AlarmService& alarms;
};

void AddCloudwatchActions(gateway::Actions& actions, const CloudwatchServices& services);

}  // namespace brume::cloudwatch
