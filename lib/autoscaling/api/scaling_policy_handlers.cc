#include "lib/autoscaling/api/scaling_policy_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/policy_message.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/gateway/time_text.h"

namespace brume::autoscaling {
namespace {

absl::StatusOr<v1::PutScalingPolicyResponse> PutScalingPolicy(const v1::PutScalingPolicyRequest& request,
                                                              const ScalingServices& services) {
  ASSIGN_OR_RETURN(scaling::PolicyRecord policy, ParsePolicy(services, request));
  ASSIGN_OR_RETURN(policy, services.policies.Put(std::move(policy)));
  v1::PutScalingPolicyResponse response;
  response.set_policy_arn(services.policies.Arn(policy));
  return response;
}

bool Names(const google::protobuf::RepeatedPtrField<std::string>& list, absl::string_view value) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& each) { return each == value; });
}

absl::StatusOr<v1::DescribePoliciesResponse> DescribePolicies(const v1::DescribePoliciesRequest& request,
                                                              const ScalingServices& services) {
  std::optional<std::string> group;
  if (!request.auto_scaling_group_name().empty()) group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const std::vector<scaling::PolicyRecord> records, services.policies.List(group));
  std::vector<v1::ScalingPolicy> policies;
  for (const scaling::PolicyRecord& record : records) {
    v1::ScalingPolicy rendered = RenderPolicy(record);
    rendered.set_policy_arn(services.policies.Arn(record));
    const auto& names = request.policy_names();
    if (!names.empty() && !Names(names, rendered.policy_name()) && !Names(names, rendered.policy_arn())) continue;
    if (!request.policy_types().empty() && !Names(request.policy_types(), rendered.policy_type())) continue;
    policies.push_back(std::move(rendered));
  }
  // No name of a group has a line's end.
  const auto key = [](const v1::ScalingPolicy& policy) {
    return absl::StrCat(policy.auto_scaling_group_name(), "\n", policy.policy_name());
  };
  std::sort(policies.begin(), policies.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  v1::DescribePoliciesResponse response;
  ASSIGN_OR_RETURN(policies, ScalingPage("scaling policies", std::move(policies), request, response, key));
  for (v1::ScalingPolicy& policy : policies) {
    for (const cloudwatch::AlarmService::ActionAlarm& alarm : services.alarms.AlarmsFor(policy.policy_arn())) {
      v1::Alarm& rendered = *policy.add_alarms();
      rendered.set_alarm_name(alarm.name);
      rendered.set_alarm_arn(alarm.arn);
    }
    *response.add_scaling_policies() = std::move(policy);
  }
  return response;
}

absl::Status ExecutePolicy(const v1::ExecutePolicyRequest& request, const ScalingServices& services) {
  ExecuteRequest execute;
  execute.group = GroupNameOf(services, request.auto_scaling_group_name());
  execute.policy = request.policy_name();
  execute.honor_cooldown = request.honor_cooldown();
  if (request.has_metric_value()) execute.metric_value = request.metric_value();
  if (request.has_breach_threshold()) execute.breach_threshold = request.breach_threshold();
  return services.policies.Execute(execute);
}

absl::StatusOr<v1::GetPredictiveScalingForecastResponse> GetPredictiveScalingForecast(
    const v1::GetPredictiveScalingForecastRequest& request, const ScalingServices& services) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const absl::Time from, AsScalingError(gateway::ParseTime(request.start_time())));
  ASSIGN_OR_RETURN(const absl::Time to, AsScalingError(gateway::ParseTime(request.end_time())));
  if (to <= from) return ScalingError("EndTime must be after StartTime");
  ASSIGN_OR_RETURN(const Forecast forecast, services.policies.ForecastOf(group, request.policy_name()));
  ASSIGN_OR_RETURN(const std::vector<scaling::PolicyRecord> records, services.policies.List(group));
  v1::GetPredictiveScalingForecastResponse response;
  v1::LoadForecast& load = *response.add_load_forecast();
  for (const scaling::PolicyRecord& record : records) {
    if (record.policy.name == request.policy_name()) {
      *load.mutable_metric_specification() = RenderPredictiveMetric(record);
    }
  }
  v1::CapacityForecast& capacity = *response.mutable_capacity_forecast();
  for (size_t hour = 0; hour < forecast.loads.size(); ++hour) {
    const absl::Time time = forecast.first_hour + absl::Hours(hour);
    if (time < from || time >= to) continue;
    load.add_timestamps(gateway::RenderTime(time));
    load.add_values(forecast.loads[hour]);
    if (hour >= forecast.capacities.size()) continue;
    capacity.add_timestamps(gateway::RenderTime(time));
    capacity.add_values(forecast.capacities[hour]);
  }
  response.set_update_time(gateway::RenderTime(forecast.made));
  return response;
}

absl::StatusOr<v1::DescribeAdjustmentTypesResponse> DescribeAdjustmentTypes(const v1::DescribeAdjustmentTypesRequest&) {
  v1::DescribeAdjustmentTypesResponse response;
  for (const char* type : {"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"}) {
    response.add_adjustment_types()->set_adjustment_type(type);
  }
  return response;
}

absl::Status DeletePolicy(const v1::DeletePolicyRequest& request, const ScalingServices& services) {
  return services.policies.Delete(GroupNameOf(services, request.auto_scaling_group_name()), request.policy_name());
}

}  // namespace

void AddScalingPolicyActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(PutScalingPolicy, services);
  actions.Add(DescribePolicies, services);
  // A policy's ARN names its group where the call does not.
  const auto of_group = [&services](const auto& request, AccessQuestion& question) -> absl::Status {
    const std::string name = scaling::GroupOfPolicyArn(request.policy_name());
    if (!request.auto_scaling_group_name().empty() || name.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const scaling::GroupView group, services.groups.Get(name));
    question.resources = {ArnOf(services.settings.account(), group.record.group)};
    return absl::OkStatus();
  };
  actions.Add(DeletePolicy, services).DescribedBy(of_group);
  actions.Add(ExecutePolicy, services).DescribedBy(of_group);
  actions.Add(GetPredictiveScalingForecast, services);
  actions.Add(DescribeAdjustmentTypes);
}

}  // namespace brume::autoscaling
