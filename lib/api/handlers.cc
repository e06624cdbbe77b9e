#include "lib/api/handlers.h"

namespace brume::api {

void AddAllHandlers(gateway::Dispatcher& dispatcher, const Services& services) {
  ec2::AddLaunchTemplateHandlers(dispatcher, services);
  cloudwatch::AddMetricHandlers(dispatcher, services);
  cloudwatch::AddMetricDataHandlers(dispatcher, services);
  iam::AddIamIdentityHandlers(dispatcher, services);
  iam::AddIamAccessKeyHandlers(dispatcher, services);
  iam::AddIamAttachmentHandlers(dispatcher, services);
  iam::AddIamInstanceProfileHandlers(dispatcher, services);
  iam::AddIamPolicyHandlers(dispatcher, services);
  cloudwatch::AddAlarmHandlers(dispatcher, services);
  cloudwatch::AddAlarmDescribeHandlers(dispatcher, services);
  iam::AddStsHandlers(dispatcher, services);
  autoscaling::AddScalingGroupHandlers(dispatcher, services);
  autoscaling::AddScalingMemberHandlers(dispatcher, services);
  autoscaling::AddScalingProcessHandlers(dispatcher, services);
  autoscaling::AddScalingTagHandlers(dispatcher, services);
  autoscaling::AddScalingHookHandlers(dispatcher, services);
  autoscaling::AddScalingWarmPoolHandlers(dispatcher, services);
  autoscaling::AddScalingPolicyHandlers(dispatcher, services);
  autoscaling::AddScalingScheduleHandlers(dispatcher, services);
  autoscaling::AddScalingRefreshHandlers(dispatcher, services);
  autoscaling::AddScalingAccountHandlers(dispatcher, services);
  autoscaling::AddLaunchConfigurationHandlers(dispatcher, services);
}

}  // namespace brume::api
