// A metric alarm: a static threshold over the newest datapoints.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace brume::alarm {

enum class State { kOk = 0, kAlarm = 1, kInsufficientData = 2 };
std::true_type IsPersisted(State);  // the database keeps its values
// "OK", "ALARM", "INSUFFICIENT_DATA".
absl::string_view StateName(State state);
// Error: ValidationError.
absl::StatusOr<State> ParseState(absl::string_view name);

enum class Comparison { kGreaterOrEqual = 0, kGreater = 1, kLess = 2, kLessOrEqual = 3 };
std::true_type IsPersisted(Comparison);  // the database keeps its values
// "GreaterThanOrEqualToThreshold" …
absl::string_view ComparisonName(Comparison comparison);
// Error: ValidationError.
absl::StatusOr<Comparison> ParseComparison(absl::string_view name);

enum class MissingData { kMissing = 0, kIgnore = 1, kBreaching = 2, kNotBreaching = 3 };
std::true_type IsPersisted(MissingData);  // the database keeps its values
// "missing", "ignore", "breaching", "notBreaching".
absl::string_view MissingDataName(MissingData treatment);
// Error: ValidationError.
absl::StatusOr<MissingData> ParseMissingData(absl::string_view name);

struct Threshold {
  Comparison comparison = Comparison::kGreater;
  double value = 0;
  int evaluation_periods = 1;   // N
  int datapoints_to_alarm = 1;  // M of them
  MissingData missing = MissingData::kMissing;
};

// How many periods Evaluate wants to see: more than N, so that datapoints that come late or not at all are made up for
// by older ones.
int EvaluationRange(const Threshold& threshold);

// The state of an alarm that was in `current`. `datapoints`: one for each of the last EvaluationRange periods, the
// newest last, none where a period has no data; fewer where the metric is younger.
//
// What is there counts before what is missing. Only where fewer than N datapoints are there, the missing ones of N
// count as the alarm says. For kMissing, breaching datapoints alone raise the alarm when the oldest of them is M
// periods old; an alarm without any datapoint has INSUFFICIENT_DATA. kIgnore keeps the state instead of both.
State Evaluate(const Threshold& threshold, State current, absl::Span<const std::optional<double>> datapoints);

// CloudWatch's StateReason for what Evaluate said of the same datapoints.
std::string Reason(const Threshold& threshold, State state, absl::Span<const std::optional<double>> datapoints);

}  // namespace brume::alarm
