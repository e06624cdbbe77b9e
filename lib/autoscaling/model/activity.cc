#include "lib/autoscaling/model/activity.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "lib/base/enum_names.h"

namespace brume::scaling {
namespace {

constexpr EnumNames kStatusNames({std::pair{ActivityStatus::kWaitingForInstanceId, "WaitingForInstanceId"},
                                  {ActivityStatus::kPreInService, "PreInService"},
                                  {ActivityStatus::kInProgress, "InProgress"},
                                  {ActivityStatus::kMidLifecycleAction, "MidLifecycleAction"},
                                  {ActivityStatus::kWaitingForInstanceWarmup, "WaitingForInstanceWarmup"},
                                  {ActivityStatus::kSuccessful, "Successful"},
                                  {ActivityStatus::kFailed, "Failed"},
                                  {ActivityStatus::kCancelled, "Cancelled"}});

std::string At(absl::Time now) { return absl::FormatTime("At %Y-%m-%dT%H:%M:%SZ ", now, absl::UTCTimeZone()); }

}  // namespace

absl::string_view ActivityStatusName(ActivityStatus status) { return kStatusNames.Of(status); }

std::optional<ActivityStatus> FindActivityStatus(absl::string_view name) { return kStatusNames.Find(name); }

std::string ActivityToken(absl::string_view group_uuid, int64_t serial) {
  constexpr size_t kAllButTheNode = 24;  // "01234567-89ab-4cde-8f01-"
  return absl::StrCat(group_uuid.substr(0, kAllButTheNode), absl::StrFormat("%012x", serial));
}

std::string StartedForDifference(absl::Time now, int from, int to) {
  return absl::StrCat(At(now),
                      "an instance was started in response to a difference between desired and actual capacity, "
                      "increasing the capacity from ",
                      from, " to ", to, ".");
}

std::string StartedForUnhealthy(absl::Time now) {
  return absl::StrCat(At(now), "an instance was launched in response to an unhealthy instance needing to be replaced.");
}

std::string StartedForRefresh(absl::Time now) {
  return absl::StrCat(At(now), "an instance was launched in response to an instance refresh.");
}

std::string StartedForWarmPool(absl::Time now) {
  return absl::StrCat(At(now),
                      "an instance was started in response to a difference between the warm pool's size and "
                      "the number of its instances.");
}

std::string TakenOutForDifference(absl::Time now, int from, int to) {
  return absl::StrCat(At(now),
                      "an instance was taken out of service in response to a difference between desired and actual "
                      "capacity, shrinking the capacity from ",
                      from, " to ", to, ".");
}

std::string TakenOut(absl::Time now, absl::string_view why) {
  return absl::StrCat(At(now), "an instance was taken out of service ", why, ".");
}

std::string Selected(absl::Time now, absl::string_view instance) {
  return absl::StrCat(At(now), "instance ", instance, " was selected for termination.");
}

std::string ZonesHad(absl::Time now, absl::Span<const std::string> zones, absl::Span<const int> counts) {
  return absl::StrCat(At(now), "availability zones ", absl::StrJoin(zones, " "), " had ", absl::StrJoin(counts, " "),
                      " instances respectively.");
}

std::string UpdatedConstraints(absl::Time now, absl::string_view who, int min, int max, int desired, int from) {
  return absl::StrCat(At(now), who, " update of AutoScalingGroup constraints to min: ", min, ", max: ", max,
                      ", desired: ", desired, " changing the desired capacity from ", from, " to ", desired, ".");
}

}  // namespace brume::scaling
