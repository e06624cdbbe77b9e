// A metric alarm: a static threshold over the newest datapoints.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace brume::alarm {

enum class State { kOk, kAlarm, kInsufficientData };
// "OK", "ALARM", "INSUFFICIENT_DATA".
absl::string_view StateName(State state);
// Error: ValidationError.
absl::StatusOr<State> ParseState(absl::string_view name);

enum class Comparison { kGreaterOrEqual, kGreater, kLess, kLessOrEqual };
// "GreaterThanOrEqualToThreshold" …
absl::string_view ComparisonName(Comparison comparison);
// Error: ValidationError.
absl::StatusOr<Comparison> ParseComparison(absl::string_view name);

enum class MissingData { kMissing, kIgnore, kBreaching, kNotBreaching };
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
