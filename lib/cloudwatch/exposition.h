// What is measured, in Prometheus' text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <string>
#include <vector>

#include "lib/cloudwatch/sampler.h"
#include "lib/gateway/call_statistics.h"

namespace brume::cloudwatch {

// Of this process, as /proc tells it.
struct ProcessUse {
  double cpu_seconds = 0;
  double resident_bytes = 0;
};
ProcessUse ReadProcessUse();

std::string ExpositionText(const std::vector<GuestSnapshot>& guests,
                           const std::vector<gateway::ActionStatistics>& calls, int64_t dropped_values,
                           const ProcessUse& process);

}  // namespace brume::cloudwatch
