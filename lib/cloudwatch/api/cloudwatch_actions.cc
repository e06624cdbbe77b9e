#include "lib/cloudwatch/api/cloudwatch_actions.h"

#include "lib/cloudwatch/api/alarm_describe_handlers.h"
#include "lib/cloudwatch/api/alarm_handlers.h"
#include "lib/cloudwatch/api/metric_data_handlers.h"
#include "lib/cloudwatch/api/metric_handlers.h"

namespace brume::cloudwatch {

void AddCloudwatchActions(gateway::Actions& actions, const CloudwatchServices& services) {
  AddMetricActions(actions, services.metrics, services.clock);
  AddMetricDataActions(actions, services.metrics);
  AddAlarmActions(actions, services.alarms, services.settings.account());
  AddAlarmDescribeActions(actions, services.alarms, services.settings);
}

}  // namespace brume::cloudwatch
