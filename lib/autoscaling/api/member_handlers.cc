#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/autoscaling/member_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kService[] = "GroupInstances";
constexpr char kActivities[] = "scaling activities";

template <typename Response>
Response RenderActivities(const std::vector<scaling::Activity>& activities) {
  Response response;
  for (const scaling::Activity& activity : activities) *response.add_activities() = RenderActivity(activity);
  return response;
}

absl::StatusOr<v1::DescribeAutoScalingInstancesResponse> Describe(
    const api::Services& services, const v1::DescribeAutoScalingInstancesRequest& request) {
  using View = autoscaling::MemberView;
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(std::vector<View> views, services.scaling_members.Describe(ids));
  std::erase_if(views, [](const View& view) { return view.member.instance.empty(); });
  v1::DescribeAutoScalingInstancesResponse response;
  ASSIGN_OR_RETURN(views, ScalingPage("scaling instances", std::move(views), request, response,
                                      [](const View& view) { return view.member.instance.text(); }));
  TemplateRenderer templates(services);
  for (const View& view : views) {
    ASSIGN_OR_RETURN(v1::Instance member, RenderMember(services, templates, view.member));
    v1::AutoScalingInstanceDetails& details = *response.add_auto_scaling_instances();
    details.set_instance_id(member.instance_id());
    details.set_instance_type(member.instance_type());
    details.set_auto_scaling_group_name(view.group);
    details.set_availability_zone(member.availability_zone());
    details.set_lifecycle_state(member.lifecycle_state());
    details.set_health_status(absl::AsciiStrToUpper(member.health_status()));
    if (member.has_launch_configuration_name()) {
      details.set_launch_configuration_name(member.launch_configuration_name());
    }
    if (member.has_launch_template()) *details.mutable_launch_template() = member.launch_template();
    details.set_protected_from_scale_in(member.protected_from_scale_in());
  }
  return response;
}

absl::Status Attach(const api::Services& services, const v1::AttachInstancesRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.scaling_members.Attach(GroupNameOf(services, request.auto_scaling_group_name()), ids);
}

absl::StatusOr<v1::DetachInstancesResponse> Detach(const api::Services& services,
                                                   const v1::DetachInstancesRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.Detach(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                   request.should_decrement_desired_capacity()));
  return RenderActivities<v1::DetachInstancesResponse>(activities);
}

absl::StatusOr<v1::EnterStandbyResponse> EnterStandby(const api::Services& services,
                                                      const v1::EnterStandbyRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.EnterStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                         request.should_decrement_desired_capacity()));
  return RenderActivities<v1::EnterStandbyResponse>(activities);
}

absl::StatusOr<v1::ExitStandbyResponse> ExitStandby(const api::Services& services,
                                                    const v1::ExitStandbyRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.ExitStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids));
  return RenderActivities<v1::ExitStandbyResponse>(activities);
}

absl::Status SetHealth(const api::Services& services, const v1::SetInstanceHealthRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  const auto health = request.health_status() == "Healthy" ? scaling::Health::kHealthy : scaling::Health::kUnhealthy;
  const bool respect_grace = !request.has_should_respect_grace_period() || request.should_respect_grace_period();
  return services.scaling_members.SetHealth(id, health, respect_grace);
}

absl::Status SetProtection(const api::Services& services, const v1::SetInstanceProtectionRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.scaling_members.SetProtection(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                request.protected_from_scale_in());
}

absl::StatusOr<v1::TerminateInstanceInAutoScalingGroupResponse> Terminate(
    const api::Services& services, const v1::TerminateInstanceInAutoScalingGroupRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const scaling::Activity activity,
                   services.scaling_members.Terminate(id, request.should_decrement_desired_capacity()));
  v1::TerminateInstanceInAutoScalingGroupResponse response;
  *response.mutable_activity() = RenderActivity(activity);
  return response;
}

absl::StatusOr<v1::DescribeScalingActivitiesResponse> DescribeActivities(
    const api::Services& services, const v1::DescribeScalingActivitiesRequest& request) {
  autoscaling::ActivityQuery query;
  query.tokens.assign(request.activity_ids().begin(), request.activity_ids().end());
  if (!request.auto_scaling_group_name().empty())
    query.group = GroupNameOf(services, request.auto_scaling_group_name());
  query.deleted_groups = request.include_deleted_groups();
  if (request.has_max_records()) query.most = request.max_records();
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(kActivities, request.next_token()));
    int64_t after = 0;
    if (!absl::SimpleAtoi(position, &after)) return gateway::InvalidToken();
    query.after = after;
  }
  ASSIGN_OR_RETURN(const autoscaling::ActivityPage page, services.scaling_members.Activities(query));
  auto response = RenderActivities<v1::DescribeScalingActivitiesResponse>(page.activities);
  if (page.next.has_value()) response.set_next_token(gateway::MakeToken(kActivities, absl::StrCat(*page.next)));
  return response;
}

}  // namespace

void AddScalingMemberHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScaling<v1::DescribeAutoScalingInstancesRequest, v1::DescribeAutoScalingInstancesResponse>(
      dispatcher, kService,
      [services](const v1::DescribeAutoScalingInstancesRequest& request) { return Describe(services, request); });
  HandleScalingOk<v1::AttachInstancesRequest, v1::AttachInstancesResponse>(
      dispatcher, kService,
      [services](const v1::AttachInstancesRequest& request) { return Attach(services, request); });
  HandleScaling<v1::DetachInstancesRequest, v1::DetachInstancesResponse>(
      dispatcher, kService,
      [services](const v1::DetachInstancesRequest& request) { return Detach(services, request); });
  HandleScaling<v1::EnterStandbyRequest, v1::EnterStandbyResponse>(
      dispatcher, kService,
      [services](const v1::EnterStandbyRequest& request) { return EnterStandby(services, request); });
  HandleScaling<v1::ExitStandbyRequest, v1::ExitStandbyResponse>(
      dispatcher, kService,
      [services](const v1::ExitStandbyRequest& request) { return ExitStandby(services, request); });
  HandleScalingOk<v1::SetInstanceHealthRequest, v1::SetInstanceHealthResponse>(
      dispatcher, kService,
      [services](const v1::SetInstanceHealthRequest& request) { return SetHealth(services, request); });
  HandleScalingOk<v1::SetInstanceProtectionRequest, v1::SetInstanceProtectionResponse>(
      dispatcher, kService,
      [services](const v1::SetInstanceProtectionRequest& request) { return SetProtection(services, request); });
  HandleScaling<v1::TerminateInstanceInAutoScalingGroupRequest, v1::TerminateInstanceInAutoScalingGroupResponse>(
      dispatcher, kService, [services](const v1::TerminateInstanceInAutoScalingGroupRequest& request) {
        return Terminate(services, request);
      });
  HandleScaling<v1::DescribeScalingActivitiesRequest, v1::DescribeScalingActivitiesResponse>(
      dispatcher, "ScalingActivities", [services](const v1::DescribeScalingActivitiesRequest& request) {
        return DescribeActivities(services, request);
      });
}

}  // namespace brume::autoscaling
