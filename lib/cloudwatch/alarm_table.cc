#include "lib/cloudwatch/alarm_table.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::State;

constexpr char kColumns[] =
    "name, kind, description, actions_enabled, configured, metric_namespace, metric_name, statistic, unit, period, "
    "comparison, threshold, evaluation_periods, datapoints_to_alarm, says_datapoints, treat_missing, says_missing, "
    "rule, "
    "suppressor, wait_period, extension_period, state, reason, reason_data, updated, transitioned, acted_on, "
    "suppressed_by, suppressed_until";
constexpr int kColumnCount = 29;

// All columns but those of periods, which are kept in seconds.
template <typename SomeAlarm>
auto Definition(SomeAlarm& a) {
  return std::tie(a.name, a.kind, a.description, a.actions_enabled, a.configured, a.watch.metric.metric_namespace,
                  a.watch.metric.name, a.watch.statistic, a.watch.unit);
}
template <typename SomeAlarm>
auto ThresholdOf(SomeAlarm& a) {
  auto& t = a.watch.threshold;
  return std::tie(t.comparison, t.value, t.evaluation_periods, t.datapoints_to_alarm, a.watch.says_datapoints,
                  t.missing, a.watch.says_missing, a.rule, a.suppressor.alarm);
}
template <typename SomeAlarm>
auto StateOf(SomeAlarm& a) {
  return std::tie(a.state, a.reason, a.reason_data, a.updated, a.transitioned, a.acted_on, a.suppressed_by,
                  a.suppressed_until);
}

template <typename SomeQuery>
auto QueryFields(SomeQuery& q) {
  return std::tie(q.id, q.is_metric, q.metric.metric_namespace, q.metric.name, q.statistic, q.unit, q.expression,
                  q.label, q.return_data);
}

Alarm ReadAlarm(store::Row& row) {
  Alarm a;
  int64_t period = 0, wait = 0, extension = 0;
  row.Read(Definition(a), period, ThresholdOf(a), wait, extension, StateOf(a));
  a.watch.period = absl::Seconds(period);
  a.suppressor.wait = absl::Seconds(wait);
  a.suppressor.extension = absl::Seconds(extension);
  return a;
}

}  // namespace

absl::StatusOr<std::vector<Alarm>> AlarmTable::List() {
  ASSIGN_OR_RETURN(std::vector<Alarm> alarms,
                   connection_.All(absl::StrCat("SELECT ", kColumns, " FROM alarms ORDER BY name"), ReadAlarm));
  std::map<std::string, Alarm*> by_name;
  for (Alarm& alarm : alarms) by_name.emplace(alarm.name, &alarm);
  RETURN_IF_ERROR(
      connection_.Query("SELECT alarm, name, value FROM alarm_dimensions ORDER BY alarm, name", [&](store::Row& row) {
        std::string alarm;
        Dimension dimension;
        row.Read(alarm, dimension.name, dimension.value);
        by_name.at(alarm)->watch.metric.dimensions.push_back(std::move(dimension));
      }));
  RETURN_IF_ERROR(connection_.Query(
      "SELECT alarm, id, is_metric, metric_namespace, metric_name, statistic, unit, expression, label, return_data "
      "FROM alarm_queries ORDER BY alarm, position",
      [&](store::Row& row) {
        std::string alarm;
        alarm::WatchQuery query;
        row.Read(alarm, QueryFields(query));
        by_name.at(alarm)->watch.queries.push_back(std::move(query));
      }));
  RETURN_IF_ERROR(connection_.Query(
      "SELECT alarm, position, name, value FROM alarm_query_dimensions ORDER BY alarm, position, name",
      [&](store::Row& row) {
        std::string alarm;
        int64_t position = 0;
        Dimension dimension;
        row.Read(alarm, position, dimension.name, dimension.value);
        by_name.at(alarm)->watch.queries.at(static_cast<size_t>(position)).metric.dimensions.push_back(dimension);
      }));
  RETURN_IF_ERROR(connection_.Query(
      "SELECT alarm, state, action FROM alarm_actions ORDER BY alarm, state, position", [&](store::Row& row) {
        std::string alarm, action;
        State state = State::kOk;
        row.Read(alarm, state, action);
        by_name.at(alarm)->actions.at(static_cast<size_t>(state)).push_back(std::move(action));
      }));
  return alarms;
}

absl::Status AlarmTable::Put(const Alarm& a) {
  RETURN_IF_ERROR(connection_.Run(
      absl::StrCat("INSERT INTO alarms (", kColumns, ") VALUES (", store::Placeholders(kColumnCount),
                   ") ON CONFLICT (name) DO UPDATE SET (", kColumns,
                   ") = (excluded.name, excluded.kind, excluded.description, excluded.actions_enabled, "
                   "excluded.configured, excluded.metric_namespace, excluded.metric_name, excluded.statistic, "
                   "excluded.unit, excluded.period, excluded.comparison, excluded.threshold, "
                   "excluded.evaluation_periods, excluded.datapoints_to_alarm, excluded.says_datapoints, "
                   "excluded.treat_missing, excluded.says_missing, excluded.rule, excluded.suppressor, "
                   "excluded.wait_period, excluded.extension_period, excluded.state, excluded.reason, "
                   "excluded.reason_data, excluded.updated, excluded.transitioned, excluded.acted_on, "
                   "excluded.suppressed_by, excluded.suppressed_until)"),
      Definition(a), absl::ToInt64Seconds(a.watch.period), ThresholdOf(a), absl::ToInt64Seconds(a.suppressor.wait),
      absl::ToInt64Seconds(a.suppressor.extension), StateOf(a)));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_dimensions WHERE alarm = ?", a.name));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_actions WHERE alarm = ?", a.name));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM alarm_queries WHERE alarm = ?", a.name));
  return InsertParts(a);
}

absl::Status AlarmTable::InsertParts(const Alarm& a) {
  for (const Dimension& dimension : a.watch.metric.dimensions) {
    RETURN_IF_ERROR(connection_.Run("INSERT INTO alarm_dimensions (alarm, name, value) VALUES (?, ?, ?)", a.name,
                                    dimension.name, dimension.value));
  }
  int64_t position = 0;
  for (const alarm::WatchQuery& query : a.watch.queries) {
    RETURN_IF_ERROR(
        connection_.Run("INSERT INTO alarm_queries (alarm, position, id, is_metric, metric_namespace, metric_name, "
                        "statistic, unit, expression, label, return_data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        a.name, position, QueryFields(query)));
    for (const Dimension& dimension : query.metric.dimensions) {
      RETURN_IF_ERROR(
          connection_.Run("INSERT INTO alarm_query_dimensions (alarm, position, name, value) VALUES (?, ?, ?, ?)",
                          a.name, position, dimension.name, dimension.value));
    }
    ++position;
  }
  for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
    position = 0;
    for (const std::string& action : a.ActionsOf(state)) {
      RETURN_IF_ERROR(connection_.Run("INSERT INTO alarm_actions (alarm, state, position, action) VALUES (?, ?, ?, ?)",
                                      a.name, state, position++, action));
    }
  }
  return absl::OkStatus();
}

absl::Status AlarmTable::SetState(const Alarm& a) {
  return connection_.Run(
      "UPDATE alarms SET (state, reason, reason_data, updated, transitioned, acted_on, suppressed_by, "
      "suppressed_until) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE name = ?",
      StateOf(a), a.name);
}

absl::Status AlarmTable::SetActionsEnabled(const std::string& name, bool enabled, absl::Time configured) {
  return connection_.Run("UPDATE alarms SET actions_enabled = ?, configured = ? WHERE name = ?", enabled, configured,
                         name);
}

absl::Status AlarmTable::Delete(const std::string& name) {
  return connection_.Run("DELETE FROM alarms WHERE name = ?", name);
}

absl::Status AlarmTable::SetTag(const std::string& name, const std::string& key, const std::string& value) {
  return connection_.Run(
      "INSERT INTO alarm_tags (alarm, key, value) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (alarm, key) DO UPDATE SET value = ?3",
      name, key, value);
}

absl::Status AlarmTable::DeleteTag(const std::string& name, const std::string& key) {
  return connection_.Run("DELETE FROM alarm_tags WHERE alarm = ? AND key = ?", name, key);
}

absl::StatusOr<TagMap> AlarmTable::Tags(const std::string& name) {
  TagMap tags;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT key, value FROM alarm_tags WHERE alarm = ?",
      [&](store::Row& row) {
        std::string key;
        row.Read(key);
        row.Read(tags[key]);
      },
      name));
  return tags;
}

}  // namespace brume::cloudwatch
