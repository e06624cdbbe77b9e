#include "lib/cloudwatch/guest_metrics.h"

#include <algorithm>

namespace brume::cloudwatch {
namespace {

constexpr std::array<GuestMetricInfo, kGuestMetrics> kInfos = {{
    {kEc2Namespace, "CPUUtilization", "Percent"},
    {kEc2Namespace, "NetworkIn", "Bytes"},
    {kEc2Namespace, "NetworkOut", "Bytes"},
    {kEc2Namespace, "NetworkPacketsIn", "Count"},
    {kEc2Namespace, "NetworkPacketsOut", "Count"},
    {kEc2Namespace, "DiskReadBytes", "Bytes"},
    {kEc2Namespace, "DiskWriteBytes", "Bytes"},
    {kEc2Namespace, "DiskReadOps", "Count"},
    {kEc2Namespace, "DiskWriteOps", "Count"},
    {kEc2Namespace, "StatusCheckFailed", "Count"},
    {kEc2Namespace, "StatusCheckFailed_Instance", "Count"},
    {kEc2Namespace, "StatusCheckFailed_System", "Count"},
    {kBrumeNamespace, "MemoryUtilization", "Percent"},
    {kBrumeNamespace, "MemoryUsed", "Bytes"},
    {kBrumeNamespace, "MemoryAvailable", "Bytes"},
}};

constexpr double kWhole = 100;

std::optional<double>& At(GuestValues& values, GuestMetric metric) { return values[static_cast<size_t>(metric)]; }

std::optional<double> Failed(compute::CheckStatus status) {
  if (status == compute::CheckStatus::kPassed) return 0;
  if (status == compute::CheckStatus::kFailed) return 1;
  return std::nullopt;
}

}  // namespace

bool IsStatusCheck(GuestMetric metric) {
  return metric == GuestMetric::kStatusCheckFailed || metric == GuestMetric::kStatusCheckFailedInstance ||
         metric == GuestMetric::kStatusCheckFailedSystem;
}

const std::array<GuestMetricInfo, kGuestMetrics>& AllGuestMetrics() { return kInfos; }

bool IsOfDisk(GuestMetric metric) {
  return metric >= GuestMetric::kDiskReadBytes && metric <= GuestMetric::kDiskWriteOps;
}

bool BeganAnew(const GuestCounters& before, const GuestCounters& now) {
  if (before.cpu_time.has_value() && now.cpu_time.has_value() && *now.cpu_time < *before.cpu_time) return true;
  if (before.disk.has_value() && now.disk.has_value() &&
      (now.disk->read_bytes < before.disk->read_bytes || now.disk->write_bytes < before.disk->write_bytes ||
       now.disk->read_operations < before.disk->read_operations ||
       now.disk->write_operations < before.disk->write_operations)) {
    return true;
  }
  return before.network.has_value() && now.network.has_value() &&
         (now.network->bytes_in < before.network->bytes_in || now.network->bytes_out < before.network->bytes_out ||
          now.network->packets_in < before.network->packets_in ||
          now.network->packets_out < before.network->packets_out);
}

GuestValues ValuesBetween(const GuestCounters& before, const GuestCounters& now, int64_t vcpus) {
  GuestValues values;
  const absl::Duration elapsed = now.time - before.time;
  if (before.cpu_time.has_value() && now.cpu_time.has_value() && elapsed > absl::ZeroDuration()) {
    const double share = absl::FDivDuration(*now.cpu_time - *before.cpu_time, elapsed);
    // What QEMU does for the guest beside its processors counts too, and can make it more than all of them.
    At(values, GuestMetric::kCpuUtilization) =
        std::clamp(kWhole * share / static_cast<double>(std::max<int64_t>(vcpus, 1)), 0.0, kWhole);
  }
  const auto set = [&](GuestMetric metric, int64_t then, int64_t present) {
    At(values, metric) = static_cast<double>(present - then);
  };
  if (before.network.has_value() && now.network.has_value()) {
    set(GuestMetric::kNetworkIn, before.network->bytes_in, now.network->bytes_in);
    set(GuestMetric::kNetworkOut, before.network->bytes_out, now.network->bytes_out);
    set(GuestMetric::kNetworkPacketsIn, before.network->packets_in, now.network->packets_in);
    set(GuestMetric::kNetworkPacketsOut, before.network->packets_out, now.network->packets_out);
  }
  if (before.disk.has_value() && now.disk.has_value()) {
    set(GuestMetric::kDiskReadBytes, before.disk->read_bytes, now.disk->read_bytes);
    set(GuestMetric::kDiskWriteBytes, before.disk->write_bytes, now.disk->write_bytes);
    set(GuestMetric::kDiskReadOps, before.disk->read_operations, now.disk->read_operations);
    set(GuestMetric::kDiskWriteOps, before.disk->write_operations, now.disk->write_operations);
  }
  if (now.memory.has_value() && now.memory->total_bytes > 0) {
    const auto total = static_cast<double>(now.memory->total_bytes);
    const double usable = std::clamp(static_cast<double>(now.memory->usable_bytes), 0.0, total);
    At(values, GuestMetric::kMemoryUtilization) = kWhole * (total - usable) / total;
    At(values, GuestMetric::kMemoryUsed) = total - usable;
    At(values, GuestMetric::kMemoryAvailable) = usable;
  }
  return values;
}

void AddStatus(const compute::InstanceStatus& status, GuestValues& values) {
  const std::optional<double> instance = Failed(status.instance), system = Failed(status.system);
  At(values, GuestMetric::kStatusCheckFailedInstance) = instance;
  At(values, GuestMetric::kStatusCheckFailedSystem) = system;
  std::optional<double>& any = At(values, GuestMetric::kStatusCheckFailed);
  any = std::nullopt;
  if (instance.has_value() && system.has_value()) any = std::max(*instance, *system);
  // One that failed is enough to know.
  if (instance == 1 || system == 1) any = 1;
}

}  // namespace brume::cloudwatch
