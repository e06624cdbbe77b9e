#include "lib/cloudwatch/alarm_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::HistoryItem;
using alarm::HistoryType;
using alarm::Kind;
using alarm::State;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxShown = 50;           // datapoints
constexpr size_t kMaxSummary = 255;        // characters of a summary of history
constexpr size_t kMaxHistoryData = 4'095;  // and of its data

// As CloudWatch writes times in JSON: 2026-01-31T10:00:00.000+0000.
std::string Time(absl::Time time) { return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3S%z", time, absl::UTCTimeZone()); }

std::string Text(absl::string_view text) { return std::string(text); }

// Text that is not UTF-8 (an error's message may not be) must not end the program.
std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

HistoryItem MakeItem(const Alarm& alarm, HistoryType type, absl::Time time, std::string summary, std::string data) {
  HistoryItem item;
  item.alarm = alarm.name;
  item.kind = alarm.kind;
  item.type = type;
  item.time = time;
  item.summary = std::move(summary);
  item.data = std::move(data);
  return item;
}

// What was given as JSON, as JSON; null when there is none.
Json Parsed(const std::string& text) {
  Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? Json() : parsed;
}

Json StateOf(const Alarm& alarm, bool with_data) {
  Json state{{"stateValue", Text(StateName(alarm.state))}, {"stateReason", alarm.reason}};
  if (with_data && !alarm.reason_data.empty()) state["stateReasonData"] = Parsed(alarm.reason_data);
  return state;
}

Json Dimensions(const MetricId& metric) {
  Json all = Json::array();
  for (const Dimension& dimension : metric.dimensions) {
    all.push_back({{"name", dimension.name}, {"value", dimension.value}});
  }
  return all;
}

// Of an alarm on metric maths.
Json Queries(const alarm::Watch& watch) {
  Json all = Json::array();
  for (const alarm::WatchQuery& query : watch.queries) {
    Json json{{"Id", query.id}, {"ReturnData", query.return_data}};
    if (!query.label.empty()) json["Label"] = query.label;
    if (query.is_metric) {
      json["MetricStat"] = {{"Metric",
                             {{"Dimensions", Dimensions(query.metric)},
                              {"MetricName", query.metric.name},
                              {"Namespace", query.metric.metric_namespace}}},
                            {"Period", absl::ToInt64Seconds(watch.period)},
                            {"Stat", query.statistic}};
    } else {
      json["Expression"] = query.expression;
    }
    all.push_back(std::move(json));
  }
  return all;
}

Json Definition(const Alarm& alarm, const Account& account) {
  Json json{{"alarmName", alarm.name},
            {"alarmArn", alarm::AlarmArn(account, alarm.name)},
            {"alarmDescription", alarm.description},
            {"actionsEnabled", alarm.actions_enabled},
            {"okActions", alarm.ActionsOf(State::kOk)},
            {"alarmActions", alarm.ActionsOf(State::kAlarm)},
            {"insufficientDataActions", alarm.ActionsOf(State::kInsufficientData)}};
  if (alarm.kind == Kind::kComposite) {
    json["alarmRule"] = alarm.rule;
    return json;
  }
  const alarm::Watch& watch = alarm.watch;
  if (watch.queries.empty()) {
    json["metricName"] = watch.metric.name;
    json["namespace"] = watch.metric.metric_namespace;
    json["dimensions"] = Dimensions(watch.metric);
    json[alarm::IsExtended(watch.statistic) ? "extendedStatistic" : "statistic"] = watch.statistic;
    json["period"] = absl::ToInt64Seconds(watch.period);
  } else {
    json["metrics"] = Queries(watch);
  }
  json["evaluationPeriods"] = watch.threshold.evaluation_periods;
  json["datapointsToAlarm"] = watch.threshold.datapoints_to_alarm;
  json["threshold"] = watch.threshold.value;
  json["comparisonOperator"] = Text(ComparisonName(watch.threshold.comparison));
  json["treatMissingData"] = Text(MissingDataName(watch.threshold.missing));
  return json;
}

Json Trigger(const Alarm& alarm) {
  const alarm::Watch& watch = alarm.watch;
  Json json;
  if (watch.queries.empty()) {
    const bool extended = alarm::IsExtended(watch.statistic);
    json = {{"MetricName", watch.metric.name},
            {"Namespace", watch.metric.metric_namespace},
            {"StatisticType", extended ? "ExtendedStatistic" : "Statistic"},
            {extended ? "ExtendedStatistic" : "Statistic",
             extended ? watch.statistic : absl::AsciiStrToUpper(watch.statistic)},
            {"Unit", watch.unit.empty() ? Json() : Json(watch.unit)},
            {"Dimensions", Dimensions(watch.metric)}};
  }
  json["Period"] = absl::ToInt64Seconds(watch.period);
  json["EvaluationPeriods"] = watch.threshold.evaluation_periods;
  json["DatapointsToAlarm"] = watch.threshold.datapoints_to_alarm;
  json["ComparisonOperator"] = Text(ComparisonName(watch.threshold.comparison));
  json["Threshold"] = watch.threshold.value;
  json["TreatMissingData"] = Text(MissingDataName(watch.threshold.missing));
  json["EvaluateLowSampleCountPercentile"] = watch.low_samples;
  if (!watch.queries.empty()) json["Metrics"] = Queries(watch);
  return json;
}

// What CloudWatch tells SNS.
Json Message(const Alarm& before, const Alarm& after, const Account& account) {
  Json json{{"AlarmName", after.name},
            {"AlarmDescription", after.description.empty() ? Json() : Json(after.description)},
            {"AWSAccountId", account.id},
            {"AlarmConfigurationUpdatedTimestamp", Time(after.configured)},
            {"NewStateValue", Text(StateName(after.state))},
            {"NewStateReason", after.reason},
            {"StateChangeTime", Time(after.transitioned)},
            {"Region", account.region},
            {"AlarmArn", alarm::AlarmArn(account, after.name)},
            {"OldStateValue", Text(StateName(before.state))},
            {"OKActions", after.ActionsOf(State::kOk)},
            {"AlarmActions", after.ActionsOf(State::kAlarm)},
            {"InsufficientDataActions", after.ActionsOf(State::kInsufficientData)}};
  if (after.kind == Kind::kComposite) {
    json["AlarmRule"] = after.rule;
    const Json data = Parsed(after.reason_data);
    if (data.contains("triggeringAlarms")) json["TriggeringChildren"] = data["triggeringAlarms"];
  } else {
    json["Trigger"] = Trigger(after);
  }
  return json;
}

}  // namespace

std::string ReasonData(const alarm::Watch& watch, absl::Time queried, absl::Time start,
                       absl::Span<const std::optional<double>> datapoints) {
  Json recent = Json::array();
  for (const std::optional<double>& point : datapoints) {
    if (point.has_value()) recent.push_back(*point);
  }
  while (recent.size() > kMaxShown) recent.erase(recent.begin());
  Json data{{"version", "1.0"}, {"queryDate", Time(queried)}, {"startDate", Time(start)}};
  if (watch.queries.empty()) data["statistic"] = watch.statistic;
  data["period"] = absl::ToInt64Seconds(watch.period);
  data["recentDatapoints"] = std::move(recent);
  data["threshold"] = watch.threshold.value;
  return Dump(data);
}

std::string CompositeReasonData(absl::Span<const Alarm* const> children, const Account& account) {
  constexpr size_t kMaxChildren = 10;
  Json triggering = Json::array();
  for (const Alarm* child : children.subspan(0, std::min(children.size(), kMaxChildren))) {
    triggering.push_back({{"arn", alarm::AlarmArn(account, child->name)},
                          {"state", {{"value", Text(StateName(child->state))}, {"timestamp", Time(child->updated)}}}});
  }
  return Dump({{"triggeringAlarms", std::move(triggering)}});
}

HistoryItem ConfigurationItem(absl::string_view what, const Alarm& alarm, absl::Time time, const Account& account) {
  const absl::string_view type = what == "created" ? "Create" : what == "deleted" ? "Delete" : "Update";
  Json data{{"version", "1.0"}, {"type", Text(type)}, {absl::StrCat(what, "Alarm"), Definition(alarm, account)}};
  // A description, dimensions and actions can be longer than an item; what it says of them then is their alarm.
  if (Dump(data).size() > kMaxHistoryData) data[absl::StrCat(what, "Alarm")] = {{"alarmName", alarm.name}};
  std::string summary = absl::StrCat("Alarm \"", alarm.name, "\" ", what);
  if (summary.size() > kMaxSummary) summary = absl::StrCat("Alarm ", what);
  return MakeItem(alarm, HistoryType::kConfigurationUpdate, time, std::move(summary), Dump(data));
}

HistoryItem StateItem(const Alarm& before, const Alarm& after) {
  const auto data = [&](bool old_data, bool new_data) {
    return Dump({{"version", "1.0"}, {"oldState", StateOf(before, old_data)}, {"newState", StateOf(after, new_data)}});
  };
  std::string history_data = data(true, true);
  if (history_data.size() > kMaxHistoryData) history_data = data(false, true);
  if (history_data.size() > kMaxHistoryData) history_data = data(false, false);
  return MakeItem(after, HistoryType::kStateUpdate, after.updated,
                  absl::StrCat("Alarm updated from ", StateName(before.state), " to ", StateName(after.state)),
                  std::move(history_data));
}

HistoryItem ActionItem(const alarm::DueAction& due, absl::Time time, const std::optional<std::string>& failure) {
  HistoryItem item;
  item.alarm = due.alarm;
  item.kind = due.kind;
  item.type = HistoryType::kAction;
  item.time = time;
  item.summary = absl::StrCat(failure.has_value() ? "Failed to execute action " : "Successfully executed action ",
                              due.action.substr(0, 200));
  Json data{{"actionState", failure.has_value() ? "Failed" : "Succeeded"},
            {"stateUpdateTimestamp", absl::ToUnixMillis(due.time)},
            {"notificationResource", due.action},
            {"error", failure.has_value() ? Json(*failure) : Json()}};
  if (!due.instance_id.empty()) data["instanceId"] = due.instance_id;
  if (!due.message_id.empty()) data["messageId"] = due.message_id;
  item.data = Dump(data);
  return item;
}

std::string WebhookMessage(const Alarm& before, const Alarm& after, const std::string& message_id,
                           const Account& account) {
  return Dump({{"Type", "Notification"},
               {"MessageId", message_id},
               {"Subject", absl::StrCat(StateName(after.state), ": \"", after.name, "\" in ", account.region)},
               {"Message", Dump(Message(before, after, account))},
               {"Timestamp", absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", after.transitioned, absl::UTCTimeZone())}});
}

}  // namespace brume::cloudwatch
