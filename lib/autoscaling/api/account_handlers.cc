#include <string>

#include "brume/autoscaling/v1/account.pb.h"
#include "brume/autoscaling/v1/notification.pb.h"
#include "brume/autoscaling/v1/traffic_source.pb.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/policy_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kTrafficSources[] = "TrafficSources";
constexpr char kNotifications[] = "GroupNotifications";

absl::StatusOr<v1::DescribeAccountLimitsResponse> DescribeLimits(const api::Services& services) {
  ASSIGN_OR_RETURN(const auto groups, services.scaling_groups.Describe({}));
  ASSIGN_OR_RETURN(const auto configurations, services.scaling_policies.ListConfigurations({}));
  v1::DescribeAccountLimitsResponse response;
  response.set_max_number_of_auto_scaling_groups(autoscaling::kMostGroups);
  response.set_max_number_of_launch_configurations(autoscaling::kMostLaunchConfigurations);
  response.set_number_of_auto_scaling_groups(static_cast<int32_t>(groups.size()));
  response.set_number_of_launch_configurations(static_cast<int32_t>(configurations.size()));
  return response;
}

// Adds a description of what no group has; a group that is named must be there.
template <typename Request, typename Response>
void HandleNone(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScaling<Request, Response>(
      dispatcher, kTrafficSources, [services](const Request& request) -> absl::StatusOr<Response> {
        if (!request.next_token().empty()) return gateway::InvalidToken();
        RETURN_IF_ERROR(services.scaling_groups.Get(GroupNameOf(services, request.auto_scaling_group_name())).status());
        return Response();
      });
}

// What EC2 sends notifications of.
v1::DescribeAutoScalingNotificationTypesResponse DescribeNotificationTypes() {
  v1::DescribeAutoScalingNotificationTypesResponse response;
  for (const char* type : {"autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
                           "autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
                           "autoscaling:TEST_NOTIFICATION"}) {
    response.add_auto_scaling_notification_types(type);
  }
  return response;
}

}  // namespace

void AddScalingAccountHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScaling<v1::DescribeAccountLimitsRequest, v1::DescribeAccountLimitsResponse>(
      dispatcher, "AutoScalingAccounts",
      [services](const v1::DescribeAccountLimitsRequest&) { return DescribeLimits(services); });
  HandleNone<v1::DescribeLoadBalancersRequest, v1::DescribeLoadBalancersResponse>(dispatcher, services);
  HandleNone<v1::DescribeLoadBalancerTargetGroupsRequest, v1::DescribeLoadBalancerTargetGroupsResponse>(dispatcher,
                                                                                                        services);
  HandleNone<v1::DescribeTrafficSourcesRequest, v1::DescribeTrafficSourcesResponse>(dispatcher, services);
  HandleScaling<v1::DescribeNotificationConfigurationsRequest, v1::DescribeNotificationConfigurationsResponse>(
      dispatcher, kNotifications,
      [](const v1::DescribeNotificationConfigurationsRequest& request)
          -> absl::StatusOr<v1::DescribeNotificationConfigurationsResponse> {
        if (!request.next_token().empty()) return gateway::InvalidToken();
        return v1::DescribeNotificationConfigurationsResponse();
      });
  HandleScaling<v1::DescribeAutoScalingNotificationTypesRequest, v1::DescribeAutoScalingNotificationTypesResponse>(
      dispatcher, kNotifications,
      [](const v1::DescribeAutoScalingNotificationTypesRequest&)
          -> absl::StatusOr<v1::DescribeAutoScalingNotificationTypesResponse> { return DescribeNotificationTypes(); });
}

}  // namespace brume::autoscaling
