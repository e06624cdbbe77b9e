// One evaluation of a group: what its definition, members, schedules, refresh and signals make of it. A pure function
// of what was read; what comes of it is committed as a whole or not at all.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"

namespace brume::autoscaling {

// What is kept of a group, and what the host shows of its members.
struct Snapshot {
  scaling::GroupRecord record;
  std::vector<scaling::Member> members;
  std::vector<scaling::GroupTag> tags;
  std::vector<scaling::PolicyRecord> policies;
  std::vector<scaling::ScheduleRecord> schedules;
  std::optional<scaling::Refresh> refresh;
  // By members' tokens: why their instances ended, in words; and since when their instances are in their states.
  std::map<std::string, std::string> ends;
  std::map<std::string, absl::Time> running_since;
  // Tokens of members whose instance was found by them: what is kept does not name it yet.
  std::set<std::string> adopted;
};

struct Signals {
  std::vector<scaling::Signal> of_policies;  // one for each
  // What a predictive policy raises max_size to; 0 = none does.
  int max_size = 0;
  std::vector<std::string> refresh_alarms;  // of those that end the refresh: the ones in ALARM
};

struct Outcome {
  Snapshot after;
  std::vector<scaling::Action> actions;
  // What is kept is no longer what it was.
  bool changed = false;
  // Scheduled actions that ran for the last time, and those that ran.
  std::vector<int64_t> schedules_over;
  std::vector<scaling::ScheduleRecord> schedules_run;
  absl::Time next_reconcile = absl::InfiniteFuture();
  // Why the group is not what it should be; empty when nothing holds it up.
  std::string blocked;
};

// `memories`: one for each policy.
Outcome Evaluate(const Snapshot& before, const Signals& signals, absl::Span<scaling::PolicyMemory> memories,
                 absl::Time now);

// The group as it is evaluated: one that is being deleted has no members, hooks, pool or protection.
scaling::Group EffectiveGroup(const Snapshot& snapshot);

}  // namespace brume::autoscaling
