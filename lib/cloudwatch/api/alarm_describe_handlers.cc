#include "lib/cloudwatch/api/alarm_describe_handlers.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/api/metric_parse.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::Kind;
using alarm::State;

constexpr int kDefaultRecords = 100;

std::string ArnOf(const Settings& settings, const Alarm& alarm) {
  return alarm::AlarmArn(settings.account(), alarm.name);
}

// What both kinds of alarms show.
template <typename Rendered>
Rendered RenderCommon(const Alarm& alarm, const Settings& settings) {
  Rendered rendered;
  rendered.set_alarm_name(alarm.name);
  rendered.set_alarm_arn(ArnOf(settings, alarm));
  if (!alarm.description.empty()) rendered.set_alarm_description(alarm.description);
  rendered.set_alarm_configuration_updated_timestamp(gateway::RenderTime(alarm.configured));
  rendered.set_actions_enabled(alarm.actions_enabled);
  for (const std::string& action : alarm.ActionsOf(State::kOk)) rendered.add_ok_actions(action);
  for (const std::string& action : alarm.ActionsOf(State::kAlarm)) rendered.add_alarm_actions(action);
  for (const std::string& action : alarm.ActionsOf(State::kInsufficientData)) {
    rendered.add_insufficient_data_actions(action);
  }
  rendered.set_state_value(std::string(StateName(alarm.state)));
  rendered.set_state_reason(alarm.reason);
  if (!alarm.reason_data.empty()) rendered.set_state_reason_data(alarm.reason_data);
  rendered.set_state_updated_timestamp(gateway::RenderTime(alarm.updated));
  rendered.set_state_transitioned_timestamp(gateway::RenderTime(alarm.transitioned));
  return rendered;
}

void RenderOneMetric(const alarm::Watch& watch, v1::MetricAlarm& rendered) {
  rendered.set_metric_name(watch.metric.name);
  rendered.set_namespace_(watch.metric.metric_namespace);
  *rendered.mutable_dimensions() = RenderMetric(watch.metric).dimensions();
  if (alarm::IsExtended(watch.statistic)) {
    rendered.set_extended_statistic(watch.statistic);
  } else {
    rendered.set_statistic(watch.statistic);
  }
  rendered.set_period(static_cast<int32_t>(absl::ToInt64Seconds(watch.period)));
  if (!watch.unit.empty()) rendered.set_unit(watch.unit);
}

void RenderMaths(const alarm::Watch& watch, const std::string& account, v1::MetricAlarm& rendered) {
  for (const alarm::WatchQuery& query : watch.queries) {
    v1::MetricDataQuery& added = *rendered.add_metrics();
    added.set_id(query.id);
    if (query.is_metric) {
      v1::MetricStat& stat = *added.mutable_metric_stat();
      *stat.mutable_metric() = RenderMetric(query.metric);
      stat.set_period(static_cast<int32_t>(absl::ToInt64Seconds(watch.period)));
      stat.set_stat(query.statistic);
      if (!query.unit.empty()) stat.set_unit(query.unit);
    } else {
      added.set_expression(query.expression);
    }
    if (query.period != absl::ZeroDuration()) {
      added.set_period(static_cast<int32_t>(absl::ToInt64Seconds(query.period)));
    }
    if (!query.label.empty()) added.set_label(query.label);
    added.set_return_data(query.return_data);
    if (query.says_account) added.set_account_id(account);
  }
}

v1::MetricAlarm RenderMetricAlarm(const Alarm& alarm, const Settings& settings) {
  auto rendered = RenderCommon<v1::MetricAlarm>(alarm, settings);
  const alarm::Watch& watch = alarm.watch;
  if (watch.queries.empty()) {
    RenderOneMetric(watch, rendered);
  } else {
    RenderMaths(watch, settings.account_id, rendered);
  }
  rendered.set_evaluation_periods(watch.threshold.evaluation_periods);
  if (watch.says_datapoints) rendered.set_datapoints_to_alarm(watch.threshold.datapoints_to_alarm);
  rendered.set_threshold(watch.threshold.value);
  rendered.set_comparison_operator(std::string(ComparisonName(watch.threshold.comparison)));
  if (watch.says_missing) rendered.set_treat_missing_data(std::string(MissingDataName(watch.threshold.missing)));
  if (!watch.low_samples.empty()) rendered.set_evaluate_low_sample_count_percentile(watch.low_samples);
  return rendered;
}

v1::CompositeAlarm RenderComposite(const Alarm& alarm, const Settings& settings) {
  auto rendered = RenderCommon<v1::CompositeAlarm>(alarm, settings);
  rendered.set_alarm_rule(alarm.rule);
  if (alarm.suppressor.alarm.empty()) return rendered;
  rendered.set_actions_suppressor(alarm.suppressor.alarm);
  rendered.set_actions_suppressor_wait_period(static_cast<int32_t>(absl::ToInt64Seconds(alarm.suppressor.wait)));
  rendered.set_actions_suppressor_extension_period(
      static_cast<int32_t>(absl::ToInt64Seconds(alarm.suppressor.extension)));
  if (alarm.suppressed_by == alarm::SuppressedBy::kNobody) return rendered;
  rendered.set_actions_suppressed_by(std::string(SuppressedByName(alarm.suppressed_by)));
  rendered.set_actions_suppressed_reason(
      alarm.suppressed_by == alarm::SuppressedBy::kAlarm
          ? absl::StrCat("The alarm ", alarm.suppressor.alarm, " is in ALARM")
          : absl::StrCat("Actions wait until ", gateway::RenderTime(alarm.suppressed_until)));
  return rendered;
}

void Add(const Alarm& alarm, const Settings& settings, v1::DescribeAlarmsResponse& response) {
  if (alarm.kind == Kind::kComposite) {
    *response.add_composite_alarms() = RenderComposite(alarm, settings);
  } else {
    *response.add_metric_alarms() = RenderMetricAlarm(alarm, settings);
  }
}

// Of a relative, which is shown in short.
template <typename Rendered>
void RenderShort(const Alarm& alarm, const Settings& settings, bool with_state, Rendered& rendered) {
  rendered.set_alarm_name(alarm.name);
  rendered.set_alarm_arn(ArnOf(settings, alarm));
  if (!with_state) return;
  rendered.set_state_value(std::string(StateName(alarm.state)));
  rendered.set_state_updated_timestamp(gateway::RenderTime(alarm.updated));
}

// The page that MaxRecords and NextToken name.
template <typename Request, typename Response>
absl::StatusOr<std::vector<AlarmPtr>> AlarmPage(std::vector<AlarmPtr> all, const Request& request, Response& response) {
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string last, gateway::ParseToken("alarms", request.next_token()));
    std::erase_if(all, [&](const AlarmPtr& alarm) { return alarm->name <= last; });
  }
  const size_t max_records = request.has_max_records() ? request.max_records() : kDefaultRecords;
  if (all.size() > max_records) {
    all.resize(max_records);
    response.set_next_token(gateway::MakeToken("alarms", all.back()->name));
  }
  return all;
}

std::set<Kind> KindsOf(const google::protobuf::RepeatedPtrField<std::string>& types) {
  std::set<Kind> kinds;
  for (const std::string& type : types) kinds.insert(type == "MetricAlarm" ? Kind::kMetric : Kind::kComposite);
  if (kinds.empty()) kinds.insert(Kind::kMetric);
  return kinds;
}

bool HasAction(const Alarm& alarm, const std::string& prefix) {
  for (const auto& actions : alarm.actions) {
    for (const std::string& action : actions) {
      if (absl::StartsWith(action, prefix)) return true;
    }
  }
  return false;
}

absl::StatusOr<v1::DescribeAlarmsResponse> DescribeRelatives(AlarmService& alarms, const Settings& settings,
                                                             const v1::DescribeAlarmsRequest& request) {
  v1::DescribeAlarmsRequest rest = request;
  rest.clear_children_of_alarm_name();
  rest.clear_parents_of_alarm_name();
  rest.clear_max_records();
  rest.clear_next_token();
  const bool children = !request.children_of_alarm_name().empty();
  if (rest.ByteSizeLong() != 0 || (children && !request.parents_of_alarm_name().empty())) {
    return Invalid("ChildrenOfAlarmName and ParentsOfAlarmName go with MaxRecords and NextToken only");
  }
  ASSIGN_OR_RETURN(std::vector<AlarmPtr> found, children ? alarms.ChildrenOf(request.children_of_alarm_name())
                                                         : alarms.ParentsOf(request.parents_of_alarm_name()));
  v1::DescribeAlarmsResponse response;
  ASSIGN_OR_RETURN(found, AlarmPage(std::move(found), request, response));
  for (const AlarmPtr& alarm : found) {
    if (alarm->kind == Kind::kComposite) {
      RenderShort(*alarm, settings, children, *response.add_composite_alarms());
    } else {
      RenderShort(*alarm, settings, children, *response.add_metric_alarms());
    }
  }
  return response;
}

absl::StatusOr<v1::DescribeAlarmsResponse> DescribeAlarms(const v1::DescribeAlarmsRequest& request,
                                                          AlarmService& alarms, const Settings& settings) {
  if (!request.children_of_alarm_name().empty() || !request.parents_of_alarm_name().empty()) {
    return DescribeRelatives(alarms, settings, request);
  }
  if (request.alarm_names_size() != 0 && !request.alarm_name_prefix().empty()) {
    return Invalid("AlarmNames and AlarmNamePrefix exclude each other");
  }
  const std::set<std::string> names(request.alarm_names().begin(), request.alarm_names().end());
  const std::set<Kind> kinds = KindsOf(request.alarm_types());
  std::vector<AlarmPtr> all = alarms.List();
  std::erase_if(all, [&](const AlarmPtr& alarm) {
    return !kinds.contains(alarm->kind) || (!names.empty() && !names.contains(alarm->name)) ||
           !absl::StartsWith(alarm->name, request.alarm_name_prefix()) ||
           (request.has_state_value() && StateName(alarm->state) != request.state_value()) ||
           (!request.action_prefix().empty() && !HasAction(*alarm, request.action_prefix()));
  });
  v1::DescribeAlarmsResponse response;
  ASSIGN_OR_RETURN(all, AlarmPage(std::move(all), request, response));
  for (const AlarmPtr& alarm : all) Add(*alarm, settings, response);
  return response;
}

absl::StatusOr<v1::DescribeAlarmsForMetricResponse> DescribeAlarmsForMetric(
    const v1::DescribeAlarmsForMetricRequest& request, AlarmService& alarms, const Settings& settings) {
  ASSIGN_OR_RETURN(const MetricId metric, MetricOf(request));
  const std::string& statistic = request.has_statistic() ? request.statistic() : request.extended_statistic();
  v1::DescribeAlarmsForMetricResponse response;
  for (const AlarmPtr& alarm : alarms.List()) {
    const alarm::Watch& watch = alarm->watch;
    if (alarm->kind != Kind::kMetric || watch.metric != metric) continue;
    if (!statistic.empty() && watch.statistic != statistic) continue;
    if (request.has_period() && watch.period != absl::Seconds(request.period())) continue;
    if (request.has_unit() && watch.unit != request.unit()) continue;
    *response.add_metric_alarms() = RenderMetricAlarm(*alarm, settings);
  }
  return response;
}

absl::StatusOr<alarm::HistoryQuery> QueryOf(const v1::DescribeAlarmHistoryRequest& request) {
  alarm::HistoryQuery query;
  if (!request.alarm_name().empty()) query.alarm = request.alarm_name();
  const std::set<Kind> kinds = KindsOf(request.alarm_types());
  query.kinds.assign(kinds.begin(), kinds.end());
  query.type = alarm::FindHistoryType(request.history_item_type());
  if (request.has_start_date()) {
    ASSIGN_OR_RETURN(query.since, gateway::ParseTime(request.start_date()));
  }
  if (request.has_end_date()) {
    ASSIGN_OR_RETURN(query.until, gateway::ParseTime(request.end_date()));
  }
  query.oldest_first = request.scan_by() == "TimestampAscending";
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string last, gateway::ParseToken("alarm history", request.next_token()));
    if (!absl::SimpleAtoi(last, &query.after)) return gateway::InvalidToken();
  }
  query.max_records = request.has_max_records() ? request.max_records() : kDefaultRecords;
  return query;
}

absl::StatusOr<v1::DescribeAlarmHistoryResponse> DescribeAlarmHistory(const v1::DescribeAlarmHistoryRequest& request,
                                                                      AlarmService& alarms) {
  ASSIGN_OR_RETURN(alarm::HistoryQuery query, QueryOf(request));
  const auto max_records = static_cast<size_t>(query.max_records++);  // one more tells whether there is another page
  ASSIGN_OR_RETURN(std::vector<alarm::HistoryItem> items, alarms.History(query));
  v1::DescribeAlarmHistoryResponse response;
  if (items.size() > max_records) {
    items.resize(max_records);
    response.set_next_token(gateway::MakeToken("alarm history", absl::StrCat(items.back().number)));
  }
  for (const alarm::HistoryItem& item : items) {
    v1::AlarmHistoryItem& added = *response.add_alarm_history_items();
    added.set_alarm_name(item.alarm);
    added.set_alarm_type(std::string(KindName(item.kind)));
    added.set_timestamp(gateway::RenderTime(item.time));
    added.set_history_item_type(std::string(HistoryTypeName(item.type)));
    added.set_history_summary(item.summary);
    added.set_history_data(item.data);
  }
  return response;
}

}  // namespace

void AddAlarmDescribeActions(gateway::Actions& actions, AlarmService& alarms, const Settings& settings) {
  actions.Add(DescribeAlarms, alarms, settings);
  actions.Add(DescribeAlarmsForMetric, alarms, settings);
  actions.Add(DescribeAlarmHistory, alarms);
}

}  // namespace brume::cloudwatch
