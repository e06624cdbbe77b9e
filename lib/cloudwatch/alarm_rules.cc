#include "lib/cloudwatch/alarm_rules.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/cloudwatch/model/metric_insights.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"
#include "lib/resource/tags.h"

namespace brume::cloudwatch {
namespace {

using alarm::ActionKind;
using alarm::Alarm;
using alarm::State;
using alarm::Watch;

absl::Status CheckName(absl::string_view name) {
  if (std::none_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
    return absl::OkStatus();
  }
  return Invalid(absl::StrCat("The alarm name '", absl::CHexEscape(name), "' has control characters"));
}

const std::string* InstanceOf(const Watch& watch) {
  for (const Dimension& dimension : watch.metric.dimensions) {
    if (dimension.name == "InstanceId") return &dimension.value;
  }
  return nullptr;
}

absl::Status CheckAction(const std::string& action, const Alarm& alarm, const AlarmRules& rules) {
  ASSIGN_OR_RETURN(const ActionKind kind, alarm::ParseAction(action));
  if (kind == ActionKind::kWebhook) {
    ASSIGN_OR_RETURN(const alarm::Url url, alarm::ParseUrl(action));
    if (alarm::IsAllowed(url, rules.webhooks)) return absl::OkStatus();
    return Invalid(absl::StrCat("The action '", action,
                                "' is not allowed: the setting monitoring.webhooks of this host names no beginning of "
                                "that URL"));
  }
  if (kind == ActionKind::kUndelivered) return absl::OkStatus();
  if (alarm.kind == alarm::Kind::kComposite) {
    return Invalid(absl::StrCat("The action '", action,
                                "' is not for composite alarms, which act on no instance and by no scaling policy"));
  }
  if (!alarm::IsOnInstance(kind)) return absl::OkStatus();
  const std::string* instance = InstanceOf(alarm.watch);
  if (instance == nullptr || !InstanceId::Parse(*instance).ok()) {
    return Invalid(
        absl::StrCat("The action '", action, "' needs a metric with the dimension InstanceId that names an instance"));
  }
  return absl::OkStatus();
}

absl::Status CheckActions(const Alarm& alarm, const AlarmRules& rules) {
  for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
    std::set<absl::string_view> seen;
    for (const std::string& action : alarm.ActionsOf(state)) {
      RETURN_IF_ERROR(CheckAction(action, alarm, rules));
      if (!seen.insert(action).second) return Invalid(absl::StrCat("The action '", action, "' is given twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckQueries(const std::vector<alarm::WatchQuery>& queries, absl::Duration period) {
  const auto metrics = std::count_if(queries.begin(), queries.end(), [](const alarm::WatchQuery& query) {
    return query.is_metric || InsightsQuery::Is(query.expression);
  });
  const auto returned =
      std::count_if(queries.begin(), queries.end(), [](const alarm::WatchQuery& query) { return query.return_data; });
  for (const alarm::WatchQuery& query : queries) {
    if (query.period == absl::ZeroDuration() || query.period == period) continue;
    return Invalid(absl::StrCat("The Period of '", query.id, "' must be that of the metrics"));
  }
  constexpr int kMaxMetrics = 10;
  if (metrics == 0 || metrics > kMaxMetrics) {
    return Invalid(absl::StrCat("Metrics must have 1 to ", kMaxMetrics, " metrics among them"));
  }
  if (returned != 1) return Invalid("ReturnData must be true for exactly one of Metrics");
  return absl::OkStatus();
}

absl::Status CheckMetric(const MetricId& metric) {
  if (metric.name.empty()) return Invalid("The parameter MetricName is required");
  if (metric.metric_namespace.empty()) return Invalid("The parameter Namespace is required");
  return absl::OkStatus();
}

absl::Status CheckPeriods(const Watch& watch) {
  const int64_t seconds = absl::ToInt64Seconds(watch.period);
  constexpr int64_t kShort[] = {1, 5, 10, 20, 30};
  const bool known = std::find(std::begin(kShort), std::end(kShort), seconds) != std::end(kShort);
  if (!known && (seconds <= 0 || seconds % 60 != 0)) {
    return Invalid("The period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds");
  }
  const alarm::Threshold& threshold = watch.threshold;
  if (threshold.datapoints_to_alarm > threshold.evaluation_periods) {
    return Invalid("DatapointsToAlarm must not be more than EvaluationPeriods");
  }
  // Values are kept by the second for an hour.
  const absl::Duration max_span = watch.period < absl::Minutes(1) ? absl::Hours(1)
                                  : watch.period < absl::Hours(1) ? absl::Hours(24)
                                                                  : absl::Hours(24 * 7);
  if (watch.period * threshold.evaluation_periods > max_span) {
    return Invalid(
        "EvaluationPeriods of Period must not be longer than an hour where a period is below a minute, a week where it "
        "is an hour or more, and a day otherwise");
  }
  return absl::OkStatus();
}

absl::Status CheckStatistic(const Watch& watch) {
  if (watch.statistic.empty()) return Invalid("One of Statistic and ExtendedStatistic is required");
  if (Statistic::Parse(watch.statistic).has_value()) return absl::OkStatus();
  return Invalid(absl::StrCat("The ExtendedStatistic '", absl::CHexEscape(watch.statistic),
                              "' is not valid: it must be ", kExtendedStatisticForms));
}

}  // namespace

absl::Status CheckMetricAlarm(const Alarm& alarm, const AlarmRules& rules) {
  RETURN_IF_ERROR(CheckName(alarm.name));
  if (alarm.watch.queries.empty()) {
    RETURN_IF_ERROR(CheckMetric(alarm.watch.metric));
    RETURN_IF_ERROR(CheckStatistic(alarm.watch));
  } else {
    RETURN_IF_ERROR(CheckQueries(alarm.watch.queries, alarm.watch.period));
  }
  RETURN_IF_ERROR(CheckPeriods(alarm.watch));
  if (!std::isfinite(alarm.watch.threshold.value)) return Invalid("The threshold must be a finite number");
  return CheckActions(alarm, rules);
}

absl::Status CheckCompositeAlarm(const Alarm& alarm, const AlarmRules& rules) {
  RETURN_IF_ERROR(CheckName(alarm.name));
  return CheckActions(alarm, rules);
}

absl::Status CheckAlarmTags(const TagMap& tags) {
  const absl::Status checked = CheckTags(tags);
  return checked.ok() ? checked : ec2::Error("InvalidParameterValue", checked.message());
}

absl::Status CheckWebhookPrefix(absl::string_view prefix) { return alarm::ParseUrl(prefix).status(); }

}  // namespace brume::cloudwatch
