// What the actions of Auto Scaling are served from.
#pragma once

#include "lib/base/clock.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {
class AlarmService;
}
namespace brume::iam {
class InstanceProfileService;
}
namespace brume::compute {
class InstanceService;
class LaunchService;
class LaunchTemplateService;
}  // namespace brume::compute

namespace brume::autoscaling {

class GroupService;
class MemberService;
class PolicyService;
class RefreshService;

// All are thread-safe.
struct ScalingServices {
  const Settings& settings;
  const Clock& clock;
  const InstanceTypeTable& types;
  GroupService& groups;
  MemberService& members;
  PolicyService& policies;
  RefreshService& refreshes;
  // Of other modules.
  compute::InstanceService& instances;
  compute::LaunchTemplateService& launch_templates;
  compute::LaunchService& launches;
  cloudwatch::AlarmService& alarms;
  iam::InstanceProfileService& profiles;
};

}  // namespace brume::autoscaling
