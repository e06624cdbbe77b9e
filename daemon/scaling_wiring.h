// The part of the wiring that scales: Auto Scaling's services and its loop.
#pragma once

#include "daemon/config.h"
#include "daemon/monitoring_wiring.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/policy_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/status_monitor.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct ScalingParts {
  store::Database& database;
  const Clock& clock;
  Random& random;
  const Config& config;
  compute::InstanceService& instances;
  const compute::StatusMonitor& status_monitor;
  compute::LaunchTemplateService& launch_templates;
  iam::InstanceProfileService& instance_profiles;
  Monitoring& monitoring;
};

// What it is given outlives it.
class Scaling {
 public:
  explicit Scaling(const ScalingParts& parts);

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }

  autoscaling::GroupService& groups() { return groups_; }
  autoscaling::MemberService& members() { return members_; }
  autoscaling::PolicyService& policies() { return policies_; }
  autoscaling::RefreshService& refreshes() { return refreshes_; }
  autoscaling::ScalingLoop& loop() { return loop_; }

 private:
  autoscaling::ScalingLoop loop_;
  autoscaling::GroupService groups_;
  autoscaling::MemberService members_;
  autoscaling::PolicyService policies_;
  autoscaling::RefreshService refreshes_;
};

}  // namespace brume::daemon
