#include "lib/autoscaling/api/hook_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/lifecycle_hook.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/member_ids.h"
#include "lib/autoscaling/api/whole_seconds.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

// What is not given stays, of a hook that is there.
absl::Status PutLifecycleHook(const v1::PutLifecycleHookRequest& request, const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  const auto change = [&](scaling::Hook& hook, bool is_new) -> absl::Status {
    if (is_new && request.lifecycle_transition().empty()) {
      return ScalingError("Valid requests to create a new lifecycle hook must contain LifecycleTransition");
    }
    return ChangeHook(request, hook);
  };
  return services.groups.PutHook(group, request.lifecycle_hook_name(), change);
}

absl::StatusOr<v1::DescribeLifecycleHooksResponse> DescribeLifecycleHooks(
    const v1::DescribeLifecycleHooksRequest& request, const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const std::vector<scaling::Hook> hooks, services.groups.ListHooks(group));
  const auto& names = request.lifecycle_hook_names();
  v1::DescribeLifecycleHooksResponse response;
  for (const scaling::Hook& hook : hooks) {
    if (!names.empty() && std::find(names.begin(), names.end(), hook.name) == names.end()) continue;
    v1::LifecycleHook& rendered = *response.add_lifecycle_hooks();
    rendered.set_lifecycle_hook_name(hook.name);
    rendered.set_auto_scaling_group_name(group);
    rendered.set_lifecycle_transition(std::string(TransitionName(hook.transition)));
    if (!hook.target.empty()) rendered.set_notification_target_arn(hook.target);
    if (!hook.role.empty()) rendered.set_role_arn(hook.role);
    if (!hook.metadata.empty()) rendered.set_notification_metadata(hook.metadata);
    rendered.set_heartbeat_timeout(ToWholeSeconds(hook.heartbeat));
    rendered.set_global_timeout(ToWholeSeconds(hook.GlobalTimeout()));
    rendered.set_default_result(std::string(HookResultName(hook.default_result)));
  }
  return response;
}

// Whom CompleteLifecycleAction and RecordLifecycleActionHeartbeat name.
template <typename Request>
absl::StatusOr<HeldMember> ParseHeld(const ScalingServices& services, const Request& request) {
  HeldMember held;
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

absl::Status CompleteLifecycleAction(const v1::CompleteLifecycleActionRequest& request,
                                     const ScalingServices& services) {
  ASSIGN_OR_RETURN(const HeldMember held, ParseHeld(services, request));
  ASSIGN_OR_RETURN(const scaling::HookResult result, scaling::ParseHookResult(request.lifecycle_action_result()));
  return services.groups.CompleteAction(held, result);
}

absl::Status RecordLifecycleActionHeartbeat(const v1::RecordLifecycleActionHeartbeatRequest& request,
                                            const ScalingServices& services) {
  ASSIGN_OR_RETURN(const HeldMember held, ParseHeld(services, request));
  return services.groups.Heartbeat(held);
}

absl::StatusOr<v1::DescribeLifecycleHookTypesResponse> DescribeLifecycleHookTypes(
    const v1::DescribeLifecycleHookTypesRequest&) {
  v1::DescribeLifecycleHookTypesResponse response;
  for (const auto transition : {scaling::Transition::kLaunching, scaling::Transition::kTerminating}) {
    response.add_lifecycle_hook_types(std::string(TransitionName(transition)));
  }
  return response;
}

absl::Status DeleteLifecycleHook(const v1::DeleteLifecycleHookRequest& request, const ScalingServices& services) {
  return services.groups.DeleteHook(GroupNameOf(services, request.auto_scaling_group_name()),
                                    request.lifecycle_hook_name());
}

}  // namespace

void AddLifecycleHookActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(PutLifecycleHook, services).PassesRoles([](const v1::PutLifecycleHookRequest& request) {
    std::vector<PassedRole> roles;
    if (!request.role_arn().empty()) roles.push_back(PassedToScaling(request.role_arn()));
    return absl::StatusOr<std::vector<PassedRole>>(std::move(roles));
  });
  actions.Add(DeleteLifecycleHook, services);
  actions.Add(DescribeLifecycleHooks, services);
  actions.Add(CompleteLifecycleAction, services);
  actions.Add(RecordLifecycleActionHeartbeat, services);
  actions.Add(DescribeLifecycleHookTypes);
}

}  // namespace brume::autoscaling
