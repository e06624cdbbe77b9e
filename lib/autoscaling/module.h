// Auto Scaling as the daemon sees it: groups, their policies, and the loop that follows both.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/gateway/actions.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// All that it refers to must outlive the module.
struct AutoscalingParts {
  store::Database& database;
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  Random& random;
  compute::InstanceService& instances;
  const compute::StatusOfInstance& status_of;
  compute::LaunchTemplateService& launch_templates;
  compute::LaunchService& launches;
  cloudwatch::MetricService& metrics;
  cloudwatch::AlarmService& alarms;
  iam::InstanceProfileService& profiles;
  absl::Duration sample_period;            // of the metrics of guests
  std::vector<std::string> webhooks = {};  // how the URLs that hooks may notify begin
};

// Thread-safe between Start and Stop.
class AutoscalingModule {
 public:
  explicit AutoscalingModule(const AutoscalingParts& parts);

  void Register(gateway::Actions& actions);
  void Start() { loop_.Start(); }
  // Idempotent.
  void Stop() { loop_.Stop(); }

  // What happened to an instance, and to an alarm of a policy: the groups they concern are reconciled. They do not
  // block.
  void OnInstance(const InstanceId& id) { loop_.OnInstance(id); }
  void OnAlarmAction(const std::string& policy_arn) { loop_.OnAlarmAction(policy_arn); }
  PolicyService& policies() { return policies_; }

 private:
  ScalingLoop loop_;
  GroupService groups_;
  MemberService members_;
  PolicyService policies_;
  RefreshService refreshes_;
  const ScalingServices services_;
};

}  // namespace brume::autoscaling
