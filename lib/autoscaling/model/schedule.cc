#include "lib/autoscaling/model/schedule.h"

#include <algorithm>

namespace brume::scaling {

std::optional<absl::Time> NextRun(const ScheduledAction& action, absl::Time after) {
  std::optional<absl::Time> next;
  if (!action.recurrence.has_value()) {
    if (action.start.has_value() && *action.start > after) next = action.start;
  } else {
    // The start itself may be a run.
    const absl::Time from = action.start.value_or(absl::InfinitePast()) - absl::Nanoseconds(1);
    next = action.recurrence->Next(std::max(after, from), action.zone);
  }
  if (next.has_value() && action.end.has_value() && *next > *action.end) return std::nullopt;
  return next;
}

std::optional<absl::Time> DueRun(const ScheduledAction& action, absl::Time last_evaluated, absl::Time now) {
  // Whoever slept for years need not go through each minute of them: of what was missed only the last day's counts.
  std::optional<absl::Time> due;
  std::optional<absl::Time> next = NextRun(action, std::max(last_evaluated, now - absl::Hours(24)));
  if (!next.has_value() || *next > now) next = NextRun(action, last_evaluated);
  while (next.has_value() && *next <= now) {
    due = next;
    next = NextRun(action, *next);
  }
  return due;
}

Group WithSizes(const ScheduledAction& action, Group group) {
  group.min_size = action.min_size.value_or(group.min_size);
  group.max_size = std::max(group.min_size, action.max_size.value_or(group.max_size));
  group.desired = std::clamp(action.desired.value_or(group.desired), group.min_size, group.max_size);
  return group;
}

}  // namespace brume::scaling
