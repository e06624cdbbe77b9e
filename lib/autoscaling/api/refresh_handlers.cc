#include "lib/autoscaling/api/refresh_handlers.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "brume/autoscaling/v1/instance_refresh.pb.h"
#include "lib/autoscaling/api/group_launches.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/mixed_policy_message.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/api/whole_seconds.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/gateway/time_text.h"

namespace brume::autoscaling {
namespace {

// `policy`: the group's, whose bounds are those that are not given.
absl::StatusOr<scaling::RefreshPreferences> ParsePreferences(const v1::RefreshPreferences& given,
                                                             const std::optional<scaling::MaintenancePolicy>& policy,
                                                             const cloudwatch::AlarmService& alarms) {
  scaling::RefreshPreferences preferences;
  if (given.has_max_healthy_percentage() && !given.has_min_healthy_percentage()) {
    return ScalingError("MinHealthyPercentage must be specified when MaxHealthyPercentage is specified");
  }
  if (policy.has_value()) {
    preferences.min_healthy_percent = policy->min_healthy_percent;
    preferences.max_healthy_percent = policy->max_healthy_percent;
  }
  if (given.has_min_healthy_percentage()) preferences.min_healthy_percent = given.min_healthy_percentage();
  if (given.has_instance_warmup()) preferences.warmup = absl::Seconds(given.instance_warmup());
  for (const int percent : given.checkpoint_percentages()) {
    if (percent < 1 || percent > 100 ||
        (!preferences.checkpoints.empty() && percent <= preferences.checkpoints.back())) {
      return ScalingError("CheckpointPercentages must be numbers from 1 to 100, each greater than the one before");
    }
    preferences.checkpoints.push_back(percent);
  }
  if (given.has_checkpoint_delay()) preferences.checkpoint_delay = absl::Seconds(given.checkpoint_delay());
  for (const std::string& name : given.alarm_specification().alarms()) {
    if (alarms.Find(name) == nullptr) {
      return ScalingError(absl::StrCat("The alarm '", absl::CHexEscape(name.substr(0, 255)), "' does not exist"));
    }
    preferences.alarms.push_back(name);
  }
  if (given.has_max_healthy_percentage()) preferences.max_healthy_percent = given.max_healthy_percentage();
  preferences.protected_members = given.scale_in_protected_instances();
  preferences.standby_members = given.standby_instances();
  preferences.skip_matching = given.skip_matching();
  preferences.auto_rollback = given.auto_rollback();
  return preferences;
}

absl::StatusOr<std::optional<scaling::LaunchDefinition>> ParseDesired(const v1::DesiredConfiguration& given,
                                                                      const ScalingServices& services) {
  std::optional<scaling::LaunchDefinition> desired;
  if (given.has_launch_template() && given.has_mixed_instances_policy()) {
    return ScalingError("DesiredConfiguration takes a LaunchTemplate or a MixedInstancesPolicy, not both");
  }
  if (given.has_launch_template()) {
    ASSIGN_OR_RETURN(desired.emplace().source, ParseTemplate(services, given.launch_template()));
  }
  if (given.has_mixed_instances_policy()) {
    GroupChange change;
    RETURN_IF_ERROR(ParseMixed(services, given.mixed_instances_policy(), change));
    desired = scaling::LaunchDefinition{.source = *std::move(change.source),
                                        .policy = std::move(change.mixed_policy),
                                        .types = std::move(change.instance_types),
                                        .options = std::move(change.type_options)};
  }
  return desired;
}

absl::StatusOr<v1::StartInstanceRefreshResponse> StartInstanceRefresh(const v1::StartInstanceRefreshRequest& request,
                                                                      const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const scaling::GroupView view, services.groups.Get(group));
  ASSIGN_OR_RETURN(const scaling::RefreshPreferences preferences,
                   ParsePreferences(request.preferences(), view.record.group.maintenance, services.alarms));
  ASSIGN_OR_RETURN(const auto desired, ParseDesired(request.desired_configuration(), services));
  v1::StartInstanceRefreshResponse response;
  ASSIGN_OR_RETURN(*response.mutable_instance_refresh_id(), services.refreshes.Start(group, preferences, desired));
  return response;
}

v1::InstanceRefresh Render(TemplateRenderer& templates, const scaling::Refresh& refresh) {
  v1::InstanceRefresh rendered;
  rendered.set_instance_refresh_id(refresh.id);
  rendered.set_auto_scaling_group_name(refresh.group);
  rendered.set_status(std::string(scaling::RefreshStatusName(refresh.status)));
  if (!refresh.reason.empty()) rendered.set_status_reason(refresh.reason);
  rendered.set_start_time(gateway::RenderTime(refresh.started));
  if (refresh.ended != absl::InfiniteFuture()) rendered.set_end_time(gateway::RenderTime(refresh.ended));
  rendered.set_percentage_complete(refresh.percent());
  rendered.set_instances_to_update(refresh.left);
  v1::RefreshPreferences& preferences = *rendered.mutable_preferences();
  preferences.set_min_healthy_percentage(refresh.preferences.min_healthy_percent);
  if (refresh.preferences.warmup.has_value()) {
    preferences.set_instance_warmup(ToWholeSeconds(*refresh.preferences.warmup));
  }
  for (const int percent : refresh.preferences.checkpoints) preferences.add_checkpoint_percentages(percent);
  if (!refresh.preferences.checkpoints.empty()) {
    preferences.set_checkpoint_delay(ToWholeSeconds(refresh.preferences.checkpoint_delay));
  }
  if (refresh.preferences.max_healthy_percent.has_value()) {
    preferences.set_max_healthy_percentage(*refresh.preferences.max_healthy_percent);
  }
  const auto shown = [](const std::string& given) { return given.empty() ? std::string("Wait") : given; };
  preferences.set_scale_in_protected_instances(shown(refresh.preferences.protected_members));
  preferences.set_standby_instances(shown(refresh.preferences.standby_members));
  for (const std::string& name : refresh.preferences.alarms) {
    preferences.mutable_alarm_specification()->add_alarms(name);
  }
  preferences.set_skip_matching(refresh.preferences.skip_matching);
  preferences.set_auto_rollback(refresh.preferences.auto_rollback);
  if (refresh.desired.has_value()) {
    const scaling::LaunchDefinition& desired = *refresh.desired;
    v1::DesiredConfiguration& shown_desired = *rendered.mutable_desired_configuration();
    if (desired.policy.has_value()) {
      *shown_desired.mutable_mixed_instances_policy() = RenderMixed(templates, *desired.policy, desired.source);
    } else {
      *shown_desired.mutable_launch_template() = templates.Render(desired.source.id, desired.source.version);
    }
  }
  return rendered;
}

absl::StatusOr<v1::DescribeInstanceRefreshesResponse> DescribeInstanceRefreshes(
    const v1::DescribeInstanceRefreshesRequest& request, const ScalingServices& services) {
  const std::vector<std::string> ids(request.instance_refresh_ids().begin(), request.instance_refresh_ids().end());
  ASSIGN_OR_RETURN(std::vector<scaling::Refresh> refreshes,
                   services.refreshes.Describe(GroupNameOf(services, request.auto_scaling_group_name()), ids));
  v1::DescribeInstanceRefreshesResponse response;
  // The newest first: a later page has lower numbers, which as keys are higher.
  const auto key = [](const scaling::Refresh& refresh) { return absl::StrFormat("%020d", INT64_MAX - refresh.seq); };
  ASSIGN_OR_RETURN(refreshes, ScalingPage("instance refreshes", std::move(refreshes), request, response, key));
  TemplateRenderer templates(services);
  for (const scaling::Refresh& refresh : refreshes) *response.add_instance_refreshes() = Render(templates, refresh);
  return response;
}

absl::StatusOr<v1::CancelInstanceRefreshResponse> CancelInstanceRefresh(const v1::CancelInstanceRefreshRequest& request,
                                                                        const ScalingServices& services) {
  v1::CancelInstanceRefreshResponse response;
  ASSIGN_OR_RETURN(*response.mutable_instance_refresh_id(),
                   services.refreshes.Cancel(GroupNameOf(services, request.auto_scaling_group_name())));
  return response;
}

absl::StatusOr<v1::RollbackInstanceRefreshResponse> RollbackInstanceRefresh(
    const v1::RollbackInstanceRefreshRequest& request, const ScalingServices& services) {
  v1::RollbackInstanceRefreshResponse response;
  ASSIGN_OR_RETURN(*response.mutable_instance_refresh_id(),
                   services.refreshes.Rollback(GroupNameOf(services, request.auto_scaling_group_name())));
  return response;
}

}  // namespace

void AddInstanceRefreshActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(StartInstanceRefresh, services).MakesLater([&services](const v1::StartInstanceRefreshRequest& request) {
    return LaunchesOf(request, services);
  });
  actions.Add(CancelInstanceRefresh, services);
  actions.Add(RollbackInstanceRefresh, services);
  actions.Add(DescribeInstanceRefreshes, services);
}

}  // namespace brume::autoscaling
