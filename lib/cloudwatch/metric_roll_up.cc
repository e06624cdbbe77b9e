#include "lib/cloudwatch/metric_roll_up.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/metric.h"
#include "lib/cloudwatch/tables/metric_table.h"

namespace brume::cloudwatch {
namespace {

// What is done in one transaction, so that others need not wait long.
constexpr size_t kPackAtOnce = 20;
constexpr int kDeleteAtOnce = 2000;
// Portions of each kind in one go: after a long absence there is much to do, and new values wait meanwhile.
constexpr int kMaxPortions = 500;
constexpr absl::Duration kDeleteEvery = absl::Minutes(10);

int64_t HourOf(absl::Time time) { return absl::ToUnixSeconds(time) / kSecondsInHour; }

}  // namespace

int64_t FirstUnpackedHour(absl::Time now, const MetricServiceOptions& options) {
  return HourOf(now - options.keep_seconds);
}

absl::Status MetricRollUp::Run() {
  MutexLock running(running_);
  RETURN_IF_ERROR(PackHours());
  const absl::Time now = clock_.Now();
  if (now - deleted_ < kDeleteEvery) return absl::OkStatus();
  RETURN_IF_ERROR(Delete());
  deleted_ = now;
  return absl::OkStatus();
}

absl::Status MetricRollUp::PackHours() {
  const int64_t first_unpacked = FirstUnpackedHour(clock_.Now(), options_);
  for (int portion = 0; portion < kMaxPortions;) {
    std::vector<int64_t> metrics;
    int64_t hour = 0;
    RETURN_IF_ERROR(database_.Read([&](store::Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(const std::optional<int64_t> first, MetricTable(connection).FirstMinute());
      hour = first.has_value() ? *first / kMinutesInHour : first_unpacked;
      if (hour >= first_unpacked) return absl::OkStatus();
      ASSIGN_OR_RETURN(metrics, MetricTable(connection).MetricsOfHour(hour));
      return absl::OkStatus();
    }));
    if (metrics.empty()) return absl::OkStatus();
    for (size_t done = 0; done < metrics.size() && portion < kMaxPortions; ++portion) {
      const size_t end = std::min(done + kPackAtOnce, metrics.size());
      WriterLock moving(moving_);
      RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
        for (size_t i = done; i < end; ++i) {
          RETURN_IF_ERROR(MetricTable(connection).PackHour(hour, metrics[i]));
        }
        return absl::OkStatus();
      }));
      done = end;
    }
  }
  return absl::OkStatus();
}

absl::Status MetricRollUp::Delete() {
  const absl::Time now = clock_.Now();
  const auto repeat = [&](const auto& change) -> absl::Status {
    absl::StatusOr<bool> more = true;
    for (int portion = 0; more.ok() && *more && portion < kMaxPortions; ++portion) {
      more = database_.WriteFor([&](store::Connection& connection) { return change(MetricTable(connection)); });
    }
    return more.status();
  };
  RETURN_IF_ERROR(repeat([&](MetricTable metrics) {
    return metrics.DeleteHourMinutesBefore(HourOf(now - options_.keep_minutes), kDeleteAtOnce);
  }));
  RETURN_IF_ERROR(repeat([&](MetricTable metrics) {
    return metrics.DeleteHoursBefore(HourOf(now - options_.keep_hours), kDeleteAtOnce);
  }));
  return repeat([&](MetricTable metrics) {
    return metrics.Evict(now - options_.keep_hours, options_.max_metrics, kDeleteAtOnce);
  });
}

}  // namespace brume::cloudwatch
