#include "lib/cloudwatch/api/alarm_handlers.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/api/alarm_access.h"
#include "lib/cloudwatch/api/metric_parse.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/cloudwatch/model/metric_insights.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

using alarm::State;
using google::protobuf::RepeatedPtrField;

std::vector<std::string> Texts(const RepeatedPtrField<std::string>& texts) { return {texts.begin(), texts.end()}; }

absl::StatusOr<TagMap> ParseTags(const RepeatedPtrField<v1::Tag>& tags) {
  TagMap map;
  for (const v1::Tag& tag : tags) {
    if (!map.emplace(tag.key(), tag.value()).second) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The tag ", tag.key(), " is given twice"));
    }
  }
  return map;
}

// What both kinds of alarms have.
template <typename Request>
alarm::Alarm CommonOf(const Request& request) {
  alarm::Alarm alarm;
  alarm.name = request.alarm_name();
  alarm.description = request.alarm_description();
  alarm.actions_enabled = !request.has_actions_enabled() || request.actions_enabled();
  alarm.actions[static_cast<size_t>(State::kOk)] = Texts(request.ok_actions());
  alarm.actions[static_cast<size_t>(State::kAlarm)] = Texts(request.alarm_actions());
  alarm.actions[static_cast<size_t>(State::kInsufficientData)] = Texts(request.insufficient_data_actions());
  return alarm;
}

absl::StatusOr<alarm::Threshold> ThresholdOf(const v1::PutMetricAlarmRequest& request) {
  if (!request.has_threshold()) return Invalid("The parameter Threshold is required");
  alarm::Threshold threshold;
  threshold.value = request.threshold();
  threshold.evaluation_periods = request.evaluation_periods();
  threshold.datapoints_to_alarm =
      request.has_datapoints_to_alarm() ? request.datapoints_to_alarm() : request.evaluation_periods();
  ASSIGN_OR_RETURN(threshold.comparison, alarm::ParseComparison(request.comparison_operator()));
  if (request.has_treat_missing_data()) {
    ASSIGN_OR_RETURN(threshold.missing, alarm::ParseMissingData(request.treat_missing_data()));
  }
  return threshold;
}

// A metric, and what is taken of it.
absl::Status ParseOneMetric(const v1::PutMetricAlarmRequest& request, alarm::Watch& watch) {
  if (request.has_statistic() && request.has_extended_statistic()) {
    return ec2::Error("InvalidParameterCombination", "Statistic and ExtendedStatistic exclude each other");
  }
  if (request.has_extended_statistic() && !alarm::IsExtended(request.extended_statistic())) {
    return Invalid(absl::StrCat("The ExtendedStatistic '", absl::CHexEscape(request.extended_statistic()),
                                "' is not valid: it must be ", kExtendedStatisticForms));
  }
  if (!request.has_period()) return Invalid("The parameter Period is required");
  ASSIGN_OR_RETURN(watch.metric, MetricOf(request));
  watch.statistic = request.has_statistic() ? request.statistic() : request.extended_statistic();
  watch.unit = request.unit();
  watch.period = absl::Seconds(request.period());
  return absl::OkStatus();
}

absl::Status ParseMaths(const v1::PutMetricAlarmRequest& request, const std::string& account, alarm::Watch& watch) {
  if (request.has_metric_name() || request.has_namespace_() || request.has_statistic() ||
      request.has_extended_statistic() || request.has_period() || request.has_unit() ||
      request.dimensions_size() != 0) {
    return Invalid("Metrics excludes MetricName, Namespace, Dimensions, Period, Unit, Statistic and ExtendedStatistic");
  }
  for (int i = 0; i < request.metrics_size(); ++i) {
    const v1::MetricDataQuery& given = request.metrics(i);
    ASSIGN_OR_RETURN(const DataQuery parsed, ParseDataQuery(given, account, absl::StrCat("Metrics.member.", i + 1)));
    alarm::WatchQuery query;
    query.id = parsed.id;
    query.expression = parsed.expression;
    query.label = parsed.label;
    query.return_data = parsed.return_data;
    query.period = parsed.period;
    query.says_account = !given.account_id().empty();
    if (parsed.metric.has_value()) {
      query.is_metric = true;
      query.metric = parsed.metric->metric;
      query.statistic = given.metric_stat().stat();
      query.unit = given.metric_stat().unit();
    }
    const bool selects = InsightsQuery::Is(parsed.expression);
    if (selects && parsed.period == absl::ZeroDuration()) {
      return Invalid(absl::StrCat("The Period of '", parsed.id, "' is required"));
    }
    if (query.is_metric || selects) {
      const absl::Duration period = selects ? parsed.period : parsed.metric->period;
      if (watch.period != absl::ZeroDuration() && watch.period != period) {
        return Invalid("All of Metrics must have the same Period");
      }
      watch.period = period;
    }
    watch.queries.push_back(std::move(query));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::PutMetricAlarmResponse> PutMetricAlarm(const v1::PutMetricAlarmRequest& request,
                                                          AlarmService& alarms, const Settings& settings) {
  if (request.has_threshold_metric_id()) return Invalid("ThresholdMetricId: anomalies are not detected here");
  alarm::Alarm alarm = CommonOf(request);
  RETURN_IF_ERROR(request.metrics_size() == 0 ? ParseOneMetric(request, alarm.watch)
                                              : ParseMaths(request, settings.account_id, alarm.watch));
  ASSIGN_OR_RETURN(alarm.watch.threshold, ThresholdOf(request));
  alarm.watch.says_datapoints = request.has_datapoints_to_alarm();
  alarm.watch.says_missing = request.has_treat_missing_data();
  alarm.watch.low_samples = request.evaluate_low_sample_count_percentile();
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tags()));
  RETURN_IF_ERROR(alarms.PutMetricAlarm(std::move(alarm), tags));
  return v1::PutMetricAlarmResponse();
}

absl::StatusOr<v1::PutCompositeAlarmResponse> PutCompositeAlarm(const v1::PutCompositeAlarmRequest& request,
                                                                AlarmService& alarms) {
  const bool periods =
      request.has_actions_suppressor_wait_period() && request.has_actions_suppressor_extension_period();
  if (!request.actions_suppressor().empty() && !periods) {
    return Invalid("ActionsSuppressor needs ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod");
  }
  if (request.actions_suppressor().empty() &&
      (request.has_actions_suppressor_wait_period() || request.has_actions_suppressor_extension_period())) {
    return Invalid("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod need ActionsSuppressor");
  }
  alarm::Alarm alarm = CommonOf(request);
  alarm.kind = alarm::Kind::kComposite;
  alarm.rule = request.alarm_rule();
  alarm.suppressor = {.alarm = request.actions_suppressor(),
                      .wait = absl::Seconds(request.actions_suppressor_wait_period()),
                      .extension = absl::Seconds(request.actions_suppressor_extension_period())};
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tags()));
  RETURN_IF_ERROR(alarms.PutCompositeAlarm(std::move(alarm), tags));
  return v1::PutCompositeAlarmResponse();
}

absl::Status DeleteAlarms(const v1::DeleteAlarmsRequest& request, AlarmService& alarms) {
  return alarms.Delete(Texts(request.alarm_names()));
}

absl::Status EnableAlarmActions(const v1::EnableAlarmActionsRequest& request, AlarmService& alarms) {
  return alarms.EnableActions(Texts(request.alarm_names()), true);
}

absl::Status DisableAlarmActions(const v1::DisableAlarmActionsRequest& request, AlarmService& alarms) {
  return alarms.EnableActions(Texts(request.alarm_names()), false);
}

absl::Status SetAlarmState(const v1::SetAlarmStateRequest& request, AlarmService& alarms) {
  ASSIGN_OR_RETURN(const State state, alarm::ParseState(request.state_value()));
  return alarms.SetState(request.alarm_name(), state, request.state_reason(), request.state_reason_data());
}

absl::StatusOr<v1::ListTagsForResourceResponse> ListTagsForResource(const v1::ListTagsForResourceRequest& request,
                                                                    AlarmService& alarms) {
  ASSIGN_OR_RETURN(const TagMap tags, alarms.Tags(request.resource_arn()));
  v1::ListTagsForResourceResponse response;
  for (const auto& [key, value] : tags) {
    v1::Tag& tag = *response.add_tags();
    tag.set_key(key);
    tag.set_value(value);
  }
  return response;
}

absl::Status TagResource(const v1::TagResourceRequest& request, AlarmService& alarms) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tags()));
  return alarms.Tag(request.resource_arn(), tags);
}

absl::Status UntagResource(const v1::UntagResourceRequest& request, AlarmService& alarms) {
  return alarms.Untag(request.resource_arn(), Texts(request.tag_keys()));
}

template <typename Request>
absl::Status DescribeActions(const Request& request, AccessQuestion& question) {
  std::vector<std::string>& actions = question.context["cloudwatch:alarmactions"];
  for (const auto* list : {&request.alarm_actions(), &request.ok_actions(), &request.insufficient_data_actions()}) {
    actions.insert(actions.end(), list->begin(), list->end());
  }
  return absl::OkStatus();
}

}  // namespace

void AddAlarmActions(gateway::Actions& actions, AlarmService& alarms, const Settings& settings) {
  actions.Add(DeleteAlarms, alarms);
  actions.Add(EnableAlarmActions, alarms);
  actions.Add(DisableAlarmActions, alarms);
  actions.Add(SetAlarmState, alarms);
  actions.Add(ListTagsForResource, alarms);
  actions.Add(TagResource, alarms);
  actions.Add(UntagResource, alarms);
  actions.Add(PutMetricAlarm, alarms, settings)
      .DescribedBy([](const v1::PutMetricAlarmRequest& request, AccessQuestion& question) {
        return DescribeActions(request, question);
      })
      .Implies([account = settings.account()](const v1::PutMetricAlarmRequest& request) {
        return WhatAlarmDoes(request, account);
      });
  actions.Add(PutCompositeAlarm, alarms)
      .DescribedBy([](const v1::PutCompositeAlarmRequest& request, AccessQuestion& question) {
        return DescribeActions(request, question);
      });
}

}  // namespace brume::cloudwatch
