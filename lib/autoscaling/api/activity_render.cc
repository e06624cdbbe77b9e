#include "lib/autoscaling/api/activity_render.h"

#include <cstdint>
#include <string>

#include "lib/gateway/time_text.h"

namespace brume::autoscaling {
namespace {

// How far an activity is, in percent; EC2's own numbers.
int32_t ProgressOf(scaling::ActivityStatus status) {
  switch (status) {
    case scaling::ActivityStatus::kWaitingForInstanceId:
      return 0;
    case scaling::ActivityStatus::kPreInService:
      return 30;
    case scaling::ActivityStatus::kInProgress:
      return 50;
    case scaling::ActivityStatus::kMidLifecycleAction:
      return 60;
    case scaling::ActivityStatus::kWaitingForInstanceWarmup:
      return 80;
    default:
      return 100;
  }
}

}  // namespace

v1::Activity RenderActivity(const scaling::Activity& activity) {
  v1::Activity rendered;
  rendered.set_activity_id(activity.token);
  rendered.set_auto_scaling_group_name(activity.group);
  rendered.set_description(activity.description);
  rendered.set_cause(activity.cause);
  rendered.set_start_time(gateway::RenderTime(activity.started));
  if (activity.ended != absl::InfiniteFuture()) rendered.set_end_time(gateway::RenderTime(activity.ended));
  rendered.set_status_code(std::string(scaling::ActivityStatusName(activity.status)));
  if (!activity.status_message.empty()) rendered.set_status_message(activity.status_message);
  rendered.set_progress(ProgressOf(activity.status));
  return rendered;
}

}  // namespace brume::autoscaling
