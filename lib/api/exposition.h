// What is measured, in Prometheus' text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <string>
#include <vector>

#include "lib/api/call_statistics.h"
#include "lib/monitoring/sampler.h"

namespace brume::api {

// Of this process, as /proc tells it.
struct ProcessUse {
  double cpu_seconds = 0;
  double resident_bytes = 0;
};
ProcessUse ReadProcessUse();

std::string ExpositionText(const std::vector<monitoring::GuestSnapshot>& guests,
                           const std::vector<ActionStatistics>& calls, int64_t dropped_values,
                           const ProcessUse& process);

}  // namespace brume::api
