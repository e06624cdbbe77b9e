#include "lib/cloudwatch/api/cloudwatch_actions.h"

#include "lib/base/status_macros.h"
#include "lib/cloudwatch/api/alarm_describe_handlers.h"
#include "lib/cloudwatch/api/alarm_handlers.h"
#include "lib/cloudwatch/api/metric_data_handlers.h"
#include "lib/cloudwatch/api/metric_handlers.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/gateway/resource_facts.h"

namespace brume::cloudwatch {

void AddCloudwatchActions(gateway::Actions& actions, const CloudwatchServices& services) {
  AddMetricActions(actions, services.metrics, services.settings, services.clock);
  AddMetricDataActions(actions, services.metrics, services.settings);
  AddAlarmActions(actions, services.alarms, services.settings);
  AddAlarmDescribeActions(actions, services.alarms, services.settings);
  actions.facts().Add("alarm",
                      [&alarms = services.alarms, account = services.settings.account()](
                          const std::string& name) -> absl::StatusOr<AccessContext> {
                        ASSIGN_OR_RETURN(const TagMap tags, alarms.Tags(alarm::AlarmArn(account, name)));
                        AccessContext facts;
                        gateway::AddTagFacts(tags, facts, "aws");
                        return facts;
                      });
}

}  // namespace brume::cloudwatch
