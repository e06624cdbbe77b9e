#include "lib/api/handlers.h"

namespace brume::api {

void AddAllHandlers(gateway::Dispatcher& dispatcher, const Services& services) {
  ec2::AddInstanceHandlers(dispatcher, services);
  ec2::AddInstanceAttributeHandlers(dispatcher, services);
  ec2::AddInstanceProfileHandlers(dispatcher, services);
  ec2::AddInstanceOptionHandlers(dispatcher, services);
  ec2::AddInstanceTypeHandlers(dispatcher, services);
  ec2::AddAccountHandlers(dispatcher, services);
  ec2::AddRegionHandlers(dispatcher, services);
  ec2::AddTagHandlers(dispatcher, services);
  ec2::AddKeyPairHandlers(dispatcher, services);
  ec2::AddImageHandlers(dispatcher, services);
  ec2::AddSnapshotHandlers(dispatcher, services);
  ec2::AddVolumeHandlers(dispatcher, services);
  ec2::AddLaunchTemplateHandlers(dispatcher, services);
  ec2::AddAddressHandlers(dispatcher, services);
  ec2::AddRouteHandlers(dispatcher, services);
  ec2::AddNetworkAclHandlers(dispatcher, services);
  ec2::AddNetworkInterfaceHandlers(dispatcher, services);
  ec2::AddSecurityGroupHandlers(dispatcher, services);
  ec2::AddSecurityGroupRuleHandlers(dispatcher, services);
  ec2::AddVpcHandlers(dispatcher, services);
  cloudwatch::AddMetricHandlers(dispatcher, services);
  cloudwatch::AddMetricDataHandlers(dispatcher, services);
  host::AddEventHandlers(dispatcher, services);
  iam::AddIamIdentityHandlers(dispatcher, services);
  iam::AddIamAccessKeyHandlers(dispatcher, services);
  iam::AddIamAttachmentHandlers(dispatcher, services);
  iam::AddIamInstanceProfileHandlers(dispatcher, services);
  iam::AddIamPolicyHandlers(dispatcher, services);
  cloudwatch::AddAlarmHandlers(dispatcher, services);
  cloudwatch::AddAlarmDescribeHandlers(dispatcher, services);
  host::AddHostHandlers(dispatcher, services);
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
