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
class PolicyService;
}  // namespace brume::autoscaling
namespace brume::compute {
class InstanceService;
class LaunchTemplateService;
}  // namespace brume::compute
namespace brume::iam {
class InstanceProfileService;
}  // namespace brume::iam

namespace brume::api {

// Everything must outlive the dispatcher; all of it is thread-safe.
struct Services {
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  compute::InstanceService& instances;
  compute::LaunchTemplateService& launch_templates;
  iam::InstanceProfileService& instance_profiles;
  autoscaling::PolicyService& scaling_policies;
};

// `services` may go; what it refers to must stay.
void AddAllHandlers(gateway::Dispatcher& dispatcher, const Services& services);

}  // namespace brume::api

// One file of handlers a resource; AddAllHandlers calls them all.
namespace brume::ec2 {
void AddLaunchTemplateHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::ec2
namespace brume::autoscaling {
void AddLaunchConfigurationHandlers(gateway::Dispatcher& dispatcher, const api::Services& services);
}  // namespace brume::autoscaling
