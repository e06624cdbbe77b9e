// The actions that describe alarms: their definitions and states, and their history.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

class AlarmService;

void AddAlarmDescribeActions(gateway::Actions& actions, AlarmService& alarms, const Settings& settings);

}  // namespace brume::cloudwatch
