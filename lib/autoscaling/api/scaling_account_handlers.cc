#include "lib/autoscaling/api/scaling_account_handlers.h"

#include <string>

#include "brume/autoscaling/v1/account.pb.h"
#include "brume/autoscaling/v1/notification.pb.h"
#include "brume/autoscaling/v1/traffic_source.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/launch_configuration_definition.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/pages.h"

namespace brume::autoscaling {
namespace {

absl::StatusOr<v1::DescribeAccountLimitsResponse> DescribeAccountLimits(const v1::DescribeAccountLimitsRequest&,
                                                                        const ScalingServices& services) {
  ASSIGN_OR_RETURN(const auto groups, services.groups.Describe({}));
  ASSIGN_OR_RETURN(const auto configurations, services.policies.ListConfigurations({}));
  v1::DescribeAccountLimitsResponse response;
  response.set_max_number_of_auto_scaling_groups(kMaxGroups);
  response.set_max_number_of_launch_configurations(kMaxLaunchConfigurations);
  response.set_number_of_auto_scaling_groups(static_cast<int32_t>(groups.size()));
  response.set_number_of_launch_configurations(static_cast<int32_t>(configurations.size()));
  return response;
}

// A description of what no group has; a group that is named must be there.
template <typename Request, typename Response>
absl::StatusOr<Response> DescribeNone(const Request& request, const ScalingServices& services) {
  if (!request.next_token().empty()) return gateway::InvalidToken();
  RETURN_IF_ERROR(services.groups.Get(GroupNameOf(services, request.auto_scaling_group_name())).status());
  return Response();
}

absl::StatusOr<v1::DescribeNotificationConfigurationsResponse> DescribeNotificationConfigurations(
    const v1::DescribeNotificationConfigurationsRequest& request) {
  if (!request.next_token().empty()) return gateway::InvalidToken();
  return v1::DescribeNotificationConfigurationsResponse();
}

// What EC2 sends notifications of.
absl::StatusOr<v1::DescribeAutoScalingNotificationTypesResponse> DescribeAutoScalingNotificationTypes(
    const v1::DescribeAutoScalingNotificationTypesRequest&) {
  v1::DescribeAutoScalingNotificationTypesResponse response;
  for (const char* type : {"autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
                           "autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
                           "autoscaling:TEST_NOTIFICATION"}) {
    response.add_auto_scaling_notification_types(type);
  }
  return response;
}

}  // namespace

void AddAccountActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(DescribeAccountLimits, services);
  actions.Add(DescribeNone<v1::DescribeLoadBalancersRequest, v1::DescribeLoadBalancersResponse>, services);
  actions.Add(DescribeNone<v1::DescribeLoadBalancerTargetGroupsRequest, v1::DescribeLoadBalancerTargetGroupsResponse>,
              services);
  actions.Add(DescribeNone<v1::DescribeTrafficSourcesRequest, v1::DescribeTrafficSourcesResponse>, services);
  actions.Add(DescribeNotificationConfigurations);
  actions.Add(DescribeAutoScalingNotificationTypes);
}

}  // namespace brume::autoscaling
