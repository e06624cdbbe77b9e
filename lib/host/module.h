// The host as a service of its own: what it is, how its calls fare, and the record of calls.
#pragma once

#include <utility>

#include "lib/gateway/actions.h"
#include "lib/gateway/call_statistics.h"
#include "lib/gateway/event_log.h"
#include "lib/host/host_report.h"
#include "lib/resource/settings.h"

namespace brume::host {

// What it is given outlives it, and it outlives the dispatcher. It has no threads to start.
class HostModule {
 public:
  HostModule(const Settings& settings, gateway::EventLog& events, gateway::CallStatistics& statistics,
             HostFunctions functions)
      : settings_(settings), events_(events), statistics_(statistics), functions_(std::move(functions)) {}

  void Register(gateway::Actions& actions);

 private:
  const Settings& settings_;
  gateway::EventLog& events_;
  gateway::CallStatistics& statistics_;
  const HostFunctions functions_;
};

}  // namespace brume::host
