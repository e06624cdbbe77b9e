// Every handler of the schema, and what they need: the one call the daemon makes to fill a dispatcher.
//
//   api::Services services{…};
//   api::AddAllHandlers(dispatcher, services);
//   RETURN_IF_ERROR(dispatcher.CheckComplete());
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/api/call_statistics.h"
#include "lib/api/dispatcher.h"
#include "lib/api/host_report.h"
#include "lib/base/clock.h"
#include "lib/compute/status_monitor.h"
#include "lib/domain/instance_type.h"
#include "lib/domain/settings.h"

namespace brume::autoscaling {
class GroupService;
class MemberService;
class PolicyService;
class RefreshService;
}  // namespace brume::autoscaling
namespace brume::compute {
class InstanceService;
class KeyPairService;
class LaunchTemplateService;
class TagService;
}  // namespace brume::compute
namespace brume::identity {
class AccessKeyService;
class EventLog;
class IdentityService;
class InstanceProfileService;
class SessionService;
}  // namespace brume::identity
namespace brume::monitoring {
class AlarmService;
class MetricService;
}  // namespace brume::monitoring
namespace brume::network {
class InterfaceService;
class NetworkService;
class SecurityGroupService;
}  // namespace brume::network
namespace brume::storage {
class ImageService;
class VolumeService;
}  // namespace brume::storage

namespace brume::api {

// Everything must outlive the dispatcher; all of it is thread-safe.
struct Services {
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  compute::InstanceService& instances;
  compute::KeyPairService& key_pairs;
  compute::LaunchTemplateService& launch_templates;
  compute::TagService& tags;
  storage::ImageService& images;
  storage::VolumeService& volumes;
  network::NetworkService& networks;
  network::InterfaceService& interfaces;
  network::SecurityGroupService& security_groups;
  identity::EventLog& events;
  identity::IdentityService& identities;
  identity::AccessKeyService& access_keys;
  identity::InstanceProfileService& instance_profiles;
  identity::SessionService& sessions;
  monitoring::MetricService& metrics;
  monitoring::AlarmService& alarms;
  autoscaling::GroupService& scaling_groups;
  autoscaling::MemberService& scaling_members;
  autoscaling::PolicyService& scaling_policies;
  autoscaling::RefreshService& scaling_refreshes;
  CallStatistics& statistics;
  // Whether guests with a public address reach beyond this host.
  bool has_uplink = false;
  // StatusMonitor::StatusOf.
  std::function<compute::InstanceStatus(const Instance&)> status_of;
  // The newest output of the console of an instance that exists, at most 64 KiB; empty when there is none.
  std::function<absl::StatusOr<std::string>(const InstanceId&)> console_output;
  std::function<absl::StatusOr<HostReport>()> describe_host;
};

// `services` may go; what it refers to must stay.
void AddAllHandlers(Dispatcher& dispatcher, const Services& services);

// One file of handlers a resource; AddAllHandlers calls them all.
void AddInstanceHandlers(Dispatcher& dispatcher, const Services& services);
void AddInstanceAttributeHandlers(Dispatcher& dispatcher, const Services& services);
void AddInstanceProfileHandlers(Dispatcher& dispatcher, const Services& services);
void AddInstanceOptionHandlers(Dispatcher& dispatcher, const Services& services);
void AddInstanceTypeHandlers(Dispatcher& dispatcher, const Services& services);
void AddAccountHandlers(Dispatcher& dispatcher, const Services& services);
void AddRegionHandlers(Dispatcher& dispatcher, const Services& services);
void AddTagHandlers(Dispatcher& dispatcher, const Services& services);
void AddKeyPairHandlers(Dispatcher& dispatcher, const Services& services);
void AddImageHandlers(Dispatcher& dispatcher, const Services& services);
void AddSnapshotHandlers(Dispatcher& dispatcher, const Services& services);
void AddVolumeHandlers(Dispatcher& dispatcher, const Services& services);
void AddLaunchTemplateHandlers(Dispatcher& dispatcher, const Services& services);
void AddAddressHandlers(Dispatcher& dispatcher, const Services& services);
void AddRouteHandlers(Dispatcher& dispatcher, const Services& services);
void AddNetworkAclHandlers(Dispatcher& dispatcher, const Services& services);
void AddNetworkInterfaceHandlers(Dispatcher& dispatcher, const Services& services);
void AddSecurityGroupHandlers(Dispatcher& dispatcher, const Services& services);
void AddSecurityGroupRuleHandlers(Dispatcher& dispatcher, const Services& services);
void AddVpcHandlers(Dispatcher& dispatcher, const Services& services);
void AddMetricHandlers(Dispatcher& dispatcher, const Services& services);
void AddMetricDataHandlers(Dispatcher& dispatcher, const Services& services);
void AddEventHandlers(Dispatcher& dispatcher, const Services& services);
void AddIamIdentityHandlers(Dispatcher& dispatcher, const Services& services);
void AddIamAccessKeyHandlers(Dispatcher& dispatcher, const Services& services);
void AddIamAttachmentHandlers(Dispatcher& dispatcher, const Services& services);
void AddIamInstanceProfileHandlers(Dispatcher& dispatcher, const Services& services);
void AddIamPolicyHandlers(Dispatcher& dispatcher, const Services& services);
void AddAlarmHandlers(Dispatcher& dispatcher, const Services& services);
void AddAlarmDescribeHandlers(Dispatcher& dispatcher, const Services& services);
void AddHostHandlers(Dispatcher& dispatcher, const Services& services);
void AddStsHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingGroupHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingMemberHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingProcessHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingTagHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingHookHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingWarmPoolHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingPolicyHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingScheduleHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingRefreshHandlers(Dispatcher& dispatcher, const Services& services);
void AddScalingAccountHandlers(Dispatcher& dispatcher, const Services& services);
void AddLaunchConfigurationHandlers(Dispatcher& dispatcher, const Services& services);

}  // namespace brume::api
