// Reads what monitoring tells about a group's policies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/autoscaling/evaluation.h"
#include "lib/autoscaling/model/record.h"
#include "lib/autoscaling/signals.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/resource/account.h"

namespace brume::autoscaling {

// What a predictive policy foresees, hour by hour.
struct Forecast {
  absl::Time first_hour;
  std::vector<double> loads;
  std::vector<int> capacities;
  absl::Time made;
  // What a unit of the load is of the metric that has the target, times members.
  double per_load = 1;
};

// What is remembered of one policy between looks.
struct PolicyWatch {
  scaling::PolicyMemory memory;
  // Of target tracking: when the newest datapoint that was used ended.
  absl::Time used = absl::InfinitePast();
  // Of simple and step scaling: how many of its alarms' invocations were used.
  int64_t invocations_used = 0;
  // Of predictive scaling: made anew each hour.
  std::optional<Forecast> forecast;
};
// By the policies' ids.
using PolicyWatches = std::map<std::string, PolicyWatch>;

// Thread-safe.
class SignalReader {
 public:
  SignalReader(SignalSources sources, const Clock& clock, Account account)
      : sources_(std::move(sources)), clock_(clock), account_(std::move(account)) {}

  // An alarm invoked the policy: its next signal says so, once.
  void Trigger(const std::string& policy_arn);

  // One for each policy of the snapshot. What was used is noted in `watches` and nowhere else: whoever does not keep
  // them reads the same again.
  absl::StatusOr<Signals> Read(const Snapshot& snapshot, PolicyWatches& watches) const;
  absl::StatusOr<Forecast> ForecastOf(const scaling::PolicyRecord& policy) const;

 private:
  // Of each hour from `from` to the end of the history what the queries give; none where nothing was measured.
  absl::StatusOr<std::vector<std::optional<double>>> HoursOf(const std::vector<alarm::WatchQuery>& queries,
                                                             absl::Time from) const;
  absl::Status ForecastPredefined(const scaling::PolicyRecord& policy, absl::Time from, Forecast& forecast) const;
  absl::Status ForecastCustom(const scaling::PolicyRecord& policy, absl::Time from, Forecast& forecast) const;
  void ReadAlarms(const scaling::PolicyRecord& policy, PolicyWatch& watch, scaling::Signal& signal) const;
  absl::Status ReadDatapoint(const Snapshot& snapshot, const scaling::PolicyRecord& policy, PolicyWatch& watch,
                             scaling::Signal& signal) const;
  absl::Status ReadCustom(const scaling::PolicyRecord& policy, PolicyWatch& watch, scaling::Signal& signal) const;
  absl::Status ReadForecast(const Snapshot& snapshot, const scaling::PolicyRecord& policy, PolicyWatch& watch,
                            scaling::Signal& signal, Signals& all) const;

  const SignalSources sources_;
  const Clock& clock_;
  const Account account_;
  mutable Mutex mutex_;
  std::map<std::string, int64_t> invocations_
      ABSL_GUARDED_BY(mutex_);  // by ARN: how often alarms have invoked the policy
};

}  // namespace brume::autoscaling
