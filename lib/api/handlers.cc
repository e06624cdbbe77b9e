#include "lib/api/handlers.h"

namespace brume::api {

void AddAllHandlers(Dispatcher& dispatcher, const Services& services) {
  AddInstanceHandlers(dispatcher, services);
  AddInstanceAttributeHandlers(dispatcher, services);
  AddInstanceProfileHandlers(dispatcher, services);
  AddInstanceOptionHandlers(dispatcher, services);
  AddInstanceTypeHandlers(dispatcher, services);
  AddAccountHandlers(dispatcher, services);
  AddRegionHandlers(dispatcher, services);
  AddTagHandlers(dispatcher, services);
  AddKeyPairHandlers(dispatcher, services);
  AddImageHandlers(dispatcher, services);
  AddSnapshotHandlers(dispatcher, services);
  AddVolumeHandlers(dispatcher, services);
  AddLaunchTemplateHandlers(dispatcher, services);
  AddAddressHandlers(dispatcher, services);
  AddRouteHandlers(dispatcher, services);
  AddNetworkAclHandlers(dispatcher, services);
  AddNetworkInterfaceHandlers(dispatcher, services);
  AddSecurityGroupHandlers(dispatcher, services);
  AddSecurityGroupRuleHandlers(dispatcher, services);
  AddVpcHandlers(dispatcher, services);
  AddMetricHandlers(dispatcher, services);
  AddMetricDataHandlers(dispatcher, services);
  AddEventHandlers(dispatcher, services);
  AddIamIdentityHandlers(dispatcher, services);
  AddIamAccessKeyHandlers(dispatcher, services);
  AddIamAttachmentHandlers(dispatcher, services);
  AddIamInstanceProfileHandlers(dispatcher, services);
  AddIamPolicyHandlers(dispatcher, services);
  AddAlarmHandlers(dispatcher, services);
  AddAlarmDescribeHandlers(dispatcher, services);
  AddHostHandlers(dispatcher, services);
  AddStsHandlers(dispatcher, services);
  AddScalingGroupHandlers(dispatcher, services);
  AddScalingMemberHandlers(dispatcher, services);
  AddScalingProcessHandlers(dispatcher, services);
  AddScalingTagHandlers(dispatcher, services);
  AddScalingHookHandlers(dispatcher, services);
  AddScalingWarmPoolHandlers(dispatcher, services);
  AddScalingPolicyHandlers(dispatcher, services);
  AddScalingScheduleHandlers(dispatcher, services);
  AddScalingRefreshHandlers(dispatcher, services);
  AddScalingAccountHandlers(dispatcher, services);
  AddLaunchConfigurationHandlers(dispatcher, services);
}

}  // namespace brume::api
