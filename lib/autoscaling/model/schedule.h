// Scheduled actions: a group's sizes by the clock.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lib/autoscaling/model/cron.h"
#include "lib/autoscaling/model/group.h"

namespace brume::scaling {

struct ScheduledAction {
  std::string name;
  // Of a recurring action its bounds; of one without recurrence `start` is when it runs.
  std::optional<absl::Time> start;
  std::optional<absl::Time> end;
  std::optional<Cron> recurrence;
  absl::TimeZone zone = absl::UTCTimeZone();
  std::optional<int> min_size;
  std::optional<int> max_size;
  std::optional<int> desired;
};

// When the action runs next after `after`; none when it never does again.
std::optional<absl::Time> NextRun(const ScheduledAction& action, absl::Time after);

// The latest run in (last_look, now]; none without one. `last_evaluated` is kept in the store, so a run that fell into
// a time when nobody evaluated it is made up for, once.
std::optional<absl::Time> DueRun(const ScheduledAction& action, absl::Time last_evaluated, absl::Time now);

// The group after the action ran, its desired capacity within its bounds.
Group WithSizes(const ScheduledAction& action, Group group);

}  // namespace brume::scaling
