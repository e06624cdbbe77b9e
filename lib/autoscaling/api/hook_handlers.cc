#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/lifecycle_hook.pb.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/autoscaling/group_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kService[] = "LifecycleHooks";

// What is not given stays, of a hook that is there.
absl::Status Put(const api::Services& services, const v1::PutLifecycleHookRequest& request) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  const auto change = [&](scaling::Hook& hook, bool is_new) -> absl::Status {
    if (is_new && request.lifecycle_transition().empty()) {
      return ScalingError("Valid requests to create a new lifecycle hook must contain LifecycleTransition");
    }
    return ChangeHook(request, hook);
  };
  return services.scaling_groups.PutHook(group, request.lifecycle_hook_name(), change);
}

absl::StatusOr<v1::DescribeLifecycleHooksResponse> Describe(const api::Services& services,
                                                            const v1::DescribeLifecycleHooksRequest& request) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const std::vector<scaling::Hook> hooks, services.scaling_groups.ListHooks(group));
  const auto& names = request.lifecycle_hook_names();
  v1::DescribeLifecycleHooksResponse response;
  for (const scaling::Hook& hook : hooks) {
    if (!names.empty() && std::find(names.begin(), names.end(), hook.name) == names.end()) continue;
    v1::LifecycleHook& rendered = *response.add_lifecycle_hooks();
    rendered.set_lifecycle_hook_name(hook.name);
    rendered.set_auto_scaling_group_name(group);
    rendered.set_lifecycle_transition(TransitionName(hook.transition));
    if (!hook.target.empty()) rendered.set_notification_target_arn(hook.target);
    if (!hook.metadata.empty()) rendered.set_notification_metadata(hook.metadata);
    rendered.set_heartbeat_timeout(ToWholeSeconds(hook.heartbeat));
    rendered.set_global_timeout(ToWholeSeconds(hook.GlobalTimeout()));
    rendered.set_default_result(HookResultName(hook.default_result));
  }
  return response;
}

// Whom CompleteLifecycleAction and RecordLifecycleActionHeartbeat name.
template <typename Request>
absl::StatusOr<autoscaling::HeldMember> ParseHeld(const api::Services& services, const Request& request) {
  autoscaling::HeldMember held;
  held.group = GroupNameOf(services, request.auto_scaling_group_name());
  held.hook = request.lifecycle_hook_name();
  held.token = request.lifecycle_action_token();
  if (!request.instance_id().empty()) {
    ASSIGN_OR_RETURN(held.instance, ParseMember(request.instance_id()));
  } else if (held.token.empty()) {
    return ScalingError("Valid requests must contain either LifecycleActionToken or InstanceId");
  }
  return held;
}

absl::Status Complete(const api::Services& services, const v1::CompleteLifecycleActionRequest& request) {
  ASSIGN_OR_RETURN(const autoscaling::HeldMember held, ParseHeld(services, request));
  const bool goes_on = request.lifecycle_action_result() == HookResultName(scaling::HookResult::kContinue);
  return services.scaling_groups.CompleteAction(
      held, goes_on ? scaling::HookResult::kContinue : scaling::HookResult::kAbandon);
}

absl::Status Heartbeat(const api::Services& services, const v1::RecordLifecycleActionHeartbeatRequest& request) {
  ASSIGN_OR_RETURN(const autoscaling::HeldMember held, ParseHeld(services, request));
  return services.scaling_groups.Heartbeat(held);
}

v1::DescribeLifecycleHookTypesResponse DescribeTypes() {
  v1::DescribeLifecycleHookTypesResponse response;
  for (const auto transition : {scaling::Transition::kLaunching, scaling::Transition::kTerminating}) {
    response.add_lifecycle_hook_types(TransitionName(transition));
  }
  return response;
}

}  // namespace

void AddScalingHookHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScalingOk<v1::PutLifecycleHookRequest, v1::PutLifecycleHookResponse>(
      dispatcher, kService, [services](const v1::PutLifecycleHookRequest& request) { return Put(services, request); });
  HandleScalingOk<v1::DeleteLifecycleHookRequest, v1::DeleteLifecycleHookResponse>(
      dispatcher, kService, [services](const v1::DeleteLifecycleHookRequest& request) {
        return services.scaling_groups.DeleteHook(GroupNameOf(services, request.auto_scaling_group_name()),
                                                  request.lifecycle_hook_name());
      });
  HandleScaling<v1::DescribeLifecycleHooksRequest, v1::DescribeLifecycleHooksResponse>(
      dispatcher, kService,
      [services](const v1::DescribeLifecycleHooksRequest& request) { return Describe(services, request); });
  HandleScalingOk<v1::CompleteLifecycleActionRequest, v1::CompleteLifecycleActionResponse>(
      dispatcher, kService,
      [services](const v1::CompleteLifecycleActionRequest& request) { return Complete(services, request); });
  HandleScalingOk<v1::RecordLifecycleActionHeartbeatRequest, v1::RecordLifecycleActionHeartbeatResponse>(
      dispatcher, kService,
      [services](const v1::RecordLifecycleActionHeartbeatRequest& request) { return Heartbeat(services, request); });
  HandleScaling<v1::DescribeLifecycleHookTypesRequest, v1::DescribeLifecycleHookTypesResponse>(
      dispatcher, kService,
      [](const v1::DescribeLifecycleHookTypesRequest&) -> absl::StatusOr<v1::DescribeLifecycleHookTypesResponse> {
        return DescribeTypes();
      });
}

}  // namespace brume::autoscaling
