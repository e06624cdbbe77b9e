#include "lib/autoscaling/policy_table.h"

#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"

namespace brume::autoscaling {
namespace {

using scaling::PolicyRecord;
using scaling::Refresh;
using scaling::ScheduleRecord;

std::optional<int64_t> Micros(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return std::nullopt;
  return absl::ToInt64Microseconds(*duration);
}
std::optional<absl::Duration> FromMicros(const std::optional<int64_t>& micros) {
  if (!micros.has_value()) return std::nullopt;
  return absl::Microseconds(*micros);
}

// Which alternative of the variant a policy is.
enum class RuleKind { kSimple = 0, kStep = 1, kTracking = 2, kPredictive = 3 };
constexpr std::true_type IsPersisted(RuleKind) { return {}; }  // the database keeps its values

// The variant of a policy as columns.
struct Rule {
  RuleKind kind = RuleKind::kSimple;
  scaling::AdjustmentType adjustment_type = scaling::AdjustmentType::kChangeInCapacity;
  int amount = 0, min_magnitude = 0;
  std::optional<int64_t> cooldown;
  std::string steps = "[]";
  double target = 0;
  bool disable_scale_in = false, scales = false;
  int64_t buffer = 0;
  scaling::CapacityBreach breach = scaling::CapacityBreach::kHonorMaxCapacity;
  int max_buffer = 0;
};

using StepText = std::tuple<std::vector<double>, std::vector<double>, int>;  // a bound that is none is empty

std::vector<double> BoundText(const std::optional<double>& bound) {
  return bound.has_value() ? std::vector<double>{*bound} : std::vector<double>{};
}
std::optional<double> Bound(const std::vector<double>& text) {
  return text.empty() ? std::nullopt : std::make_optional(text.front());
}

struct Flattener {
  Rule& rule;
  void operator()(const scaling::SimplePolicy& simple) const {
    rule.kind = RuleKind::kSimple;
    rule.adjustment_type = simple.adjustment.type;
    rule.amount = simple.adjustment.amount;
    rule.min_magnitude = simple.adjustment.min_magnitude;
    rule.cooldown = Micros(simple.cooldown);
  }
  void operator()(const scaling::StepPolicy& step) const {
    rule.kind = RuleKind::kStep;
    rule.adjustment_type = step.type;
    rule.min_magnitude = step.min_magnitude;
    std::vector<StepText> steps;
    for (const scaling::StepAdjustment& each : step.steps) {
      steps.emplace_back(BoundText(each.lower), BoundText(each.upper), each.amount);
    }
    rule.steps = store::ToJson(steps);
  }
  void operator()(const scaling::TrackingPolicy& tracking) const {
    rule.kind = RuleKind::kTracking;
    rule.target = tracking.target;
    rule.disable_scale_in = tracking.disable_scale_in;
  }
  void operator()(const scaling::PredictivePolicy& predictive) const {
    rule.kind = RuleKind::kPredictive;
    rule.target = predictive.target;
    rule.scales = predictive.scales;
    rule.buffer = absl::ToInt64Microseconds(predictive.buffer);
    rule.breach = predictive.breach;
    rule.max_buffer = predictive.max_capacity_buffer_percent;
  }
};

decltype(scaling::Policy::rule) Unflatten(const Rule& r) {
  switch (r.kind) {
    case RuleKind::kSimple:
      return scaling::SimplePolicy{{r.adjustment_type, r.amount, r.min_magnitude}, FromMicros(r.cooldown)};
    case RuleKind::kStep: {
      scaling::StepPolicy step{r.adjustment_type, r.min_magnitude, {}};
      for (const auto& [lower, upper, amount] : store::FromJson<std::vector<StepText>>(r.steps)) {
        step.steps.push_back({Bound(lower), Bound(upper), amount});
      }
      return step;
    }
    case RuleKind::kTracking:
      return scaling::TrackingPolicy{r.target, r.disable_scale_in};
    case RuleKind::kPredictive:
      break;
  }
  return scaling::PredictivePolicy{r.target, r.scales, absl::Microseconds(r.buffer), r.breach, r.max_buffer};
}

constexpr char kPolicyColumns[] =
    "name, enabled, kind, adjustment_type, amount, min_magnitude, cooldown, steps, target, disable_scale_in, scales, "
    "buffer, breach, max_buffer, aggregation, warmup, predefined, resource_label, namespace, metric, dimensions, "
    "statistic, unit";

template <typename P, typename R, typename W, typename D>
auto PolicyFields(P& p, R& r, W& warmup, D& dimensions) {
  return std::tie(p.policy.name, p.policy.enabled, r.kind, r.adjustment_type, r.amount, r.min_magnitude, r.cooldown,
                  r.steps, r.target, r.disable_scale_in, r.scales, r.buffer, r.breach, r.max_buffer, p.aggregation,
                  warmup, p.metric.predefined, p.metric.resource_label, p.metric.metric.metric_namespace,
                  p.metric.metric.name, dimensions, p.metric.statistic, p.metric.unit);
}

using DimensionText = std::vector<std::pair<std::string, std::string>>;

PolicyRecord ReadPolicy(store::Row& row) {
  PolicyRecord p;
  Rule rule;
  std::optional<int64_t> warmup;
  std::string dimensions;
  row.Read(p.seq, p.id, p.group, p.created, PolicyFields(p, rule, warmup, dimensions));
  p.policy.rule = Unflatten(rule);
  p.warmup = FromMicros(warmup);
  for (auto& [name, value] : store::FromJson<DimensionText>(dimensions)) {
    p.metric.metric.dimensions.push_back({std::move(name), std::move(value)});
  }
  return p;
}

ScheduleRecord ReadSchedule(store::Row& row) {
  ScheduleRecord s;
  row.Read(s.seq, s.id, s.group, s.action.name, s.recurrence, s.time_zone, s.looked_until, s.action.start, s.action.end,
           s.action.min_size, s.action.max_size, s.action.desired);
  // Both were parsed before they were kept.
  if (!s.recurrence.empty()) {
    absl::StatusOr<scaling::Cron> cron = scaling::Cron::Parse(s.recurrence);
    if (cron.ok()) s.action.recurrence = *std::move(cron);
  }
  if (!s.time_zone.empty()) absl::LoadTimeZone(s.time_zone, &s.action.zone);
  return s;
}

// The columns of a refresh that change, and those that do not.
template <typename R>
auto ProgressFields(R& r) {
  return std::tie(r.status, r.reason, r.total, r.left, r.waiting_since, r.checkpoints_passed);
}

struct RefreshText {
  std::optional<absl::Time> ended;
  std::optional<int64_t> warmup;
  std::string checkpoints;
  int64_t delay = 0;
  std::optional<bool> is_template;
  std::optional<std::string> id, version;
};

template <typename R, typename T>
auto RequestFields(R& r, T& t) {
  return std::tie(r.id, r.started, r.preferences.min_healthy_percent, t.warmup, t.checkpoints, t.delay,
                  r.preferences.skip_matching, r.preferences.auto_rollback, t.is_template, t.id, t.version,
                  r.before.is_template, r.before.id, r.before.version);
}

constexpr char kRefreshColumns[] =
    "id, started, min_healthy, warmup, checkpoints, checkpoint_delay, skip_matching, auto_rollback, "
    "desired_is_template, desired_id, desired_version, before_is_template, before_id, before_version";

RefreshText Flatten(const Refresh& r) {
  RefreshText t;
  if (r.ended != absl::InfiniteFuture()) t.ended = r.ended;
  t.warmup = Micros(r.preferences.warmup);
  t.checkpoints = store::ToJson(r.preferences.checkpoints);
  t.delay = absl::ToInt64Microseconds(r.preferences.checkpoint_delay);
  if (r.desired.has_value()) {
    t.is_template = r.desired->is_template;
    t.id = r.desired->id;
    t.version = r.desired->version;
  }
  return t;
}

Refresh ReadRefresh(store::Row& row) {
  Refresh r;
  RefreshText t;
  row.Read(r.seq, r.group, t.ended, ProgressFields(r), RequestFields(r, t));
  r.ended = t.ended.value_or(absl::InfiniteFuture());
  r.preferences.warmup = FromMicros(t.warmup);
  r.preferences.checkpoints = store::FromJson<std::vector<int>>(t.checkpoints);
  r.preferences.checkpoint_delay = absl::Microseconds(t.delay);
  if (t.is_template.has_value()) r.desired = {*t.is_template, t.id.value_or(""), t.version.value_or("")};
  return r;
}

std::string SelectRefreshes(absl::string_view rest) {
  return absl::StrCat(
      "SELECT r.seq, g.name, r.ended, r.status, r.reason, r.total, r.remaining, r.waiting_since, r.checkpoints_passed, "
      "r.id, r.started, r.min_healthy, r.warmup, r.checkpoints, r.checkpoint_delay, r.skip_matching, r.auto_rollback, "
      "r.desired_is_template, r.desired_id, r.desired_version, r.before_is_template, r.before_id, r.before_version "
      "FROM scaling_refreshes AS r JOIN scaling_groups AS g ON g.seq = r.group_seq ",
      rest);
}

// Error: DataLoss.
absl::StatusOr<scaling::LaunchConfiguration> ReadConfiguration(store::Row& row) {
  scaling::LaunchConfiguration c;
  std::string json;
  row.Read(c.seq, c.id, c.name, c.created, json);
  absl::StatusOr<compute::LaunchSpec> spec = FieldsFromJson<compute::LaunchSpec>(json);
  if (!spec.ok()) {
    return absl::DataLossError(
        absl::StrCat("the launch configuration ", c.name, " is damaged: ", spec.status().message()));
  }
  c.spec = *std::move(spec);
  return c;
}

constexpr char kSelectConfigurations[] = "SELECT seq, id, name, created, spec FROM launch_configurations ";

int64_t ReadNumber(store::Row& row) {
  int64_t number = 0;
  row.Read(number);
  return number;
}

}  // namespace

absl::Status PolicyTable::Put(int64_t group_seq, PolicyRecord& p) {
  Rule rule;
  std::visit(Flattener{rule}, p.policy.rule);
  const std::optional<int64_t> warmup = Micros(p.warmup);
  DimensionText pairs;
  for (const Dimension& each : p.metric.metric.dimensions) pairs.emplace_back(each.name, each.value);
  const std::string dimensions = store::ToJson(pairs);
  RETURN_IF_ERROR(connection_.Run(
      absl::StrCat("INSERT INTO scaling_policies (id, group_seq, created, ", kPolicyColumns, ") VALUES (",
                   store::Placeholders(26),
                   ") ON CONFLICT (group_seq, name) DO UPDATE SET enabled = excluded.enabled, "
                   "kind = excluded.kind, adjustment_type = excluded.adjustment_type, amount = excluded.amount, "
                   "min_magnitude = excluded.min_magnitude, cooldown = excluded.cooldown, steps = excluded.steps, "
                   "target = excluded.target, disable_scale_in = excluded.disable_scale_in, scales = excluded.scales, "
                   "buffer = excluded.buffer, breach = excluded.breach, max_buffer = excluded.max_buffer, "
                   "aggregation = excluded.aggregation, warmup = excluded.warmup, predefined = excluded.predefined, "
                   "resource_label = excluded.resource_label, namespace = excluded.namespace, "
                   "metric = excluded.metric, dimensions = excluded.dimensions, statistic = excluded.statistic, "
                   "unit = excluded.unit"),
      p.id, group_seq, p.created, PolicyFields(p, rule, warmup, dimensions)));
  RETURN_IF_ERROR(connection_.Query(
      "SELECT seq, id FROM scaling_policies WHERE group_seq = ? AND name = ?",
      [&](store::Row& row) { row.Read(p.seq, p.id); }, group_seq, p.policy.name));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PolicyRecord>> PolicyTable::List(const std::optional<std::string>& group) {
  // The columns' names are no other table's but for two.
  return connection_.All(
      "SELECT p.seq, p.id, g.name, p.created, p.name, p.enabled, p.kind, p.adjustment_type, p.amount, p.min_magnitude, "
      "p.cooldown, p.steps, p.target, p.disable_scale_in, p.scales, p.buffer, p.breach, p.max_buffer, p.aggregation, "
      "p.warmup, p.predefined, p.resource_label, p.namespace, p.metric, p.dimensions, p.statistic, p.unit "
      "FROM scaling_policies AS p JOIN scaling_groups AS g ON g.seq = p.group_seq WHERE ?1 IS NULL OR g.name = ?1 "
      "ORDER BY p.seq",
      ReadPolicy, group);
}

absl::Status PolicyTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_policies WHERE seq = ?", seq);
}

absl::Status ScheduleTable::Put(int64_t group_seq, ScheduleRecord& s) {
  return connection_.Run(
      "INSERT INTO scaling_schedules (id, group_seq, name, recurrence, time_zone, looked_until, start, stop, min_size, "
      "max_size, "
      "desired) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (group_seq, name) DO UPDATE SET "
      "recurrence = excluded.recurrence, time_zone = excluded.time_zone, looked_until = excluded.looked_until, start = "
      "excluded.start, stop = excluded.stop, "
      "min_size = excluded.min_size, max_size = excluded.max_size, desired = excluded.desired",
      s.id, group_seq, s.action.name, s.recurrence, s.time_zone, s.looked_until, s.action.start, s.action.end,
      s.action.min_size, s.action.max_size, s.action.desired);
}

absl::StatusOr<std::vector<ScheduleRecord>> ScheduleTable::List(const std::optional<std::string>& group) {
  return connection_.All(
      "SELECT s.seq, s.id, g.name, s.name, s.recurrence, s.time_zone, s.looked_until, s.start, s.stop, s.min_size, "
      "s.max_size, "
      "s.desired FROM scaling_schedules AS s JOIN scaling_groups AS g ON g.seq = s.group_seq "
      "WHERE ?1 IS NULL OR g.name = ?1 ORDER BY s.seq",
      ReadSchedule, group);
}

absl::Status ScheduleTable::Delete(int64_t seq) {
  return connection_.Run("DELETE FROM scaling_schedules WHERE seq = ?", seq);
}

absl::Status RefreshTable::Insert(int64_t group_seq, Refresh& r) {
  const RefreshText t = Flatten(r);
  RETURN_IF_ERROR(connection_.Run(
      absl::StrCat("INSERT INTO scaling_refreshes (group_seq, ended, status, reason, total, remaining, waiting_since, "
                   "checkpoints_passed, ",
                   kRefreshColumns, ") VALUES (", store::Placeholders(22), ")"),
      group_seq, t.ended, ProgressFields(r), RequestFields(r, t)));
  ASSIGN_OR_RETURN(const std::optional<int64_t> seq,
                   connection_.First("SELECT seq FROM scaling_refreshes WHERE id = ?", ReadNumber, r.id));
  r.seq = seq.value_or(0);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Refresh>> RefreshTable::List(int64_t group_seq) {
  return connection_.All(SelectRefreshes("WHERE r.group_seq = ? ORDER BY r.seq DESC"), ReadRefresh, group_seq);
}

absl::StatusOr<std::optional<Refresh>> RefreshTable::Active(int64_t group_seq) {
  return connection_.First(SelectRefreshes("WHERE r.group_seq = ? AND r.ended IS NULL ORDER BY r.seq DESC"),
                           ReadRefresh, group_seq);
}

absl::Status RefreshTable::Update(const Refresh& r) {
  const RefreshText t = Flatten(r);
  return connection_.Run(
      "UPDATE scaling_refreshes SET ended = ?, (status, reason, total, remaining, waiting_since, checkpoints_passed) = "
      "(?, ?, ?, ?, ?, ?) WHERE seq = ?",
      t.ended, ProgressFields(r), r.seq);
}

absl::Status RefreshTable::Trim(int64_t group_seq, int most) {
  return connection_.Run(
      "DELETE FROM scaling_refreshes WHERE group_seq = ?1 AND seq NOT IN (SELECT seq FROM scaling_refreshes "
      "WHERE group_seq = ?1 ORDER BY seq DESC LIMIT ?2)",
      group_seq, most);
}

absl::Status LaunchConfigurationTable::Insert(const scaling::LaunchConfiguration& c) {
  return connection_.Run("INSERT INTO launch_configurations (id, name, created, spec) VALUES (?, ?, ?, ?)", c.id,
                         c.name, c.created, FieldsToJson(c.spec));
}

absl::StatusOr<std::optional<scaling::LaunchConfiguration>> LaunchConfigurationTable::Find(const std::string& name) {
  ASSIGN_OR_RETURN(auto found,
                   connection_.First(absl::StrCat(kSelectConfigurations, "WHERE name = ?"), ReadConfiguration, name));
  if (!found.has_value()) return std::optional<scaling::LaunchConfiguration>();
  ASSIGN_OR_RETURN(scaling::LaunchConfiguration configuration, *std::move(found));
  return std::optional<scaling::LaunchConfiguration>(std::move(configuration));
}

absl::StatusOr<std::vector<scaling::LaunchConfiguration>> LaunchConfigurationTable::List() {
  ASSIGN_OR_RETURN(auto found, connection_.All(absl::StrCat(kSelectConfigurations, "ORDER BY seq"), ReadConfiguration));
  std::vector<scaling::LaunchConfiguration> all;
  for (absl::StatusOr<scaling::LaunchConfiguration>& each : found) {
    ASSIGN_OR_RETURN(scaling::LaunchConfiguration configuration, std::move(each));
    all.push_back(std::move(configuration));
  }
  return all;
}

absl::StatusOr<int64_t> LaunchConfigurationTable::Count() {
  ASSIGN_OR_RETURN(const std::optional<int64_t> count,
                   connection_.First("SELECT count(*) FROM launch_configurations", ReadNumber));
  return count.value_or(0);
}

absl::Status LaunchConfigurationTable::Delete(const std::string& name) {
  return connection_.Run("DELETE FROM launch_configurations WHERE name = ?", name);
}

}  // namespace brume::autoscaling
