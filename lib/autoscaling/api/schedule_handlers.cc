#include "lib/autoscaling/api/schedule_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/scheduled_action.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using PutRequest = v1::PutScheduledUpdateGroupActionRequest;
using BatchPutRequest = v1::BatchPutScheduledUpdateGroupActionRequest;

absl::StatusOr<std::optional<absl::Time>> ParseOptionalTime(const std::string& text) {
  if (text.empty()) return std::optional<absl::Time>();
  ASSIGN_OR_RETURN(const absl::Time time, AsScalingError(gateway::ParseTime(text)));
  return std::optional<absl::Time>(time);
}

// `schedule` with what `given`, a whole request or one action of a batch, says of it.
template <typename Given>
absl::Status Change(const Given& given, scaling::ScheduleRecord& schedule) {
  scaling::ScheduledAction& action = schedule.action;
  if (given.has_start_time()) {
    ASSIGN_OR_RETURN(action.start, ParseOptionalTime(given.start_time()));
  }
  if (given.has_end_time()) {
    ASSIGN_OR_RETURN(action.end, ParseOptionalTime(given.end_time()));
  }
  if (given.has_recurrence()) schedule.recurrence = given.recurrence();
  if (given.has_time_zone()) schedule.time_zone = given.time_zone();
  if (given.has_min_size()) action.min_size = given.min_size();
  if (given.has_max_size()) action.max_size = given.max_size();
  if (given.has_desired_capacity()) action.desired = given.desired_capacity();
  return absl::OkStatus();
}

// What is not given stays, of an action that is there.
template <typename Given>
absl::Status PutOne(const ScalingServices& services, const std::string& group, const Given& given) {
  const auto change = [&](scaling::ScheduleRecord& schedule) {
    // A recurring action that has begun needs no beginning any more, and could not be given a past one anew.
    std::optional<absl::Time>& start = schedule.action.start;
    if (start.has_value() && *start < services.clock.Now()) start.reset();
    return Change(given, schedule);
  };
  return services.policies.PutSchedule(group, given.scheduled_action_name(), change);
}

absl::Status PutScheduledUpdateGroupAction(const PutRequest& request, const ScalingServices& services) {
  PutRequest whole = request;
  if (request.has_time()) {
    if (request.has_start_time() && request.start_time() != request.time()) {
      return ScalingError("Time and StartTime are one and cannot differ");
    }
    whole.set_start_time(request.time());
  }
  return PutOne(services, GroupNameOf(services, request.auto_scaling_group_name()), whole);
}

// Tells in `failed` why an action was not changed. Returns what is wrong inside.
template <typename Failed>
absl::Status NoteFailure(const std::string& name, const absl::Status& outcome, Failed& failed) {
  if (outcome.ok()) return absl::OkStatus();
  if (!ec2::HasErrorCode(outcome)) return outcome;
  v1::FailedScheduledUpdateGroupActionRequest& one = *failed.Add();
  one.set_scheduled_action_name(name);
  one.set_error_code(ec2::ErrorCode(outcome));
  one.set_error_message(std::string(outcome.message()));
  return absl::OkStatus();
}

absl::StatusOr<v1::BatchPutScheduledUpdateGroupActionResponse> BatchPutScheduledUpdateGroupAction(
    const BatchPutRequest& request, const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  RETURN_IF_ERROR(services.groups.Get(group).status());
  v1::BatchPutScheduledUpdateGroupActionResponse response;
  for (const v1::ScheduledUpdateGroupActionRequest& given : request.scheduled_update_group_actions()) {
    RETURN_IF_ERROR(NoteFailure(given.scheduled_action_name(), PutOne(services, group, given),
                                *response.mutable_failed_scheduled_update_group_actions()));
  }
  return response;
}

absl::StatusOr<v1::BatchDeleteScheduledActionResponse> BatchDeleteScheduledAction(
    const v1::BatchDeleteScheduledActionRequest& request, const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  RETURN_IF_ERROR(services.groups.Get(group).status());
  v1::BatchDeleteScheduledActionResponse response;
  for (const std::string& name : request.scheduled_action_names()) {
    RETURN_IF_ERROR(
        NoteFailure(name, services.policies.DeleteSchedule(group, name), *response.mutable_failed_scheduled_actions()));
  }
  return response;
}

v1::ScheduledUpdateGroupAction Render(const ScalingServices& services, const scaling::ScheduleRecord& schedule,
                                      absl::Time next) {
  const scaling::ScheduledAction& action = schedule.action;
  v1::ScheduledUpdateGroupAction rendered;
  rendered.set_auto_scaling_group_name(schedule.group);
  rendered.set_scheduled_action_name(action.name);
  rendered.set_scheduled_action_arn(services.policies.Arn(schedule));
  rendered.set_time(gateway::RenderTime(next));
  rendered.set_start_time(gateway::RenderTime(next));
  if (action.end.has_value()) rendered.set_end_time(gateway::RenderTime(*action.end));
  if (!schedule.recurrence.empty()) rendered.set_recurrence(schedule.recurrence);
  if (action.min_size.has_value()) rendered.set_min_size(*action.min_size);
  if (action.max_size.has_value()) rendered.set_max_size(*action.max_size);
  if (action.desired.has_value()) rendered.set_desired_capacity(*action.desired);
  if (!schedule.time_zone.empty()) rendered.set_time_zone(schedule.time_zone);
  return rendered;
}

absl::StatusOr<v1::DescribeScheduledActionsResponse> DescribeScheduledActions(
    const v1::DescribeScheduledActionsRequest& request, const ScalingServices& services) {
  std::optional<std::string> group;
  if (!request.auto_scaling_group_name().empty()) group = GroupNameOf(services, request.auto_scaling_group_name());
  const auto& names = request.scheduled_action_names();
  ASSIGN_OR_RETURN(const std::optional<absl::Time> from, ParseOptionalTime(request.start_time()));
  ASSIGN_OR_RETURN(const std::optional<absl::Time> to, ParseOptionalTime(request.end_time()));
  if (!names.empty() && (from.has_value() || to.has_value())) {
    return ScalingError("StartTime and EndTime cannot be given together with ScheduledActionNames");
  }
  ASSIGN_OR_RETURN(const auto schedules, services.policies.ListSchedules(group));
  std::vector<v1::ScheduledUpdateGroupAction> actions;
  for (const scaling::ScheduleRecord& schedule : schedules) {
    const std::optional<absl::Time> next = scaling::NextRun(schedule.action, services.clock.Now());
    if (!next.has_value() || (from.has_value() && *next < *from) || (to.has_value() && *next > *to)) continue;
    if (!names.empty() && std::find(names.begin(), names.end(), schedule.action.name) == names.end()) continue;
    actions.push_back(Render(services, schedule, *next));
  }
  // No name of a group has a line's end.
  const auto key = [](const v1::ScheduledUpdateGroupAction& action) {
    return absl::StrCat(action.auto_scaling_group_name(), "\n", action.scheduled_action_name());
  };
  std::sort(actions.begin(), actions.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  v1::DescribeScheduledActionsResponse response;
  ASSIGN_OR_RETURN(actions, ScalingPage("scheduled actions", std::move(actions), request, response, key));
  for (v1::ScheduledUpdateGroupAction& action : actions) {
    *response.add_scheduled_update_group_actions() = std::move(action);
  }
  return response;
}

absl::Status DeleteScheduledAction(const v1::DeleteScheduledActionRequest& request, const ScalingServices& services) {
  return services.policies.DeleteSchedule(GroupNameOf(services, request.auto_scaling_group_name()),
                                          request.scheduled_action_name());
}

}  // namespace

void AddScheduledActionActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(PutScheduledUpdateGroupAction, services);
  actions.Add(BatchPutScheduledUpdateGroupAction, services);
  actions.Add(DeleteScheduledAction, services);
  actions.Add(BatchDeleteScheduledAction, services);
  actions.Add(DescribeScheduledActions, services);
}

}  // namespace brume::autoscaling
