#include "lib/autoscaling/tables/policy_table.h"

#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::PolicyRecord;
using scaling::ScheduleRecord;

// [lower, upper, amount]; a bound that is unset is an empty list.
struct Steps {
  using Text = std::tuple<std::vector<double>, std::vector<double>, int>;
  static std::vector<double> BoundText(const std::optional<double>& bound) {
    return bound.has_value() ? std::vector<double>{*bound} : std::vector<double>{};
  }
  static std::optional<double> Bound(const std::vector<double>& text) {
    return text.empty() ? std::nullopt : std::make_optional(text.front());
  }
  static std::string ToStore(const std::vector<scaling::StepAdjustment>& steps) {
    std::vector<Text> texts;
    for (const auto& [lower, upper, amount] : steps) texts.emplace_back(BoundText(lower), BoundText(upper), amount);
    return store::ToJson(texts);
  }
  static absl::Status FromStore(const std::string& text, std::vector<scaling::StepAdjustment>& steps) {
    ASSIGN_OR_RETURN(const std::vector<Text> texts, store::FromJson<std::vector<Text>>(text));
    for (const auto& [lower, upper, amount] : texts) steps.push_back({Bound(lower), Bound(upper), amount});
    return absl::OkStatus();
  }
};

// [[name, value], …].
struct Dimensions {
  using Text = std::vector<std::pair<std::string, std::string>>;
  static std::string ToStore(const std::vector<Dimension>& dimensions) {
    Text pairs;
    for (const Dimension& each : dimensions) pairs.emplace_back(each.name, each.value);
    return store::ToJson(pairs);
  }
  static absl::Status FromStore(const std::string& text, std::vector<Dimension>& dimensions) {
    ASSIGN_OR_RETURN(const Text pairs, store::FromJson<Text>(text));
    for (const auto& [name, value] : pairs) dimensions.push_back({name, value});
    return absl::OkStatus();
  }
};

// [id, is_metric, namespace, name, [[dimension, value], …], statistic, unit, expression, label, return_data].
struct Queries {
  using Text = std::tuple<std::string, bool, std::string, std::string, Dimensions::Text, std::string, std::string,
                          std::string, std::string, bool>;
  static std::string ToStore(const std::vector<alarm::WatchQuery>& queries) {
    std::vector<Text> texts;
    for (const alarm::WatchQuery& query : queries) {
      Dimensions::Text dimensions;
      for (const Dimension& each : query.metric.dimensions) dimensions.emplace_back(each.name, each.value);
      texts.emplace_back(query.id, query.is_metric, query.metric.metric_namespace, query.metric.name, dimensions,
                         query.statistic, query.unit, query.expression, query.label, query.return_data);
    }
    return store::ToJson(texts);
  }
  static absl::Status FromStore(const std::string& text, std::vector<alarm::WatchQuery>& queries) {
    ASSIGN_OR_RETURN(const std::vector<Text> texts, store::FromJson<std::vector<Text>>(text));
    for (const auto& [id, is_metric, space, name, dimensions, statistic, unit, expression, label, returned] : texts) {
      alarm::WatchQuery& query = queries.emplace_back();
      query = {.id = id,
               .is_metric = is_metric,
               .metric = {.metric_namespace = space, .name = name, .dimensions = {}},
               .statistic = statistic,
               .unit = unit,
               .expression = expression,
               .label = label,
               .return_data = returned,
               .period = absl::ZeroDuration()};
      for (const auto& [dimension, value] : dimensions) query.metric.dimensions.push_back({dimension, value});
    }
    return absl::OkStatus();
  }
};

// Which alternative of the variant a policy is.
enum class RuleKind { kSimple = 0, kStep = 1, kTracking = 2, kPredictive = 3 };
constexpr std::true_type IsPersisted(RuleKind) { return {}; }  // the database keeps its values

// The variant of a policy as columns; those that are not its kind's say nothing.
struct Rule {
  RuleKind kind = RuleKind::kSimple;
  scaling::SimplePolicy simple = {};  // the type and min_magnitude of a step policy too
  std::vector<scaling::StepAdjustment> steps = {};
  scaling::PredictivePolicy predictive = {};  // the target of a tracking policy too
  bool disable_scale_in = false;
};

struct ToRule {
  Rule operator()(const scaling::SimplePolicy& simple) const { return {.kind = RuleKind::kSimple, .simple = simple}; }
  Rule operator()(const scaling::StepPolicy& step) const {
    return {.kind = RuleKind::kStep, .simple = {{step.type, 0, step.min_magnitude}, std::nullopt}, .steps = step.steps};
  }
  Rule operator()(const scaling::TrackingPolicy& tracking) const {
    Rule rule{.kind = RuleKind::kTracking, .disable_scale_in = tracking.disable_scale_in};
    rule.predictive.target = tracking.target;
    return rule;
  }
  Rule operator()(const scaling::PredictivePolicy& predictive) const {
    return {.kind = RuleKind::kPredictive, .predictive = predictive};
  }
};

decltype(scaling::Policy::rule) FromRule(Rule rule) {
  switch (rule.kind) {
    case RuleKind::kSimple:
      return rule.simple;
    case RuleKind::kStep:
      return scaling::StepPolicy{rule.simple.adjustment.type, rule.simple.adjustment.min_magnitude,
                                 std::move(rule.steps)};
    case RuleKind::kTracking:
      return scaling::TrackingPolicy{rule.predictive.target, rule.disable_scale_in};
    case RuleKind::kPredictive:
      break;
  }
  return rule.predictive;
}

// A policy without its group's name.
struct PolicyRow {
  PolicyRecord record;
  int64_t group_seq = 0;
  Rule rule;
};

const auto& Policies() {
  using R = PolicyRecord;
  using Predictive = scaling::PredictivePolicy;
  constexpr auto kRecord = &PolicyRow::record;
  constexpr auto kMetric = &R::metric;
  constexpr auto kRule = &PolicyRow::rule;
  constexpr auto kAdjustment = &scaling::SimplePolicy::adjustment;
  static const auto table = store::DescribeTable<PolicyRow>(
      "scaling_policies", "scaling policy", store::Key("group_seq", &PolicyRow::group_seq),
      store::Key("name", kRecord, &R::policy, &scaling::Policy::name), store::Assigned("seq", kRecord, &R::seq),
      store::Fixed("id", kRecord, &R::id), store::Fixed("created", kRecord, &R::created),
      store::Column("enabled", kRecord, &R::policy, &scaling::Policy::enabled),
      store::Column("kind", kRule, &Rule::kind),
      store::Column("adjustment_type", kRule, &Rule::simple, kAdjustment, &scaling::Adjustment::type),
      store::Column("amount", kRule, &Rule::simple, kAdjustment, &scaling::Adjustment::amount),
      store::Column("min_magnitude", kRule, &Rule::simple, kAdjustment, &scaling::Adjustment::min_magnitude),
      store::Column("cooldown", kRule, &Rule::simple, &scaling::SimplePolicy::cooldown),
      store::Encoded<Steps>("steps", kRule, &Rule::steps),
      store::Column("target", kRule, &Rule::predictive, &Predictive::target),
      store::Column("disable_scale_in", kRule, &Rule::disable_scale_in),
      store::Column("scales", kRule, &Rule::predictive, &Predictive::mode),
      store::Column("buffer", kRule, &Rule::predictive, &Predictive::buffer),
      store::Column("breach", kRule, &Rule::predictive, &Predictive::breach),
      store::Column("max_buffer", kRule, &Rule::predictive, &Predictive::max_capacity_buffer_percent),
      store::Column("aggregation", kRecord, &R::aggregation), store::Column("warmup", kRecord, &R::warmup),
      store::Column("predefined", kRecord, kMetric, &scaling::MetricRequest::predefined),
      store::Column("resource_label", kRecord, kMetric, &scaling::MetricRequest::resource_label),
      store::Column("namespace", kRecord, kMetric, &scaling::MetricRequest::metric, &MetricId::metric_namespace),
      store::Column("metric", kRecord, kMetric, &scaling::MetricRequest::metric, &MetricId::name),
      store::Encoded<Dimensions>("dimensions", kRecord, kMetric, &scaling::MetricRequest::metric,
                                 &MetricId::dimensions),
      store::Column("statistic", kRecord, kMetric, &scaling::MetricRequest::statistic),
      store::Column("unit", kRecord, kMetric, &scaling::MetricRequest::unit),
      store::Encoded<Queries>("queries", kRecord, kMetric, &scaling::MetricRequest::queries),
      store::Encoded<Queries>("scaling_queries", kRecord, kMetric, &scaling::MetricRequest::scaling_queries),
      store::Encoded<Queries>("capacity_queries", kRecord, kMetric, &scaling::MetricRequest::capacity_queries));
  return table;
}

PolicyRecord ReadPolicy(store::Row& from) {
  PolicyRow row = Policies().Read(from);
  from.Read(row.record.group);
  row.record.policy.rule = FromRule(std::move(row.rule));
  return std::move(row.record);
}

// An action without its group's name.
struct ScheduleRow {
  ScheduleRecord record;
  int64_t group_seq = 0;
};

const auto& Schedules() {
  using R = ScheduleRecord;
  using Action = scaling::ScheduledAction;
  constexpr auto kRecord = &ScheduleRow::record;
  static const auto table = store::DescribeTable<ScheduleRow>(
      "scaling_schedules", "scheduled action", store::Key("group_seq", &ScheduleRow::group_seq),
      store::Key("name", kRecord, &R::action, &Action::name), store::Assigned("seq", kRecord, &R::seq),
      store::Fixed("id", kRecord, &R::id), store::Column("recurrence", kRecord, &R::recurrence),
      store::Column("time_zone", kRecord, &R::time_zone), store::Column("looked_until", kRecord, &R::evaluated_until),
      store::Column("start", kRecord, &R::action, &Action::start),
      store::Column("stop", kRecord, &R::action, &Action::end),
      store::Column("min_size", kRecord, &R::action, &Action::min_size),
      store::Column("max_size", kRecord, &R::action, &Action::max_size),
      store::Column("desired", kRecord, &R::action, &Action::desired));
  return table;
}

ScheduleRecord ReadSchedule(store::Row& from) {
  ScheduleRecord schedule = Schedules().Read(from).record;
  from.Read(schedule.group);
  // Both were parsed before they were kept.
  if (!schedule.recurrence.empty()) {
    absl::StatusOr<scaling::Cron> cron = scaling::Cron::Parse(schedule.recurrence);
    if (cron.ok()) schedule.action.recurrence = *std::move(cron);
  }
  if (!schedule.time_zone.empty()) absl::LoadTimeZone(schedule.time_zone, &schedule.action.zone);
  return schedule;
}

// Of rows with a group: their columns, then the group's name. The parameter is that name, NULL for all groups.
std::string SelectOfGroup(absl::string_view columns, absl::string_view table) {
  return absl::StrCat("SELECT ", columns, ", group_name FROM ", table,
                      " JOIN (SELECT seq AS number, name AS group_name FROM scaling_groups) ON number = group_seq "
                      "WHERE ?1 IS NULL OR group_name = ?1 ORDER BY seq");
}

}  // namespace

store::TableDescription PolicyTable::Describe() { return Policies().Describe(); }

absl::Status PolicyTable::Put(int64_t group_seq, PolicyRecord& policy) {
  RETURN_IF_ERROR(Policies().Put(
      connection_, {.record = policy, .group_seq = group_seq, .rule = std::visit(ToRule(), policy.policy.rule)}));
  return connection_.Query(
      "SELECT seq, id FROM scaling_policies WHERE group_seq = ? AND name = ?",
      [&](store::Row& row) { row.Read(policy.seq, policy.id); }, group_seq, policy.policy.name);
}

absl::StatusOr<std::vector<PolicyRecord>> PolicyTable::List(const std::optional<std::string>& group) {
  return connection_.All(SelectOfGroup(Policies().columns(), "scaling_policies"), ReadPolicy, group);
}

absl::Status PolicyTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_policies WHERE seq = ?", seq);
}

store::TableDescription ScheduleTable::Describe() { return Schedules().Describe(); }

absl::Status ScheduleTable::Put(int64_t group_seq, const ScheduleRecord& schedule) {
  return Schedules().Put(connection_, {schedule, group_seq});
}

absl::Status ScheduleTable::SetEvaluatedUntil(int64_t seq, absl::Time evaluated_until) {
  return connection_.Run("UPDATE scaling_schedules SET looked_until = ? WHERE seq = ?", evaluated_until, seq);
}

absl::StatusOr<std::vector<ScheduleRecord>> ScheduleTable::List(const std::optional<std::string>& group) {
  return connection_.All(SelectOfGroup(Schedules().columns(), "scaling_schedules"), ReadSchedule, group);
}

absl::Status ScheduleTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_schedules WHERE seq = ?", seq);
}

}  // namespace brume::autoscaling
