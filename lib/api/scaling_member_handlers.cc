#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "lib/api/scaling.h"
#include "lib/api/scaling_group_render.h"
#include "lib/autoscaling/member_service.h"

namespace brume::api {
namespace {

constexpr char kService[] = "GroupInstances";
constexpr char kActivities[] = "scaling activities";

template <typename Response>
Response RenderActivities(const std::vector<scaling::Activity>& activities) {
  Response response;
  for (const scaling::Activity& activity : activities) *response.add_activities() = RenderActivity(activity);
  return response;
}

absl::StatusOr<asg::DescribeAutoScalingInstancesResponse> Describe(
    const Services& services, const asg::DescribeAutoScalingInstancesRequest& request) {
  using View = autoscaling::MemberView;
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(std::vector<View> views, services.scaling_members.Describe(ids));
  std::erase_if(views, [](const View& view) { return view.member.instance.empty(); });
  asg::DescribeAutoScalingInstancesResponse response;
  ASSIGN_OR_RETURN(views, ScalingPage("scaling instances", std::move(views), request, response,
                                      [](const View& view) { return view.member.instance.text(); }));
  TemplateRenderer templates(services);
  for (const View& view : views) {
    ASSIGN_OR_RETURN(asg::Instance member, RenderMember(services, templates, view.member));
    asg::AutoScalingInstanceDetails& details = *response.add_auto_scaling_instances();
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

absl::Status Attach(const Services& services, const asg::AttachInstancesRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.scaling_members.Attach(GroupNameOf(services, request.auto_scaling_group_name()), ids);
}

absl::StatusOr<asg::DetachInstancesResponse> Detach(const Services& services,
                                                    const asg::DetachInstancesRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.Detach(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                   request.should_decrement_desired_capacity()));
  return RenderActivities<asg::DetachInstancesResponse>(activities);
}

absl::StatusOr<asg::EnterStandbyResponse> EnterStandby(const Services& services,
                                                       const asg::EnterStandbyRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.EnterStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                         request.should_decrement_desired_capacity()));
  return RenderActivities<asg::EnterStandbyResponse>(activities);
}

absl::StatusOr<asg::ExitStandbyResponse> ExitStandby(const Services& services, const asg::ExitStandbyRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto activities,
                   services.scaling_members.ExitStandby(GroupNameOf(services, request.auto_scaling_group_name()), ids));
  return RenderActivities<asg::ExitStandbyResponse>(activities);
}

absl::Status SetHealth(const Services& services, const asg::SetInstanceHealthRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  const auto health = request.health_status() == "Healthy" ? scaling::Health::kHealthy : scaling::Health::kUnhealthy;
  const bool respect_grace = !request.has_should_respect_grace_period() || request.should_respect_grace_period();
  return services.scaling_members.SetHealth(id, health, respect_grace);
}

absl::Status SetProtection(const Services& services, const asg::SetInstanceProtectionRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, ParseMembers(request.instance_ids()));
  return services.scaling_members.SetProtection(GroupNameOf(services, request.auto_scaling_group_name()), ids,
                                                request.protected_from_scale_in());
}

absl::StatusOr<asg::TerminateInstanceInAutoScalingGroupResponse> Terminate(
    const Services& services, const asg::TerminateInstanceInAutoScalingGroupRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, ParseMember(request.instance_id()));
  ASSIGN_OR_RETURN(const scaling::Activity activity,
                   services.scaling_members.Terminate(id, request.should_decrement_desired_capacity()));
  asg::TerminateInstanceInAutoScalingGroupResponse response;
  *response.mutable_activity() = RenderActivity(activity);
  return response;
}

absl::StatusOr<asg::DescribeScalingActivitiesResponse> DescribeActivities(
    const Services& services, const asg::DescribeScalingActivitiesRequest& request) {
  autoscaling::ActivityQuery query;
  query.tokens.assign(request.activity_ids().begin(), request.activity_ids().end());
  if (!request.auto_scaling_group_name().empty())
    query.group = GroupNameOf(services, request.auto_scaling_group_name());
  query.deleted_groups = request.include_deleted_groups();
  if (request.has_max_records()) query.most = request.max_records();
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, ParseToken(kActivities, request.next_token()));
    int64_t after = 0;
    if (!absl::SimpleAtoi(position, &after)) return InvalidToken();
    query.after = after;
  }
  ASSIGN_OR_RETURN(const autoscaling::ActivityPage page, services.scaling_members.Activities(query));
  auto response = RenderActivities<asg::DescribeScalingActivitiesResponse>(page.activities);
  if (page.next.has_value()) response.set_next_token(MakeToken(kActivities, absl::StrCat(*page.next)));
  return response;
}

}  // namespace

void AddScalingMemberHandlers(Dispatcher& dispatcher, const Services& services) {
  HandleScaling<asg::DescribeAutoScalingInstancesRequest, asg::DescribeAutoScalingInstancesResponse>(
      dispatcher, kService,
      [services](const asg::DescribeAutoScalingInstancesRequest& request) { return Describe(services, request); });
  HandleScalingOk<asg::AttachInstancesRequest, asg::AttachInstancesResponse>(
      dispatcher, kService,
      [services](const asg::AttachInstancesRequest& request) { return Attach(services, request); });
  HandleScaling<asg::DetachInstancesRequest, asg::DetachInstancesResponse>(
      dispatcher, kService,
      [services](const asg::DetachInstancesRequest& request) { return Detach(services, request); });
  HandleScaling<asg::EnterStandbyRequest, asg::EnterStandbyResponse>(
      dispatcher, kService,
      [services](const asg::EnterStandbyRequest& request) { return EnterStandby(services, request); });
  HandleScaling<asg::ExitStandbyRequest, asg::ExitStandbyResponse>(
      dispatcher, kService,
      [services](const asg::ExitStandbyRequest& request) { return ExitStandby(services, request); });
  HandleScalingOk<asg::SetInstanceHealthRequest, asg::SetInstanceHealthResponse>(
      dispatcher, kService,
      [services](const asg::SetInstanceHealthRequest& request) { return SetHealth(services, request); });
  HandleScalingOk<asg::SetInstanceProtectionRequest, asg::SetInstanceProtectionResponse>(
      dispatcher, kService,
      [services](const asg::SetInstanceProtectionRequest& request) { return SetProtection(services, request); });
  HandleScaling<asg::TerminateInstanceInAutoScalingGroupRequest, asg::TerminateInstanceInAutoScalingGroupResponse>(
      dispatcher, kService, [services](const asg::TerminateInstanceInAutoScalingGroupRequest& request) {
        return Terminate(services, request);
      });
  HandleScaling<asg::DescribeScalingActivitiesRequest, asg::DescribeScalingActivitiesResponse>(
      dispatcher, "ScalingActivities", [services](const asg::DescribeScalingActivitiesRequest& request) {
        return DescribeActivities(services, request);
      });
}

}  // namespace brume::api
