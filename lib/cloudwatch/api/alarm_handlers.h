// The actions that define and change alarms, their states and their tags; what describes alarms is in
// alarm_describe_handlers.h.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

class AlarmService;

void AddAlarmActions(gateway::Actions& actions, AlarmService& alarms, const Settings& settings);

}  // namespace brume::cloudwatch
