#include <string>

#include "brume/autoscaling/v1/account.pb.h"
#include "brume/autoscaling/v1/notification.pb.h"
#include "brume/autoscaling/v1/traffic_source.pb.h"
#include "lib/api/scaling.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/policy_service.h"

namespace brume::api {
namespace {

constexpr char kTrafficSources[] = "TrafficSources";
constexpr char kNotifications[] = "GroupNotifications";

absl::StatusOr<asg::DescribeAccountLimitsResponse> DescribeLimits(const Services& services) {
  ASSIGN_OR_RETURN(const auto groups, services.scaling_groups.Describe({}));
  ASSIGN_OR_RETURN(const auto configurations, services.scaling_policies.ListConfigurations({}));
  asg::DescribeAccountLimitsResponse response;
  response.set_max_number_of_auto_scaling_groups(autoscaling::kMostGroups);
  response.set_max_number_of_launch_configurations(autoscaling::kMostLaunchConfigurations);
  response.set_number_of_auto_scaling_groups(static_cast<int32_t>(groups.size()));
  response.set_number_of_launch_configurations(static_cast<int32_t>(configurations.size()));
  return response;
}

// Adds a description of what no group has; a group that is named must be there.
template <typename Request, typename Response>
void HandleNone(Dispatcher& dispatcher, const Services& services) {
  HandleScaling<Request, Response>(
      dispatcher, kTrafficSources, [services](const Request& request) -> absl::StatusOr<Response> {
        if (!request.next_token().empty()) return InvalidToken();
        RETURN_IF_ERROR(services.scaling_groups.Get(GroupNameOf(services, request.auto_scaling_group_name())).status());
        return Response();
      });
}

// What EC2 sends notifications of.
asg::DescribeAutoScalingNotificationTypesResponse DescribeNotificationTypes() {
  asg::DescribeAutoScalingNotificationTypesResponse response;
  for (const char* type : {"autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
                           "autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
                           "autoscaling:TEST_NOTIFICATION"}) {
    response.add_auto_scaling_notification_types(type);
  }
  return response;
}

}  // namespace

void AddScalingAccountHandlers(Dispatcher& dispatcher, const Services& services) {
  HandleScaling<asg::DescribeAccountLimitsRequest, asg::DescribeAccountLimitsResponse>(
      dispatcher, "AutoScalingAccounts",
      [services](const asg::DescribeAccountLimitsRequest&) { return DescribeLimits(services); });
  HandleNone<asg::DescribeLoadBalancersRequest, asg::DescribeLoadBalancersResponse>(dispatcher, services);
  HandleNone<asg::DescribeLoadBalancerTargetGroupsRequest, asg::DescribeLoadBalancerTargetGroupsResponse>(dispatcher,
                                                                                                          services);
  HandleNone<asg::DescribeTrafficSourcesRequest, asg::DescribeTrafficSourcesResponse>(dispatcher, services);
  HandleScaling<asg::DescribeNotificationConfigurationsRequest, asg::DescribeNotificationConfigurationsResponse>(
      dispatcher, kNotifications,
      [](const asg::DescribeNotificationConfigurationsRequest& request)
          -> absl::StatusOr<asg::DescribeNotificationConfigurationsResponse> {
        if (!request.next_token().empty()) return InvalidToken();
        return asg::DescribeNotificationConfigurationsResponse();
      });
  HandleScaling<asg::DescribeAutoScalingNotificationTypesRequest, asg::DescribeAutoScalingNotificationTypesResponse>(
      dispatcher, kNotifications,
      [](const asg::DescribeAutoScalingNotificationTypesRequest&)
          -> absl::StatusOr<asg::DescribeAutoScalingNotificationTypesResponse> { return DescribeNotificationTypes(); });
}

}  // namespace brume::api
