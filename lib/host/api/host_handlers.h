// brume.host.v1.Host: what the host is and how its calls fare.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/gateway/call_statistics.h"
#include "lib/host/host_report.h"
#include "lib/resource/settings.h"

namespace brume::host {

// What it is given outlives the dispatcher.
void AddHostActions(gateway::Actions& actions, const HostFunctions& functions, const Settings& settings,
                    gateway::CallStatistics& statistics);

}  // namespace brume::host
