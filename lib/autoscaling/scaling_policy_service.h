// Scaling policies, scheduled actions and launch configurations.
// Source of behaviour: Auto Scaling API reference, PutScalingPolicy, DescribePolicies, DeletePolicy, ExecutePolicy,
// GetPredictiveScalingForecast, PutScheduledUpdateGroupAction, DescribeScheduledActions, DeleteScheduledAction,
// CreateLaunchConfiguration, DescribeLaunchConfigurations, DeleteLaunchConfiguration.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/autoscaling/signal_reader.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/resource/account.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

inline constexpr int kMaxPolicies = 50;           // of a group
inline constexpr int kMaxScheduledActions = 125;  // of a group

struct PolicyServiceParts {
  store::Database& database;
  const Clock& clock;
  Random& random;
  Account account;
  std::function<void(const std::string& group)> wake;
  // The loads a policy foresees now; empty where too little was measured.
  std::function<absl::StatusOr<Forecast>(const scaling::PolicyRecord& policy)> forecast;
  // Whether metric maths can be computed; unset: it is not asked.
  std::function<absl::Status(const std::vector<alarm::WatchQuery>& queries)> check_maths = {};
};

struct ExecuteRequest {
  std::string group;
  std::string policy;  // a name, or an ARN
  bool honor_cooldown = false;
  std::optional<double> metric_value, breach_threshold;  // both, and of step scaling alone
};

// Thread-safe.
class PolicyService {
 public:
  explicit PolicyService(PolicyServiceParts parts) : parts_(std::move(parts)) {}

  // Makes or replaces the group's policy of that name; `seq`, `id` and `created` of the record are set here. Errors:
  // ValidationError, LimitExceeded.
  absl::StatusOr<scaling::PolicyRecord> Put(scaling::PolicyRecord policy);
  // By a name, with the group, or by an ARN. Error: ValidationError.
  absl::Status Delete(const std::string& group, const std::string& policy);
  // Of one group, or of all.
  absl::StatusOr<std::vector<scaling::PolicyRecord>> List(const std::optional<std::string>& group);
  // Errors: ValidationError, ScalingActivityInProgress.
  absl::Status Execute(const ExecuteRequest& request);
  // Of a predictive policy.
  absl::StatusOr<Forecast> ForecastOf(const std::string& group, const std::string& policy);
  std::string Arn(const scaling::PolicyRecord& policy) const;

  // Lets `change` change the group's action of that name as it stands, or a new one, and writes it, all in one
  // transaction: of two callers each of whom changes a part, none undoes what the other did. `change` must not call
  // this service; the recurrence and the zone are parsed here from their texts. Errors: ValidationError, AlreadyExists
  // (another one starts at the same time), LimitExceeded, those of `change`.
  absl::Status PutSchedule(const std::string& group, const std::string& name,
                           const std::function<absl::Status(scaling::ScheduleRecord& schedule)>& change);
  absl::Status DeleteSchedule(const std::string& group, const std::string& name);
  absl::StatusOr<std::vector<scaling::ScheduleRecord>> ListSchedules(const std::optional<std::string>& group);
  std::string Arn(const scaling::ScheduleRecord& schedule) const;

  // Errors: AlreadyExists, LimitExceeded, ValidationError.
  absl::Status CreateConfiguration(const std::string& name, const compute::LaunchSpec& spec);
  // ResourceInUse while a group is launched from it.
  absl::Status DeleteConfiguration(const std::string& name);
  absl::StatusOr<std::vector<scaling::LaunchConfiguration>> ListConfigurations(absl::Span<const std::string> names);
  std::string Arn(const scaling::LaunchConfiguration& configuration) const;

 private:
  absl::Status CheckSchedule(scaling::ScheduleRecord& schedule);

  const PolicyServiceParts parts_;
};

}  // namespace brume::autoscaling
