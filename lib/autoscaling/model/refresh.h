// Instance refresh: how far one has come, and what may be replaced now.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
#pragma once

#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"

namespace brume::scaling {

// Whether the group's refresh is to replace the member: one that is not protected, and in service or in the warm pool;
// or in standby, where the refresh terminates those.
bool IsOutdated(const Group& group, const Member& member);

// What a refresh goes by.
struct RefreshView {
  absl::Span<const Member> members;
  const Backoff& launches;
  absl::Span<const std::string> alarms;  // of those of its preferences: the ones in ALARM
  absl::Time now;
};

// Takes a refresh that is not over one evaluation further and puts what it may do now into `group.refresh`, which is
// emptied when it is over. Returns when to evaluate again though nothing happened.
//
// A refresh fails when launches fail three times in a row, and when one of its alarms is in ALARM; with auto_rollback
// it then goes back to the group's source from before it: the caller has to put `refresh.before` in its place. It may
// be successful only once what it launched has warmed up.
absl::Time Advance(Refresh& refresh, Group& group, const RefreshView& view);

}  // namespace brume::scaling
