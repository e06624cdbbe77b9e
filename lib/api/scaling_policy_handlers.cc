#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "lib/api/parse.h"
#include "lib/api/render.h"
#include "lib/api/scaling.h"
#include "lib/api/scaling_policy.h"
#include "lib/autoscaling/policy_service.h"
#include "lib/monitoring/alarm_service.h"

namespace brume::api {
namespace {

constexpr char kService[] = "ScalingPolicies";

absl::StatusOr<asg::PutScalingPolicyResponse> Put(const Services& services,
                                                  const asg::PutScalingPolicyRequest& request) {
  ASSIGN_OR_RETURN(scaling::PolicyRecord policy, ParsePolicy(services, request));
  ASSIGN_OR_RETURN(policy, services.scaling_policies.Put(std::move(policy)));
  asg::PutScalingPolicyResponse response;
  response.set_policy_arn(services.scaling_policies.Arn(policy));
  return response;
}

bool Names(const google::protobuf::RepeatedPtrField<std::string>& list, absl::string_view value) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& each) { return each == value; });
}

absl::StatusOr<asg::DescribePoliciesResponse> Describe(const Services& services,
                                                       const asg::DescribePoliciesRequest& request) {
  std::optional<std::string> group;
  if (!request.auto_scaling_group_name().empty()) group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const std::vector<scaling::PolicyRecord> records, services.scaling_policies.List(group));
  std::vector<asg::ScalingPolicy> policies;
  for (const scaling::PolicyRecord& record : records) {
    asg::ScalingPolicy rendered = RenderPolicy(record);
    rendered.set_policy_arn(services.scaling_policies.Arn(record));
    const auto& names = request.policy_names();
    if (!names.empty() && !Names(names, rendered.policy_name()) && !Names(names, rendered.policy_arn())) continue;
    if (!request.policy_types().empty() && !Names(request.policy_types(), rendered.policy_type())) continue;
    policies.push_back(std::move(rendered));
  }
  // No name of a group has a line's end.
  const auto key = [](const asg::ScalingPolicy& policy) {
    return absl::StrCat(policy.auto_scaling_group_name(), "\n", policy.policy_name());
  };
  std::sort(policies.begin(), policies.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  asg::DescribePoliciesResponse response;
  ASSIGN_OR_RETURN(policies, ScalingPage("scaling policies", std::move(policies), request, response, key));
  for (asg::ScalingPolicy& policy : policies) {
    for (const monitoring::AlarmService::ActionAlarm& alarm : services.alarms.AlarmsFor(policy.policy_arn())) {
      asg::Alarm& rendered = *policy.add_alarms();
      rendered.set_alarm_name(alarm.name);
      rendered.set_alarm_arn(alarm.arn);
    }
    *response.add_scaling_policies() = std::move(policy);
  }
  return response;
}

absl::Status Execute(const Services& services, const asg::ExecutePolicyRequest& request) {
  autoscaling::ExecuteRequest execute;
  execute.group = GroupNameOf(services, request.auto_scaling_group_name());
  execute.policy = request.policy_name();
  execute.honor_cooldown = request.honor_cooldown();
  if (request.has_metric_value()) execute.metric_value = request.metric_value();
  if (request.has_breach_threshold()) execute.breach_threshold = request.breach_threshold();
  return services.scaling_policies.Execute(execute);
}

absl::StatusOr<asg::GetPredictiveScalingForecastResponse> Forecast(
    const Services& services, const asg::GetPredictiveScalingForecastRequest& request) {
  const std::string group = GroupNameOf(services, request.auto_scaling_group_name());
  ASSIGN_OR_RETURN(const absl::Time from, AsScalingError(ParseTime(request.start_time())));
  ASSIGN_OR_RETURN(const absl::Time to, AsScalingError(ParseTime(request.end_time())));
  if (to <= from) return ScalingError("EndTime must be after StartTime");
  ASSIGN_OR_RETURN(const autoscaling::Forecast forecast,
                   services.scaling_policies.ForecastOf(group, request.policy_name()));
  ASSIGN_OR_RETURN(const std::vector<scaling::PolicyRecord> records, services.scaling_policies.List(group));
  asg::GetPredictiveScalingForecastResponse response;
  asg::LoadForecast& load = *response.add_load_forecast();
  for (const scaling::PolicyRecord& record : records) {
    if (record.policy.name == request.policy_name()) {
      *load.mutable_metric_specification() = RenderPredictiveMetric(record);
    }
  }
  asg::CapacityForecast& capacity = *response.mutable_capacity_forecast();
  for (size_t hour = 0; hour < forecast.loads.size(); ++hour) {
    const absl::Time time = forecast.first_hour + absl::Hours(hour);
    if (time < from || time >= to) continue;
    load.add_timestamps(RenderTime(time));
    load.add_values(forecast.loads[hour]);
    if (hour >= forecast.capacities.size()) continue;
    capacity.add_timestamps(RenderTime(time));
    capacity.add_values(forecast.capacities[hour]);
  }
  response.set_update_time(RenderTime(forecast.made));
  return response;
}

asg::DescribeAdjustmentTypesResponse DescribeAdjustmentTypes() {
  asg::DescribeAdjustmentTypesResponse response;
  for (const char* type : {"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"}) {
    response.add_adjustment_types()->set_adjustment_type(type);
  }
  return response;
}

}  // namespace

void AddScalingPolicyHandlers(Dispatcher& dispatcher, const Services& services) {
  HandleScaling<asg::PutScalingPolicyRequest, asg::PutScalingPolicyResponse>(
      dispatcher, kService, [services](const asg::PutScalingPolicyRequest& request) { return Put(services, request); });
  HandleScaling<asg::DescribePoliciesRequest, asg::DescribePoliciesResponse>(
      dispatcher, kService,
      [services](const asg::DescribePoliciesRequest& request) { return Describe(services, request); });
  HandleScalingOk<asg::DeletePolicyRequest, asg::DeletePolicyResponse>(
      dispatcher, kService, [services](const asg::DeletePolicyRequest& request) {
        return services.scaling_policies.Delete(GroupNameOf(services, request.auto_scaling_group_name()),
                                                request.policy_name());
      });
  HandleScalingOk<asg::ExecutePolicyRequest, asg::ExecutePolicyResponse>(
      dispatcher, kService,
      [services](const asg::ExecutePolicyRequest& request) { return Execute(services, request); });
  HandleScaling<asg::GetPredictiveScalingForecastRequest, asg::GetPredictiveScalingForecastResponse>(
      dispatcher, kService,
      [services](const asg::GetPredictiveScalingForecastRequest& request) { return Forecast(services, request); });
  HandleScaling<asg::DescribeAdjustmentTypesRequest, asg::DescribeAdjustmentTypesResponse>(
      dispatcher, kService,
      [](const asg::DescribeAdjustmentTypesRequest&) -> absl::StatusOr<asg::DescribeAdjustmentTypesResponse> {
        return DescribeAdjustmentTypes();
      });
}

}  // namespace brume::api
