// brume.host.v1.Events: the record of calls.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/gateway/event_log.h"

namespace brume::host {

// What it is given outlives the dispatcher.
void AddEventActions(gateway::Actions& actions, gateway::EventLog& events);

}  // namespace brume::host
