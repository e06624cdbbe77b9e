#include "lib/cloudwatch/tables/alarm_table.h"

#include <map>
#include <tuple>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::State;
using alarm::WatchQuery;

const auto& Alarms() {
  using A = Alarm;
  using W = alarm::Watch;
  using T = alarm::Threshold;
  constexpr auto kWatch = &A::watch;
  constexpr auto kThreshold = &W::threshold;
  static const auto table = store::DescribeTable<A>(
      "alarms", "alarm", store::Key("name", &A::name), store::Version(&A::version), store::Fixed("kind", &A::kind),
      store::Column("description", &A::description), store::Column("actions_enabled", &A::actions_enabled),
      store::Column("configured", &A::configured),
      store::Column("metric_namespace", kWatch, &W::metric, &MetricId::metric_namespace),
      store::Column("metric_name", kWatch, &W::metric, &MetricId::name),
      store::Column("statistic", kWatch, &W::statistic), store::Column("unit", kWatch, &W::unit),
      store::Encoded<store::WholeSeconds>("period", kWatch, &W::period),
      store::Column("comparison", kWatch, kThreshold, &T::comparison),
      store::Column("threshold", kWatch, kThreshold, &T::value),
      store::Column("evaluation_periods", kWatch, kThreshold, &T::evaluation_periods),
      store::Column("datapoints_to_alarm", kWatch, kThreshold, &T::datapoints_to_alarm),
      store::Column("says_datapoints", kWatch, &W::says_datapoints),
      store::Column("treat_missing", kWatch, kThreshold, &T::missing),
      store::Column("says_missing", kWatch, &W::says_missing), store::Column("low_samples", kWatch, &W::low_samples),
      store::Column("rule", &A::rule), store::Column("suppressor", &A::suppressor, &alarm::Suppressor::alarm),
      store::Encoded<store::WholeSeconds>("wait_period", &A::suppressor, &alarm::Suppressor::wait),
      store::Encoded<store::WholeSeconds>("extension_period", &A::suppressor, &alarm::Suppressor::extension),
      store::Column("state", &A::state), store::Column("reason", &A::reason),
      store::Column("reason_data", &A::reason_data), store::Column("updated", &A::updated),
      store::Column("transitioned", &A::transitioned), store::Column("acted_on", &A::acted_on),
      store::Column("suppressed_by", &A::suppressed_by), store::Column("suppressed_until", &A::suppressed_until));
  return table;
}

// The parts of an alarm. Lists keep their order by their positions.
struct DimensionRow {
  std::string alarm;
  Dimension dimension;
};
const auto& Dimensions() {
  static const auto table = store::DescribeTable<DimensionRow>(
      "alarm_dimensions", "dimension of the alarm", store::Key("alarm", &DimensionRow::alarm),
      store::Key("name", &DimensionRow::dimension, &Dimension::name),
      store::Fixed("value", &DimensionRow::dimension, &Dimension::value));
  return table;
}

struct QueryRow {
  std::string alarm;
  int64_t position = 0;
  WatchQuery query;
};
const auto& Queries() {
  using Q = WatchQuery;
  constexpr auto kQuery = &QueryRow::query;
  static const auto table = store::DescribeTable<QueryRow>(
      "alarm_queries", "query of the alarm", store::Key("alarm", &QueryRow::alarm),
      store::Key("position", &QueryRow::position), store::Fixed("id", kQuery, &Q::id),
      store::Fixed("is_metric", kQuery, &Q::is_metric),
      store::Fixed("metric_namespace", kQuery, &Q::metric, &MetricId::metric_namespace),
      store::Fixed("metric_name", kQuery, &Q::metric, &MetricId::name),
      store::Fixed("statistic", kQuery, &Q::statistic), store::Fixed("unit", kQuery, &Q::unit),
      store::Fixed("expression", kQuery, &Q::expression), store::Fixed("label", kQuery, &Q::label),
      store::Fixed("return_data", kQuery, &Q::return_data),
      store::Encoded<store::WholeSeconds>("period", kQuery, &Q::period),
      store::Fixed("says_account", kQuery, &Q::says_account));
  return table;
}

struct QueryDimensionRow {
  std::string alarm;
  int64_t position = 0;  // the query's
  Dimension dimension;
};
const auto& QueryDimensions() {
  constexpr auto kDimension = &QueryDimensionRow::dimension;
  static const auto table = store::DescribeTable<QueryDimensionRow>(
      "alarm_query_dimensions", "dimension of the alarm's query", store::Key("alarm", &QueryDimensionRow::alarm),
      store::Key("position", &QueryDimensionRow::position), store::Key("name", kDimension, &Dimension::name),
      store::Fixed("value", kDimension, &Dimension::value));
  return table;
}

struct ActionRow {
  std::string alarm;
  State state = State::kOk;
  int64_t position = 0;
  std::string action;
};
const auto& Actions() {
  static const auto table = store::DescribeTable<ActionRow>(
      "alarm_actions", "action of the alarm", store::Key("alarm", &ActionRow::alarm),
      store::Key("state", &ActionRow::state), store::Key("position", &ActionRow::position),
      store::Fixed("action", &ActionRow::action));
  return table;
}

struct TagRow {
  std::string alarm, key, value;
};
const auto& AlarmTags() {
  static const auto table =
      store::DescribeTable<TagRow>("alarm_tags", "tag of the alarm", store::Key("alarm", &TagRow::alarm),
                                   store::Key("key", &TagRow::key), store::Column("value", &TagRow::value));
  return table;
}

absl::Status InsertParts(store::Connection& c, const Alarm& a) {
  for (const Dimension& dimension : a.watch.metric.dimensions) {
    RETURN_IF_ERROR(Dimensions().Insert(c, {a.name, dimension}));
  }
  int64_t position = 0;
  for (const WatchQuery& query : a.watch.queries) {
    RETURN_IF_ERROR(Queries().Insert(c, {a.name, position, query}));
    for (const Dimension& dimension : query.metric.dimensions) {
      RETURN_IF_ERROR(QueryDimensions().Insert(c, {a.name, position, dimension}));
    }
    ++position;
  }
  for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
    position = 0;
    for (const std::string& action : a.ActionsOf(state)) {
      RETURN_IF_ERROR(Actions().Insert(c, {a.name, state, position++, action}));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<store::TableDescription> AlarmTable::Describe() {
  return {Alarms().Describe(),          Dimensions().Describe(), Queries().Describe(),
          QueryDimensions().Describe(), Actions().Describe(),    AlarmTags().Describe()};
}

absl::StatusOr<std::vector<Alarm>> AlarmTable::List() {
  store::Connection& c = connection_;
  ASSIGN_OR_RETURN(std::vector<Alarm> alarms, Alarms().Select(c, "alarms ORDER BY name"));
  ASSIGN_OR_RETURN(const auto dimensions, Dimensions().Select(c, "alarm_dimensions ORDER BY alarm, name"));
  ASSIGN_OR_RETURN(const auto queries, Queries().Select(c, "alarm_queries ORDER BY alarm, position"));
  ASSIGN_OR_RETURN(const auto query_dimensions,
                   QueryDimensions().Select(c, "alarm_query_dimensions ORDER BY alarm, position, name"));
  ASSIGN_OR_RETURN(const auto actions, Actions().Select(c, "alarm_actions ORDER BY alarm, state, position"));
  std::map<std::string, Alarm*> by_name;
  for (Alarm& alarm : alarms) by_name.emplace(alarm.name, &alarm);
  for (const DimensionRow& row : dimensions) {
    by_name.at(row.alarm)->watch.metric.dimensions.push_back(row.dimension);
  }
  for (const QueryRow& row : queries) by_name.at(row.alarm)->watch.queries.push_back(row.query);
  for (const QueryDimensionRow& row : query_dimensions) {
    WatchQuery& query = by_name.at(row.alarm)->watch.queries.at(static_cast<size_t>(row.position));
    query.metric.dimensions.push_back(row.dimension);
  }
  for (const ActionRow& row : actions) {
    by_name.at(row.alarm)->actions.at(static_cast<size_t>(row.state)).push_back(row.action);
  }
  return alarms;
}

absl::Status AlarmTable::Insert(const Alarm& alarm) {
  RETURN_IF_ERROR(Alarms().Insert(connection_, alarm));
  return InsertParts(connection_, alarm);
}

absl::Status AlarmTable::Update(Alarm& alarm) {
  RETURN_IF_ERROR(Alarms().Update(connection_, alarm));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_dimensions WHERE alarm = ?", alarm.name));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_actions WHERE alarm = ?", alarm.name));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_queries WHERE alarm = ?", alarm.name));
  return InsertParts(connection_, alarm);
}

absl::Status AlarmTable::UpdateState(Alarm& alarm) {
  return Alarms().Update(
      connection_, alarm,
      {"state", "reason", "reason_data", "updated", "transitioned", "acted_on", "suppressed_by", "suppressed_until"});
}

absl::Status AlarmTable::Delete(const std::string& name) { return Alarms().Delete(connection_, name); }

absl::Status AlarmTable::SetTag(const std::string& name, const std::string& key, const std::string& value) {
  return AlarmTags().Put(connection_, {name, key, value});
}

absl::Status AlarmTable::DeleteTag(const std::string& name, const std::string& key) {
  return AlarmTags().Delete(connection_, std::tie(name, key));
}

absl::StatusOr<TagMap> AlarmTable::Tags(const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<TagRow> rows, AlarmTags().Select(connection_, "alarm_tags WHERE alarm = ?", name));
  TagMap tags;
  for (const TagRow& row : rows) tags.emplace(row.key, row.value);
  return tags;
}

}  // namespace brume::cloudwatch
