#include "lib/autoscaling/api/member_handlers.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "lib/autoscaling/api/activity_render.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/member_ids.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

constexpr char kActivities[] = "scaling activities";

template <typename Response>
Response RenderActivities(const std::vector<scaling::Activity>& activities) {
  Response response;
  for (const scaling::Activity& activity : activities) *response.add_activities() = RenderActivity(activity);
  return response;
}

absl::StatusOr<v1::DescribeAutoScalingInstancesResponse> DescribeAutoScalingInstances(
    const v1::DescribeAutoScalingInstancesRequest& request, const ScalingServices& services) {
  using View = MemberView;
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(std::vector<View> views, services.members.Describe(ids));
  std::erase_if(views, [](const View& view) { return view.member.instance.empty(); });
  v1::DescribeAutoScalingInstancesResponse response;
  ASSIGN_OR_RETURN(views, ScalingPage("scaling instances", std::move(views), request, response,
                                      [](const View& view) { return view.member.instance.text(); }));
  TemplateRenderer templates(services);
  std::map<std::string, scaling::Group> groups;
  for (const View& view : views) groups.try_emplace(view.group);
  for (auto& [name, group] : groups) {
    const absl::StatusOr<scaling::GroupView> found = services.groups.Get(name);
    if (found.ok()) group = found->record.group;  // else it went meanwhile
  }
  for (const View& view : views) {
    ASSIGN_OR_RETURN(v1::Instance member, RenderMember(services, templates, view.member));
    v1::AutoScalingInstanceDetails& details = *response.add_auto_scaling_instances();
    details.set_instance_id(member.instance_id());
    details.set_instance_type(member.instance_type());
    details.set_auto_scaling_group_name(view.group);
    details.set_availability_zone(member.availability_zone());
    details.set_availability_zone_id(member.availability_zone_id());
    details.set_lifecycle_state(member.lifecycle_state());
    details.set_health_status(absl::AsciiStrToUpper(member.health_status()));
    if (member.has_launch_configuration_name()) {
      details.set_launch_configuration_name(member.launch_configuration_name());
    }
    if (member.has_launch_template()) *details.mutable_launch_template() = member.launch_template();
    details.set_protected_from_scale_in(member.protected_from_scale_in());
    RenderWeight(groups[view.group], view.member, details);
  }
  return response;
}

absl::Status AttachInstances(const v1::AttachInstancesRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.members.Attach(GroupNameOf(services, request.auto_scaling_group_name()), ids);
}

absl::StatusOr<v1::DetachInstancesResponse> DetachInstances(const v1::DetachInstancesRequest& request,
                                                            const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.members.Detach(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                           request.should_decrement_desired_capacity()));
  return RenderActivities<v1::DetachInstancesResponse>(activities);
}

absl::StatusOr<v1::EnterStandbyResponse> EnterStandby(const v1::EnterStandbyRequest& request,
                                                      const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.members.EnterStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                 request.should_decrement_desired_capacity()));
  return RenderActivities<v1::EnterStandbyResponse>(activities);
}

absl::StatusOr<v1::ExitStandbyResponse> ExitStandby(const v1::ExitStandbyRequest& request,
                                                    const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.members.ExitStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids));
  return RenderActivities<v1::ExitStandbyResponse>(activities);
}

absl::Status SetInstanceHealth(const v1::SetInstanceHealthRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const scaling::Health health, scaling::ParseHealth(request.health_status()));
  const bool respect_grace = !request.has_should_respect_grace_period() || request.should_respect_grace_period();
  return services.members.SetHealth(id, health, respect_grace);
}

absl::Status SetInstanceProtection(const v1::SetInstanceProtectionRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.members.SetProtection(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                        request.protected_from_scale_in());
}

absl::StatusOr<v1::TerminateInstanceInAutoScalingGroupResponse> TerminateInstanceInAutoScalingGroup(
    const v1::TerminateInstanceInAutoScalingGroupRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const scaling::Activity activity,
                   services.members.Terminate(id, request.should_decrement_desired_capacity()));
  v1::TerminateInstanceInAutoScalingGroupResponse response;
  *response.mutable_activity() = RenderActivity(activity);
  return response;
}

absl::StatusOr<absl::Time> ParseBound(const v1::Filter& filter) {
  std::string text = filter.values_size() == 1 ? filter.values(0) : "";
  const size_t clock = text.find('T');
  const bool has_offset = clock != std::string::npos && text.find_first_of("Zz+-", clock) != std::string::npos;
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, has_offset ? text : text + "Z", &time, nullptr)) return time;
  return ScalingError(absl::StrCat("The filter ", filter.name(), " needs one time such as 2026-01-31T10:00:00Z"));
}

absl::Status ParseFilter(const v1::Filter& filter, ActivityQuery& query) {
  if (filter.values().empty()) return ScalingError(absl::StrCat("The filter ", filter.name(), " has no values"));
  if (filter.name() == "StartTimeLowerBound") {
    ASSIGN_OR_RETURN(query.started_from, ParseBound(filter));
  } else if (filter.name() == "StartTimeUpperBound") {
    ASSIGN_OR_RETURN(query.started_until, ParseBound(filter));
  } else if (filter.name() != "Status") {
    return ScalingError(absl::StrCat("The filter '", absl::string_view(filter.name()).substr(0, 64),
                                     "' is not Status, StartTimeLowerBound or StartTimeUpperBound"));
  } else if (!query.group.has_value()) {
    return ScalingError("The filter Status can only be used together with AutoScalingGroupName");
  } else {
    for (const std::string& name : filter.values()) {
      const std::optional<scaling::ActivityStatus> status = scaling::FindActivityStatus(name);
      if (!status.has_value()) {
        return ScalingError(absl::StrCat("'", absl::string_view(name).substr(0, 64), "' is no status of activities"));
      }
      query.statuses.push_back(*status);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DescribeScalingActivitiesResponse> DescribeScalingActivities(
    const v1::DescribeScalingActivitiesRequest& request, const ScalingServices& services) {
  ActivityQuery query;
  query.tokens.assign(request.activity_ids().begin(), request.activity_ids().end());
  if (!request.auto_scaling_group_name().empty())
    query.group = GroupNameOf(services, request.auto_scaling_group_name());
  query.deleted_groups = request.include_deleted_groups();
  std::set<std::string> named;
  for (const v1::Filter& filter : request.filters()) {
    if (!named.insert(filter.name()).second) {
      return ScalingError(absl::StrCat("The filter ", filter.name(), " is given more than once"));
    }
    RETURN_IF_ERROR(ParseFilter(filter, query));
  }
  if (request.has_max_records()) query.max_records = request.max_records();
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(kActivities, request.next_token()));
    int64_t after = 0;
    if (!absl::SimpleAtoi(position, &after)) return gateway::InvalidToken();
    query.after = after;
  }
  ASSIGN_OR_RETURN(const ActivityPage page, services.members.Activities(query));
  auto response = RenderActivities<v1::DescribeScalingActivitiesResponse>(page.activities);
  if (page.next.has_value()) response.set_next_token(gateway::MakeToken(kActivities, absl::StrCat(*page.next)));
  return response;
}

}  // namespace

void AddMemberActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(DescribeAutoScalingInstances, services);
  actions.Add(AttachInstances, services);
  actions.Add(DetachInstances, services);
  actions.Add(EnterStandby, services);
  actions.Add(ExitStandby, services);
  // A call that names a member alone is about its group, which is what policies name.
  const auto of_group = [&services](const auto& request, AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
    const InstanceId ids[] = {id};
    ASSIGN_OR_RETURN(const std::vector<MemberView> found, services.members.Describe(ids));
    for (const MemberView& view : found) {
      ASSIGN_OR_RETURN(const scaling::GroupView group, services.groups.Get(view.group));
      question.resources = {ArnOf(services.settings.account(), group.record.group)};
    }
    return absl::OkStatus();
  };
  actions.Add(SetInstanceHealth, services).DescribedBy(of_group);
  actions.Add(SetInstanceProtection, services);
  actions.Add(TerminateInstanceInAutoScalingGroup, services).DescribedBy(of_group);
  actions.Add(DescribeScalingActivities, services);
}

}  // namespace brume::autoscaling
