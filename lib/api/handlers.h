// Every handler of the schema, and what they need: the one call the daemon makes to fill a dispatcher.
//
//   Services services{…};
//   AddAllHandlers(dispatcher, services);
//   RETURN_IF_ERROR(dispatcher.CheckComplete());
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/gateway/dispatcher.h"
#include "lib/resource/settings.h"

namespace brume::autoscaling {
class GroupService;
class MemberService;
class PolicyService;
class RefreshService;
}  // namespace brume::autoscaling
namespace brume::compute {
class InstanceService;
class LaunchTemplateService;
}  // namespace brume::compute
namespace brume::iam {
class AccessKeyService;
class IdentityService;
class InstanceProfileService;
class SessionService;
}  // namespace brume::iam
namespace brume::cloudwatch {
class AlarmService;
class MetricService;
}  // namespace brume::cloudwatch

namespace brume::api {

// Everything must outlive the dispatcher; all of it is thread-safe.
struct Services {
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  compute::InstanceService& instances;
  compute::LaunchTemplateService& launch_templates;
  iam::IdentityService& identities;
  iam::AccessKeyService& access_keys;
  iam::InstanceProfileService& instance_profiles;
  iam::SessionService& sessions;
  cloudwatch::MetricService& metrics;
  cloudwatch::AlarmService& alarms;
  autoscaling::GroupService& scaling_groups;
  autoscaling::MemberService& scaling_members;
  autoscaling::PolicyService& scaling_policies;
  autoscaling::RefreshService& scaling_refreshes;
};

// `services` may go; what it refers to must stay.
void AddAllHandlers(gateway::Dispatcher& dispatcher, const Services& services);

}  // namespace brume::api

// One file of handlers a resource; AddAllHandlers calls them all.
namespace brume::ec2 {
void AddLaunchTemplateHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::ec2
namespace brume::cloudwatch {
void AddMetricHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddMetricDataHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddAlarmHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddAlarmDescribeHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::cloudwatch
namespace brume::iam {
void AddIamIdentityHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddIamAccessKeyHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddIamAttachmentHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddIamInstanceProfileHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddIamPolicyHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddStsHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::iam
namespace brume::autoscaling {
void AddScalingGroupHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingMemberHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingProcessHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingTagHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingHookHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingWarmPoolHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingPolicyHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingScheduleHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingRefreshHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddScalingAccountHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
void AddLaunchConfigurationHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::autoscaling
