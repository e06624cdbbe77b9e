// The actions that define and change alarms, their states and their tags; what describes alarms is in
// alarm_describe_handlers.h.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/resource/account.h"

namespace brume::cloudwatch {

class AlarmService;

void AddAlarmActions(gateway::Actions& actions, AlarmService& alarms, const Account& account);

}  // namespace brume::cloudwatch
