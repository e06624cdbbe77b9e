// The metrics of an instance, and how they follow from what its guest has used. No clock, no host.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/ec2/compute/guest_meter_service.h"
#include "lib/ec2/compute/status_service.h"

namespace brume::cloudwatch {

// EC2's own: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
inline constexpr char kEc2Namespace[] = "AWS/EC2";
// What EC2 does not tell of an instance from outside.
inline constexpr char kBrumeNamespace[] = "Brume/EC2";

enum class GuestMetric : size_t {
  kCpuUtilization,
  kNetworkIn,
  kNetworkOut,
  kNetworkPacketsIn,
  kNetworkPacketsOut,
  kDiskReadBytes,
  kDiskWriteBytes,
  kDiskReadOps,
  kDiskWriteOps,
  kStatusCheckFailed,
  kStatusCheckFailedInstance,
  kStatusCheckFailedSystem,
  kMemoryUtilization,
  kMemoryUsed,
  kMemoryAvailable,
};
inline constexpr size_t kGuestMetrics = 15;

struct GuestMetricInfo {
  const char* metric_namespace;
  const char* name;
  const char* unit;
};
bool IsStatusCheck(GuestMetric metric);
bool IsOfDisk(GuestMetric metric);
const std::array<GuestMetricInfo, kGuestMetrics>& AllGuestMetrics();

struct NetworkCounters {
  int64_t bytes_in = 0, bytes_out = 0;
  int64_t packets_in = 0, packets_out = 0;
};

// All counters of a guest as they were at one time.
struct GuestCounters {
  absl::Time time;
  std::optional<absl::Duration> cpu_time = {};
  std::optional<compute::GuestStatistics::Disk> disk = {};
  std::optional<compute::GuestStatistics::Memory> memory = {};
  std::optional<NetworkCounters> network = {};  // of all its interfaces together
};

// What is not known is unset.
using GuestValues = std::array<std::optional<double>, kGuestMetrics>;

// Whether a counter is smaller than it was: the guest began anew between the two.
bool BeganAnew(const GuestCounters& before, const GuestCounters& now);
// Over the time between the two: CPU as percent of what `vcpus` processors can do, bytes, packets and operations as
// they are counted, memory as it is now. `now` is later, and did not begin anew.
GuestValues ValuesBetween(const GuestCounters& before, const GuestCounters& now, int64_t vcpus);
// 1 for a check that failed, 0 for one that passed; none while it is not known.
void AddStatus(const compute::InstanceStatus& status, GuestValues& values);

}  // namespace brume::cloudwatch
