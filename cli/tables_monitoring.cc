#include "cli/tables_monitoring.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

namespace {

using Json = nlohmann::ordered_json;

// "InstanceId=i-1, Device=vda"
std::string DimensionsInWords(const Json& metric) {
  std::vector<std::string> dimensions;
  for (const Json* dimension : ValuesAt(metric, "Dimensions")) {
    dimensions.push_back(absl::StrCat(Cell(*dimension, "Name"), "=", Cell(*dimension, "Value")));
  }
  return absl::StrJoin(dimensions, ", ");
}

std::string DimensionsCell(const Json& metric, const TableStyle&) { return DimensionsInWords(metric); }

// What an alarm looks at: a metric, or the expression over several.
std::string AlarmMetric(const Json& alarm, const TableStyle&) {
  const std::string name = Cell(alarm, "MetricName");
  if (!name.empty()) return name;
  for (const Json* query : ValuesAt(alarm, "Metrics")) {
    const std::string expression = Cell(*query, "Expression");
    if (!expression.empty() && Cell(*query, "ReturnData") != "no") return expression;
  }
  return Cell(alarm, "Metrics.MetricStat.Metric.MetricName");
}

// "average > 80 % for 2 of 3 periods of 5 min"
std::string ThresholdInWords(const Json& alarm, const TableStyle&) {
  constexpr std::pair<const char*, const char*> kOperators[] = {
      {"GreaterThanOrEqualToThreshold", ">="},
      {"GreaterThanThreshold", ">"},
      {"LessThanThreshold", "<"},
      {"LessThanOrEqualToThreshold", "<="},
      {"LessThanLowerOrGreaterThanUpperThreshold", "outside of"},
      {"LessThanLowerThreshold", "below"},
      {"GreaterThanUpperThreshold", "above"}};
  std::string words = absl::AsciiStrToLower(Cell(alarm, "Statistic"));
  if (words.empty()) words = Cell(alarm, "ExtendedStatistic");
  const std::string comparison = Cell(alarm, "ComparisonOperator");
  for (const auto& [name, sign] : kOperators) {
    if (comparison == name) absl::StrAppend(&words, words.empty() ? "" : " ", sign);
  }
  absl::StrAppend(&words, " ", Cell(alarm, "Threshold"));
  if (Cell(alarm, "Unit") == "Percent" || Cell(alarm, "MetricName") == "CPUUtilization") words += " %";
  const std::string periods = Cell(alarm, "EvaluationPeriods");
  std::string wanted = Cell(alarm, "DatapointsToAlarm");
  if (wanted.empty()) wanted = periods;
  int period = 0;
  if (!absl::SimpleAtoi(Cell(alarm, "Period"), &period)) return words;
  const std::string length = Span(period);
  if (periods == "1") return absl::StrCat(words, " for ", length);
  return absl::StrCat(words, " for ", wanted == periods ? "" : absl::StrCat(wanted, " of "), periods, " × ", length);
}

// A line for each point of a metric, whose moments and values are two lists.
std::vector<Json> PointsOf(const Json& result) {
  const std::vector<const Json*> moments = ValuesAt(result, "Timestamps"), values = ValuesAt(result, "Values");
  std::vector<Json> lines;
  for (size_t i = 0; i < std::min(moments.size(), values.size()); ++i) {
    lines.push_back({{"Timestamp", *moments[i]}, {"Value", *values[i]}});
  }
  return lines;
}

std::string ExtendedCell(const Json& statistic, const TableStyle&) {
  return absl::StrCat(Cell(statistic, "Key"), "=", Cell(statistic, "Value"));
}

constexpr CellFormat kDimensions{DimensionsCell};
constexpr CellFormat kAlarmMetric{AlarmMetric};
constexpr CellFormat kThreshold{ThresholdInWords};
constexpr CellFormat kExtended{ExtendedCell};

}  // namespace

std::vector<TableSpec> MonitoringTables() {
  return {
      {"cloudwatch.MetricAlarm",
       "alarms",
       {{"NAME", "AlarmName", 0, &kPlain, 12},
        {"STATE", "StateValue", 0, &kState},
        {"METRIC", "", 1, &kAlarmMetric, 14},
        {"THRESHOLD", "", 1, &kThreshold, 30},
        {"SINCE", "StateTransitionedTimestamp", 2, &kAge},
        {"OF", "", 3, &kDimensions, 16},
        {"ACTIONS", "ActionsEnabled", 5},
        {"REASON", "StateReason", 4, &kPlain, 24}}},
      {"cloudwatch.CompositeAlarm",
       "alarms",
       {{"NAME", "AlarmName", 0, &kPlain, 12},
        {"STATE", "StateValue", 0, &kState},
        {"RULE", "AlarmRule", 1, &kPlain, 24},
        {"SINCE", "StateTransitionedTimestamp", 2, &kAge},
        {"ACTIONS", "ActionsEnabled", 4},
        {"REASON", "StateReason", 3, &kPlain, 24}}},
      {"cloudwatch.AlarmHistoryItem",
       "alarm history",
       {{"TIME", "Timestamp", 0, &kAge},
        {"ALARM", "AlarmName", 0, &kPlain, 12},
        {"KIND", "HistoryItemType", 2},
        {"WHAT", "HistorySummary", 1, &kPlain, 24}}},
      {"cloudwatch.Metric",
       "metrics",
       {{"NAMESPACE", "Namespace", 1}, {"METRIC", "MetricName"}, {"DIMENSIONS", "", 0, &kDimensions, 24}}},
      {"cloudwatch.Datapoint",
       "datapoints",
       {{"TIME", "Timestamp", 0, &kAge},
        {"AVERAGE", "Average", 0, &kNumber},
        {"MINIMUM", "Minimum", 1, &kNumber},
        {"MAXIMUM", "Maximum", 1, &kNumber},
        {"SUM", "Sum", 1, &kNumber},
        {"SAMPLES", "SampleCount", 2, &kNumber},
        {"PERCENTILES", "ExtendedStatistics", 1, &kExtended},
        {"UNIT", "Unit", 3}}},
      {"cloudwatch.MetricDataResult",
       "metric data",
       {{"ID", "Id", 1},
        {"METRIC", "Label", 0, &kPlain, 12},
        {"STATE", "StatusCode", 2, &kState},
        {"TIME", "/Timestamp", 0, &kAge},
        {"VALUE", "/Value", 0, &kNumber}},
       {},
       PointsOf},
      {"cloudwatch.MessageData", "messages", {{"CODE", "Code"}, {"MESSAGE", "Value", 0, &kPlain, 20}}},
      {"cloudwatch.Tag", "tags", {{"KEY", "Key"}, {"VALUE", "Value", 0, &kPlain, 20}}},
  };
}

}  // namespace brume::cli
