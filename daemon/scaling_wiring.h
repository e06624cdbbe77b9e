// The part of the wiring that scales: Auto Scaling's services and its loop.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/launcher.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/policy_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/autoscaling/signals.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/compute/instance_service.h"
#include "lib/compute/status_monitor.h"
#include "lib/domain/settings.h"
#include "lib/store/database.h"

namespace brume::daemon {

struct ScalingParts {
  store::Database& database;
  const Clock& clock;
  Random& random;
  const Settings& settings;
  compute::InstanceService& instances;
  const compute::StatusMonitor& status_monitor;
  std::function<absl::StatusOr<InstanceId>(const autoscaling::LaunchOrder& order)> run;
  autoscaling::SignalSources signals;
  // Whether a lifecycle hook may notify a URL, and how it does.
  std::function<absl::Status(const std::string& url)> check_target;
  std::function<absl::Status(const std::string& url, const std::string& body)> notify;
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
