// Evaluates each alarm on a metric once in each of its periods, and at once when it is put.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/model/alarm.h"

namespace brume::cloudwatch {

struct AlarmEvaluatorParts {
  AlarmService& alarms;
  const Clock& clock;
  AlarmReader read;
  // An alarm with enabled actions is, after an evaluation that changed nothing, still in the state whose actions name
  // this scaling policy: as in CloudWatch, these are asked again in each period.
  std::function<void(const std::string& action)> on_scaling = {};
};

// Thread-safe.
class AlarmEvaluator {
 public:
  explicit AlarmEvaluator(AlarmEvaluatorParts parts);
  // All alarms that are there are due. Without it WakeAll and EvaluateDue are the caller's.
  void Start();
  void Stop();

  // The alarm was put: it is evaluated at once, and then in its periods.
  void Wake(const std::string& name);
  void WakeAll();
  // Finds out anew when something is due next: it may be sooner than it was.
  void Reschedule();

  // Evaluates what is due, and says when something is next.
  absl::Time EvaluateDue();

 private:
  std::vector<AlarmPtr> TakeDue(absl::Time now);
  absl::StatusOr<AlarmVerdict> Evaluate(const AlarmPtr& alarm, absl::Time now) const;
  void Schedule(const std::string& name, absl::Time due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AskScaling(const std::vector<AlarmVerdict>& verdicts) const;

  const AlarmEvaluatorParts parts_;
  Mutex mutex_;
  std::set<std::pair<absl::Time, std::string>> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, absl::Time> due_ ABSL_GUARDED_BY(mutex_);
  // Of the one thread that evaluates.
  absl::Time evict_due_;  // when old history is to be evicted
  absl::Time evaluated_ = absl::InfinitePast();
  Periodic loop_;  // last: it uses all the others
};

}  // namespace brume::cloudwatch
