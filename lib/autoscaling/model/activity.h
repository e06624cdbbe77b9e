// Scaling activities: what DescribeScalingActivities shows, with causes in EC2's words.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/resource/ids.h"

namespace brume::scaling {

enum class ActivityStatus {
  kWaitingForInstanceId = 0,
  kPreInService = 1,
  kInProgress = 2,
  kMidLifecycleAction = 3,
  kWaitingForInstanceWarmup = 4,
  kSuccessful = 5,
  kFailed = 6,
  kCancelled = 7
};
std::true_type IsPersisted(ActivityStatus);  // the database keeps its values
// "Successful", "MidLifecycleAction" …
absl::string_view ActivityStatusName(ActivityStatus status);
std::optional<ActivityStatus> FindActivityStatus(absl::string_view name);

// What is done: how it ends follows from what its member does.
enum class ActivityKind {
  kLaunch = 0,    // into the group, or its warm pool
  kFromPool = 1,  // out of the warm pool into the group
  kToPool = 2,    // out of the group into the warm pool
  kTerminate = 3,
  kAtOnce = 4,  // done when it is written down: attached, detached, into standby and out of it
};
std::true_type IsPersisted(ActivityKind);  // the database keeps its values

struct Activity {
  int64_t seq = 0;  // gives lists their order
  // Its id, and of a launch also the client token of RunInstances. See ActivityToken.
  std::string token;
  std::string group;
  int64_t group_seq = 0;
  ActivityKind kind = ActivityKind::kAtOnce;
  std::string member;  // its token
  std::string zone;
  InstanceId instance;
  std::string description;  // "Launching a new EC2 instance: i-…"
  std::string cause;
  ActivityStatus status = ActivityStatus::kInProgress;
  std::string status_message;  // why it failed
  absl::Time started;
  absl::Time ended = absl::InfiniteFuture();
};

// The token of the group's `serial`-th activity: a UUID made of the group's. It depends on committed state alone, so a
// decision that is made anew after a crash has the token it had before, and a launch under it is the same launch.
std::string ActivityToken(absl::string_view group_uuid, int64_t serial);

// Sentences of causes, each beginning with "At TIME". Causes are sentences with two spaces between.
std::string StartedForDifference(absl::Time now, int from, int to);
std::string StartedForUnhealthy(absl::Time now);
std::string StartedForRefresh(absl::Time now);
std::string StartedForWarmPool(absl::Time now);
std::string TakenOutForDifference(absl::Time now, int from, int to);
// `why`: "in response to an EC2 health check indicating it has been terminated or stopped".
std::string TakenOut(absl::Time now, absl::string_view why);
std::string Selected(absl::Time now, absl::string_view instance);
// "At TIME availability zones a b had 3 1 instances respectively."
std::string ZonesHad(absl::Time now, absl::Span<const std::string> zones, absl::Span<const int> counts);
// A change of the desired capacity: `who` is "a user request", "a scheduled action", or a policy's own words.
std::string UpdatedConstraints(absl::Time now, absl::string_view who, int min, int max, int desired, int from);

}  // namespace brume::scaling
