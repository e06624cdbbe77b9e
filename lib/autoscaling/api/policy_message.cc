#include "lib/autoscaling/api/policy_message.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/autoscaling/api/custom_metric.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/whole_seconds.h"
#include "lib/autoscaling/scaling_error.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

using Request = v1::PutScalingPolicyRequest;
using scaling::AdjustmentType;

constexpr char kSimple[] = "SimpleScaling";
constexpr char kStep[] = "StepScaling";
constexpr char kTracking[] = "TargetTrackingScaling";
constexpr char kPredictive[] = "PredictiveScaling";

absl::Status Missing(absl::string_view parameter, absl::string_view type) {
  return ScalingError(absl::StrCat("A policy of type ", type, " needs the parameter ", parameter));
}

// Which parameters belong to which type of policy; what belongs to none of these goes with each.
absl::Status CheckBelongs(const Request& request, absl::string_view type) {
  struct Rule {
    bool given;
    const char* parameter;
    std::set<absl::string_view> types;
  };
  const Rule rules[] = {
      {request.has_adjustment_type(), "AdjustmentType", {kSimple, kStep}},
      {request.has_min_adjustment_step(), "MinAdjustmentStep", {kSimple, kStep}},
      {request.has_min_adjustment_magnitude(), "MinAdjustmentMagnitude", {kSimple, kStep}},
      {request.has_scaling_adjustment(), "ScalingAdjustment", {kSimple}},
      {request.has_cooldown(), "Cooldown", {kSimple}},
      {request.has_metric_aggregation_type(), "MetricAggregationType", {kStep}},
      {!request.step_adjustments().empty(), "StepAdjustments", {kStep}},
      {request.has_estimated_instance_warmup(), "EstimatedInstanceWarmup", {kStep, kTracking}},
      {request.has_target_tracking_configuration(), "TargetTrackingConfiguration", {kTracking}},
      {request.has_predictive_scaling_configuration(), "PredictiveScalingConfiguration", {kPredictive}},
  };
  for (const Rule& rule : rules) {
    if (rule.given && !rule.types.contains(type)) {
      return ScalingError(
          absl::StrCat("The parameter ", rule.parameter, " does not belong to a policy of type ", type));
    }
  }
  return absl::OkStatus();
}

constexpr EnumNames kAdjustmentTypes({std::pair{AdjustmentType::kChangeInCapacity, "ChangeInCapacity"},
                                      {AdjustmentType::kExactCapacity, "ExactCapacity"},
                                      {AdjustmentType::kPercentChangeInCapacity, "PercentChangeInCapacity"}});

constexpr EnumNames kBreachBehaviors({std::pair{scaling::CapacityBreach::kHonorMaxCapacity, "HonorMaxCapacity"},
                                      {scaling::CapacityBreach::kIncreaseMaxCapacity, "IncreaseMaxCapacity"}});

constexpr EnumNames kPredictiveModes({std::pair{scaling::PredictiveMode::kForecastOnly, "ForecastOnly"},
                                      {scaling::PredictiveMode::kForecastAndScale, "ForecastAndScale"}});

absl::StatusOr<AdjustmentType> ParseAdjustmentType(const Request& request, absl::string_view type) {
  const std::optional<AdjustmentType> found = kAdjustmentTypes.Find(request.adjustment_type());
  return found.has_value() ? absl::StatusOr<AdjustmentType>(*found) : Missing("AdjustmentType", type);
}

std::string AdjustmentTypeName(AdjustmentType type) { return std::string(kAdjustmentTypes.Of(type)); }

absl::StatusOr<int> ParseMagnitude(const Request& request, AdjustmentType type) {
  if (!request.has_min_adjustment_magnitude() && !request.has_min_adjustment_step()) return 0;
  if (request.has_min_adjustment_magnitude() && request.has_min_adjustment_step()) {
    return ScalingError("MinAdjustmentMagnitude and MinAdjustmentStep are one and cannot be given together");
  }
  if (type != AdjustmentType::kPercentChangeInCapacity) {
    return ScalingError("MinAdjustmentMagnitude is for the adjustment type PercentChangeInCapacity alone");
  }
  return request.has_min_adjustment_magnitude() ? request.min_adjustment_magnitude() : request.min_adjustment_step();
}

absl::StatusOr<scaling::SimplePolicy> ParseSimple(const Request& request) {
  scaling::SimplePolicy policy;
  ASSIGN_OR_RETURN(policy.adjustment.type, ParseAdjustmentType(request, kSimple));
  if (!request.has_scaling_adjustment()) return Missing("ScalingAdjustment", kSimple);
  policy.adjustment.amount = request.scaling_adjustment();
  ASSIGN_OR_RETURN(policy.adjustment.min_magnitude, ParseMagnitude(request, policy.adjustment.type));
  if (request.has_cooldown()) policy.cooldown = absl::Seconds(request.cooldown());
  return policy;
}

absl::StatusOr<scaling::StepPolicy> ParseStep(const Request& request) {
  scaling::StepPolicy policy;
  ASSIGN_OR_RETURN(policy.type, ParseAdjustmentType(request, kStep));
  ASSIGN_OR_RETURN(policy.min_magnitude, ParseMagnitude(request, policy.type));
  if (request.step_adjustments().empty()) return Missing("StepAdjustments", kStep);
  for (const v1::StepAdjustment& given : request.step_adjustments()) {
    scaling::StepAdjustment step;
    step.amount = given.scaling_adjustment();
    if (given.has_metric_interval_lower_bound()) step.lower = given.metric_interval_lower_bound();
    if (given.has_metric_interval_upper_bound()) step.upper = given.metric_interval_upper_bound();
    policy.steps.push_back(step);
  }
  return policy;
}

constexpr char kNoLabels[] = "it names a load balancer, and there are none yet";

absl::StatusOr<scaling::TrackingPolicy> ParseTracking(const Request& request, scaling::MetricRequest& metric) {
  if (!request.has_target_tracking_configuration()) return Missing("TargetTrackingConfiguration", kTracking);
  const v1::TargetTrackingConfiguration& given = request.target_tracking_configuration();
  if (given.has_predefined_metric_specification() == given.has_customized_metric_specification()) {
    return ScalingError("A target tracking policy needs a predefined or a customized metric, and only one of them");
  }
  if (given.has_predefined_metric_specification()) {
    const v1::PredefinedMetricSpecification& predefined = given.predefined_metric_specification();
    RETURN_IF_ERROR(RefuseGiven(predefined.has_resource_label(), "ResourceLabel", kNoLabels));
    metric.predefined = predefined.predefined_metric_type();
  } else {
    RETURN_IF_ERROR(ParseCustomMetric(given.customized_metric_specification(), metric));
  }
  return scaling::TrackingPolicy{.target = given.target_value(), .disable_scale_in = given.disable_scale_in()};
}

// Metrics of one's own: a load and what one member has of it.
absl::Status ParseCustomPredictive(const v1::PredictiveScalingMetricSpecification& given,
                                   scaling::MetricRequest& metric) {
  const bool predefined = given.has_predefined_metric_pair_specification() ||
                          given.has_predefined_scaling_metric_specification() ||
                          given.has_predefined_load_metric_specification();
  if (predefined || !given.has_customized_scaling_metric_specification() ||
      !given.has_customized_load_metric_specification()) {
    return ScalingError(
        "Customized metrics of a predictive policy are a load and a scaling metric, without predefined ones");
  }
  ASSIGN_OR_RETURN(metric.queries, ParseQueries(given.customized_load_metric_specification().metric_data_queries()));
  ASSIGN_OR_RETURN(metric.scaling_queries,
                   ParseQueries(given.customized_scaling_metric_specification().metric_data_queries()));
  if (!given.has_customized_capacity_metric_specification()) return absl::OkStatus();
  ASSIGN_OR_RETURN(metric.capacity_queries,
                   ParseQueries(given.customized_capacity_metric_specification().metric_data_queries()));
  return absl::OkStatus();
}

// "ASGCPUUtilization" of a pair, "ASGAverageCPUUtilization" of two that are given apart.
absl::StatusOr<std::string> ParsePredictiveMetric(const v1::PredictiveScalingMetricSpecification& given) {
  const auto& pair = given.predefined_metric_pair_specification();
  const auto& average = given.predefined_scaling_metric_specification();
  const auto& total = given.predefined_load_metric_specification();
  const bool labelled = pair.has_resource_label() || average.has_resource_label() || total.has_resource_label();
  RETURN_IF_ERROR(RefuseGiven(labelled, "ResourceLabel", kNoLabels));
  const bool apart =
      given.has_predefined_scaling_metric_specification() || given.has_predefined_load_metric_specification();
  if (given.has_predefined_metric_pair_specification() == apart) {
    return ScalingError("A predictive policy needs a metric pair, or a scaling and a load metric, and not both");
  }
  if (!apart) return pair.predefined_metric_type();
  if (average.predefined_metric_type() !=
      absl::StrReplaceAll(total.predefined_metric_type(), {{"ASGTotal", "ASGAverage"}})) {
    return ScalingError("The scaling metric and the load metric of a predictive policy must be of one metric");
  }
  return average.predefined_metric_type();
}

absl::StatusOr<scaling::PredictivePolicy> ParsePredictive(const Request& request, scaling::MetricRequest& metric) {
  if (!request.has_predictive_scaling_configuration()) return Missing("PredictiveScalingConfiguration", kPredictive);
  const v1::PredictiveScalingConfiguration& given = request.predictive_scaling_configuration();
  const v1::PredictiveScalingMetricSpecification& specification = given.metric_specifications(0);
  if (specification.has_customized_scaling_metric_specification() ||
      specification.has_customized_load_metric_specification() ||
      specification.has_customized_capacity_metric_specification()) {
    RETURN_IF_ERROR(ParseCustomPredictive(specification, metric));
  } else {
    ASSIGN_OR_RETURN(metric.predefined, ParsePredictiveMetric(specification));
  }
  scaling::PredictivePolicy policy;
  policy.target = specification.target_value();
  policy.mode = kPredictiveModes.Find(given.mode()).value_or(policy.mode);
  policy.buffer = absl::Seconds(given.has_scheduling_buffer_time() ? given.scheduling_buffer_time() : 300);
  policy.breach = kBreachBehaviors.Find(given.max_capacity_breach_behavior()).value_or(policy.breach);
  if (policy.breach != scaling::CapacityBreach::kIncreaseMaxCapacity && given.has_max_capacity_buffer()) {
    return ScalingError("MaxCapacityBuffer needs MaxCapacityBreachBehavior to be IncreaseMaxCapacity");
  }
  policy.max_capacity_buffer_percent = given.max_capacity_buffer();
  return policy;
}

// Renders the rule of each type.
struct RuleRenderer {
  const scaling::PolicyRecord& record;
  v1::ScalingPolicy& out;

  void operator()(const scaling::SimplePolicy& policy) const {
    out.set_policy_type(kSimple);
    out.set_adjustment_type(AdjustmentTypeName(policy.adjustment.type));
    out.set_scaling_adjustment(policy.adjustment.amount);
    if (policy.adjustment.min_magnitude != 0) out.set_min_adjustment_magnitude(policy.adjustment.min_magnitude);
    if (policy.cooldown.has_value()) out.set_cooldown(ToWholeSeconds(*policy.cooldown));
  }

  void operator()(const scaling::StepPolicy& policy) const {
    out.set_policy_type(kStep);
    out.set_adjustment_type(AdjustmentTypeName(policy.type));
    if (policy.min_magnitude != 0) out.set_min_adjustment_magnitude(policy.min_magnitude);
    for (const scaling::StepAdjustment& step : policy.steps) {
      v1::StepAdjustment& rendered = *out.add_step_adjustments();
      if (step.lower.has_value()) rendered.set_metric_interval_lower_bound(*step.lower);
      if (step.upper.has_value()) rendered.set_metric_interval_upper_bound(*step.upper);
      rendered.set_scaling_adjustment(step.amount);
    }
    out.set_metric_aggregation_type(record.aggregation.empty() ? "Average" : record.aggregation);
  }

  void operator()(const scaling::TrackingPolicy& policy) const {
    out.set_policy_type(kTracking);
    v1::TargetTrackingConfiguration& rendered = *out.mutable_target_tracking_configuration();
    const scaling::MetricRequest& metric = record.metric;
    if (!metric.predefined.empty()) {
      rendered.mutable_predefined_metric_specification()->set_predefined_metric_type(metric.predefined);
    } else {
      *rendered.mutable_customized_metric_specification() = RenderCustomMetric(metric);
    }
    rendered.set_target_value(policy.target);
    rendered.set_disable_scale_in(policy.disable_scale_in);
  }

  void operator()(const scaling::PredictivePolicy& policy) const {
    out.set_policy_type(kPredictive);
    v1::PredictiveScalingConfiguration& rendered = *out.mutable_predictive_scaling_configuration();
    *rendered.add_metric_specifications() = RenderPredictiveMetric(record);
    rendered.set_mode(std::string(kPredictiveModes.Of(policy.mode)));
    rendered.set_scheduling_buffer_time(ToWholeSeconds(policy.buffer));
    rendered.set_max_capacity_breach_behavior(std::string(kBreachBehaviors.Of(policy.breach)));
    if (policy.breach == scaling::CapacityBreach::kIncreaseMaxCapacity)
      rendered.set_max_capacity_buffer(policy.max_capacity_buffer_percent);
  }
};

}  // namespace

absl::StatusOr<scaling::PolicyRecord> ParsePolicy(const ScalingServices& services, const Request& request) {
  const std::string type = request.policy_type().empty() ? kSimple : request.policy_type();
  RETURN_IF_ERROR(CheckBelongs(request, type));
  scaling::PolicyRecord record;
  record.group = GroupNameOf(services, request.auto_scaling_group_name());
  record.policy.name = request.policy_name();
  record.policy.enabled = !request.has_enabled() || request.enabled();
  record.aggregation = request.metric_aggregation_type();
  if (request.has_estimated_instance_warmup()) record.warmup = absl::Seconds(request.estimated_instance_warmup());
  if (type == kSimple) {
    ASSIGN_OR_RETURN(record.policy.rule, ParseSimple(request));
  } else if (type == kStep) {
    ASSIGN_OR_RETURN(record.policy.rule, ParseStep(request));
  } else if (type == kTracking) {
    ASSIGN_OR_RETURN(record.policy.rule, ParseTracking(request, record.metric));
  } else {
    ASSIGN_OR_RETURN(record.policy.rule, ParsePredictive(request, record.metric));
  }
  return record;
}

v1::ScalingPolicy RenderPolicy(const scaling::PolicyRecord& record) {
  v1::ScalingPolicy rendered;
  rendered.set_auto_scaling_group_name(record.group);
  rendered.set_policy_name(record.policy.name);
  std::visit(RuleRenderer{record, rendered}, record.policy.rule);
  if (record.warmup.has_value()) rendered.set_estimated_instance_warmup(ToWholeSeconds(*record.warmup));
  rendered.set_enabled(record.policy.enabled);
  return rendered;
}

v1::PredictiveScalingMetricSpecification RenderPredictiveMetric(const scaling::PolicyRecord& record) {
  v1::PredictiveScalingMetricSpecification rendered;
  const std::string& metric = record.metric.predefined;
  if (const auto* policy = std::get_if<scaling::PredictivePolicy>(&record.policy.rule)) {
    rendered.set_target_value(policy->target);
  }
  if (!record.metric.scaling_queries.empty()) {
    *rendered.mutable_customized_load_metric_specification()->mutable_metric_data_queries() =
        RenderQueries(record.metric.queries);
    *rendered.mutable_customized_scaling_metric_specification()->mutable_metric_data_queries() =
        RenderQueries(record.metric.scaling_queries);
    if (record.metric.capacity_queries.empty()) return rendered;
    *rendered.mutable_customized_capacity_metric_specification()->mutable_metric_data_queries() =
        RenderQueries(record.metric.capacity_queries);
    return rendered;
  }
  if (!absl::StartsWith(metric, "ASGAverage")) {
    rendered.mutable_predefined_metric_pair_specification()->set_predefined_metric_type(metric);
    return rendered;
  }
  rendered.mutable_predefined_scaling_metric_specification()->set_predefined_metric_type(metric);
  rendered.mutable_predefined_load_metric_specification()->set_predefined_metric_type(
      absl::StrReplaceAll(metric, {{"ASGAverage", "ASGTotal"}}));
  return rendered;
}

}  // namespace brume::autoscaling
