#include "lib/autoscaling/scaling_policy_service.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/group_change.h"
#include "lib/autoscaling/group_state.h"
#include "lib/autoscaling/launch_configuration_definition.h"
#include "lib/autoscaling/model/adjustment.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/autoscaling/tables/policy_table.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::autoscaling {
namespace {

using scaling::GroupView;
using scaling::PolicyRecord;
using scaling::ScheduleRecord;

constexpr int kMaxSteps = 20;

struct RuleCheck {
  const scaling::MetricRequest& metric;

  absl::Status operator()(const scaling::SimplePolicy&) const { return absl::OkStatus(); }
  absl::Status operator()(const scaling::StepPolicy& step) const {
    if (step.steps.size() > kMaxSteps) {
      return ec2::Error("LimitExceeded", absl::StrCat("A policy has at most ", kMaxSteps, " step adjustments"));
    }
    return scaling::CheckSteps(step.steps);
  }
  absl::Status operator()(const scaling::TrackingPolicy& tracking) const { return CheckTarget(tracking.target); }
  absl::Status operator()(const scaling::PredictivePolicy& predictive) const {
    if (predictive.buffer < absl::ZeroDuration() || predictive.buffer > absl::Hours(1)) {
      return ScalingError("SchedulingBufferTime must be between 0 and 3600 seconds");
    }
    return CheckTarget(predictive.target);
  }
  absl::Status CheckTarget(double target) const {
    if (!(target > 0) || !std::isfinite(target)) return ScalingError("TargetValue must be a positive number");
    if (metric.predefined.empty() && metric.metric.name.empty() && metric.queries.empty())
      return ScalingError("A metric is required");
    return absl::OkStatus();
  }
};

bool IsNamed(const PolicyRecord& policy, const std::string& arn, const std::string& name) {
  return policy.policy.name == name || arn == name;
}

}  // namespace

std::string PolicyService::Arn(const PolicyRecord& policy) const { return ArnOf(parts_.account, policy); }

std::string PolicyService::Arn(const ScheduleRecord& schedule) const { return ArnOf(parts_.account, schedule); }

std::string PolicyService::Arn(const scaling::LaunchConfiguration& configuration) const {
  return ArnOf(parts_.account, configuration);
}

absl::StatusOr<PolicyRecord> PolicyService::Put(PolicyRecord policy) {
  const std::string& name = policy.policy.name;
  if (name.empty() || name.size() > 255 || name.find(':') != std::string::npos) {
    return ScalingError("PolicyName must have 1 to 255 characters, without colons");
  }
  RETURN_IF_ERROR(std::visit(RuleCheck{policy.metric}, policy.policy.rule));
  // Read once, so that the mistakes of expressions are reported now.
  const scaling::MetricRequest& metric = policy.metric;
  for (const auto* queries : {&metric.queries, &metric.scaling_queries, &metric.capacity_queries}) {
    if (!queries->empty() && parts_.check_maths) RETURN_IF_ERROR(parts_.check_maths(*queries));
  }
  policy.id = NewUuid(parts_.random);
  policy.created = parts_.clock.Now();
  RETURN_IF_ERROR(
      ChangeGroup(parts_.database, policy.group, [&](store::Connection& c, GroupView& view) -> absl::Status {
        PolicyTable policies(c);
        ASSIGN_OR_RETURN(const std::vector<PolicyRecord> present, policies.List(policy.group));
        const bool is_new = std::none_of(present.begin(), present.end(),
                                         [&](const PolicyRecord& each) { return each.policy.name == name; });
        if (is_new && present.size() >= static_cast<size_t>(kMaxPolicies)) {
          return ec2::Error("LimitExceeded", absl::StrCat("A group has at most ", kMaxPolicies, " scaling policies"));
        }
        return policies.Put(view.record.seq, policy);
      }));
  parts_.wake(policy.group);
  return policy;
}

absl::StatusOr<std::vector<PolicyRecord>> PolicyService::List(const std::optional<std::string>& group) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<PolicyRecord>> {
    if (group.has_value()) {
      ASSIGN_OR_RETURN(const auto found, GroupTable(c).Find(*group));
      if (!found.has_value()) return GroupNotFound(*group);
    }
    return PolicyTable(c).List(group);
  });
}

absl::Status PolicyService::Delete(const std::string& group, const std::string& policy) {
  const std::string of = group.empty() ? scaling::GroupOfPolicyArn(policy) : group;
  RETURN_IF_ERROR(ChangeGroup(parts_.database, of, [&](store::Connection& c, GroupView&) -> absl::Status {
    PolicyTable policies(c);
    ASSIGN_OR_RETURN(const std::vector<PolicyRecord> present, policies.List(of));
    for (const PolicyRecord& each : present) {
      if (IsNamed(each, Arn(each), policy)) return policies.Delete(each.seq);
    }
    return ScalingError(absl::StrCat("PolicyName not found - The policy '", policy, "' does not exist in ", of));
  }));
  parts_.wake(of);
  return absl::OkStatus();
}

absl::Status PolicyService::Execute(const ExecuteRequest& request) {
  const std::string of = request.group.empty() ? scaling::GroupOfPolicyArn(request.policy) : request.group;
  const absl::Time now = parts_.clock.Now();
  RETURN_IF_ERROR(ChangeGroup(parts_.database, of, [&](store::Connection& c, GroupView& view) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<PolicyRecord> present, PolicyTable(c).List(of));
    const auto found = std::find_if(present.begin(), present.end(),
                                    [&](const PolicyRecord& each) { return IsNamed(each, Arn(each), request.policy); });
    if (found == present.end()) {
      return ScalingError(
          absl::StrCat("PolicyName not found - The policy '", request.policy, "' does not exist in ", of));
    }
    scaling::Group& group = view.record.group;
    int wanted = group.desired;
    if (const auto* simple = std::get_if<scaling::SimplePolicy>(&found->policy.rule)) {
      if (request.honor_cooldown && now < view.record.cooldown_until) {
        return ec2::Error("ScalingActivityInProgress", absl::StrCat("The group '", of, "' cools down"));
      }
      wanted = scaling::Adjust(group.desired, simple->adjustment);
      view.record.cooldown_until = now + simple->cooldown.value_or(group.default_cooldown);
    } else if (const auto* step = std::get_if<scaling::StepPolicy>(&found->policy.rule)) {
      if (!request.metric_value.has_value() || !request.breach_threshold.has_value()) {
        return ScalingError("MetricValue and BreachThreshold are required to execute a step scaling policy");
      }
      const scaling::StepAdjustment* chosen =
          ChooseStep(step->steps, *request.metric_value - *request.breach_threshold);
      if (chosen == nullptr) return ScalingError("No step adjustment of the policy is for this metric value");
      wanted = scaling::Adjust(group.desired, {step->type, chosen->amount, step->min_magnitude});
    } else {
      return ScalingError("Only simple and step scaling policies can be executed");
    }
    wanted = std::clamp(wanted, group.min_size, group.max_size);
    if (wanted == group.desired) return absl::OkStatus();
    view.record.state.why = absl::StrCat(absl::FormatTime("At %Y-%m-%dT%H:%M:%SZ ", now, absl::UTCTimeZone()),
                                         "a user request executed policy ", found->policy.name,
                                         " changing the desired capacity from ", group.desired, " to ", wanted, ".");
    group.desired = wanted;
    return absl::OkStatus();
  }));
  parts_.wake(of);
  return absl::OkStatus();
}

absl::StatusOr<Forecast> PolicyService::ForecastOf(const std::string& group, const std::string& policy) {
  ASSIGN_OR_RETURN(const std::vector<PolicyRecord> present, List(group));
  for (const PolicyRecord& each : present) {
    if (!IsNamed(each, Arn(each), policy)) continue;
    if (!std::holds_alternative<scaling::PredictivePolicy>(each.policy.rule)) {
      return ScalingError(absl::StrCat("The policy '", policy, "' is no predictive scaling policy"));
    }
    return parts_.forecast(each);
  }
  return ScalingError(absl::StrCat("PolicyName not found - The policy '", policy, "' does not exist in ", group));
}

// Parses its texts.
absl::Status PolicyService::CheckSchedule(ScheduleRecord& schedule) {
  scaling::ScheduledAction& action = schedule.action;
  if (action.name.empty() || action.name.size() > 255)
    return ScalingError("ScheduledActionName has 1 to 255 characters");
  if (!action.min_size.has_value() && !action.max_size.has_value() && !action.desired.has_value()) {
    return ScalingError("A scheduled action needs at least one of MinSize, MaxSize and DesiredCapacity");
  }
  if (action.min_size.value_or(0) < 0 || action.max_size.value_or(0) < 0 || action.desired.value_or(0) < 0) {
    return ScalingError("The sizes of a group cannot be negative");
  }
  if (action.min_size.has_value() && action.max_size.has_value() && *action.min_size > *action.max_size) {
    return ScalingError("Given capacity values are invalid: min size is above max size");
  }
  if (!schedule.recurrence.empty()) {
    ASSIGN_OR_RETURN(action.recurrence, scaling::Cron::Parse(schedule.recurrence));
  } else if (!action.start.has_value()) {
    return ScalingError("A scheduled action needs a StartTime or a Recurrence");
  }
  if (!schedule.time_zone.empty() && !absl::LoadTimeZone(schedule.time_zone, &action.zone)) {
    return ScalingError(absl::StrCat("Given time zone '", schedule.time_zone, "' is not a valid time zone name"));
  }
  schedule.evaluated_until = parts_.clock.Now();
  if (action.start.has_value() && *action.start < schedule.evaluated_until) {
    return ScalingError("Given start time is in the past");
  }
  if (action.end.has_value() && *action.end <= action.start.value_or(schedule.evaluated_until)) {
    return ScalingError("The end time must be in the future, and after the start time");
  }
  if (!NextRun(action, schedule.evaluated_until).has_value()) {
    return ScalingError("The scheduled action would never run");
  }
  return absl::OkStatus();
}

absl::Status PolicyService::PutSchedule(const std::string& group, const std::string& name,
                                        const std::function<absl::Status(ScheduleRecord& schedule)>& change) {
  const std::string id = NewUuid(parts_.random);
  RETURN_IF_ERROR(ChangeGroup(parts_.database, group, [&](store::Connection& c, GroupView& view) -> absl::Status {
    ScheduleTable schedules(c);
    ASSIGN_OR_RETURN(const std::vector<ScheduleRecord> present, schedules.List(group));
    const auto found = std::find_if(present.begin(), present.end(),
                                    [&](const ScheduleRecord& each) { return each.action.name == name; });
    ScheduleRecord schedule;
    if (found != present.end()) schedule = *found;
    schedule.id = id;
    schedule.group = group;
    schedule.action.name = name;
    RETURN_IF_ERROR(change(schedule));
    RETURN_IF_ERROR(CheckSchedule(schedule));
    for (const ScheduleRecord& each : present) {
      const bool at_once =
          schedule.recurrence.empty() && each.recurrence.empty() && each.action.start == schedule.action.start;
      if (each.action.name == name || !at_once) continue;
      return ec2::Error("AlreadyExists",
                        absl::StrCat("The scheduled action '", each.action.name, "' is for the same time already"));
    }
    if (found == present.end() && present.size() >= static_cast<size_t>(kMaxScheduledActions)) {
      return ec2::Error("LimitExceeded",
                        absl::StrCat("A group has at most ", kMaxScheduledActions, " scheduled actions"));
    }
    return schedules.Put(view.record.seq, schedule);
  }));
  parts_.wake(group);
  return absl::OkStatus();
}

absl::Status PolicyService::DeleteSchedule(const std::string& group, const std::string& name) {
  return ChangeGroup(parts_.database, group, [&](store::Connection& c, GroupView&) -> absl::Status {
    ScheduleTable schedules(c);
    ASSIGN_OR_RETURN(const std::vector<ScheduleRecord> present, schedules.List(group));
    for (const ScheduleRecord& each : present) {
      if (each.action.name == name) return schedules.Delete(each.seq);
    }
    return ScalingError(absl::StrCat("Scheduled action name not found - Scheduled action '", name, "' not found"));
  });
}

absl::StatusOr<std::vector<ScheduleRecord>> PolicyService::ListSchedules(const std::optional<std::string>& group) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<ScheduleRecord>> {
    if (group.has_value()) {
      ASSIGN_OR_RETURN(const auto found, GroupTable(c).Find(*group));
      if (!found.has_value()) return GroupNotFound(*group);
    }
    return ScheduleTable(c).List(group);
  });
}

absl::Status PolicyService::CreateConfiguration(const std::string& name, const compute::LaunchSpec& spec) {
  if (name.empty() || name.size() > 255) return ScalingError("LaunchConfigurationName has 1 to 255 characters");
  return parts_.database.Write([&](store::Connection& c) {
    return AddConfiguration(
        c, {.seq = 0, .id = NewUuid(parts_.random), .name = name, .created = parts_.clock.Now(), .spec = spec});
  });
}

absl::Status PolicyService::DeleteConfiguration(const std::string& name) {
  return parts_.database.Write([&](store::Connection& c) -> absl::Status {
    LaunchConfigurationTable configurations(c);
    ASSIGN_OR_RETURN(const auto found, configurations.Find(name));
    if (!found.has_value()) {
      return ScalingError(
          absl::StrCat("Launch configuration name not found - Launch configuration ", name, " not found"));
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> users, GroupTable(c).ListNamesBySource(name));
    if (!users.empty()) {
      return ec2::Error("ResourceInUse", absl::StrCat("Cannot delete launch configuration ", name,
                                                      " because it is attached to AutoScalingGroup ", users.front()));
    }
    return configurations.Delete(name);
  });
}

absl::StatusOr<std::vector<scaling::LaunchConfiguration>> PolicyService::ListConfigurations(
    absl::Span<const std::string> names) {
  ASSIGN_OR_RETURN(std::vector<scaling::LaunchConfiguration> all,
                   parts_.database.ReadFor([](store::Connection& c) { return LaunchConfigurationTable(c).List(); }));
  std::erase_if(all, [&](const scaling::LaunchConfiguration& each) {
    return !names.empty() && std::find(names.begin(), names.end(), each.name) == names.end();
  });
  return all;
}

}  // namespace brume::autoscaling
