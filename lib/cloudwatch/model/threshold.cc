#include "lib/cloudwatch/model/threshold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/enum_names.h"
#include "lib/resource/parse_name.h"

namespace brume::alarm {
namespace {

constexpr EnumNames kStates({std::pair{State::kOk, "OK"},
                             {State::kAlarm, "ALARM"},
                             {State::kInsufficientData, "INSUFFICIENT_DATA"}});
constexpr EnumNames kComparisons({std::pair{Comparison::kGreaterOrEqual, "GreaterThanOrEqualToThreshold"},
                                  {Comparison::kGreater, "GreaterThanThreshold"},
                                  {Comparison::kLess, "LessThanThreshold"},
                                  {Comparison::kLessOrEqual, "LessThanOrEqualToThreshold"}});
constexpr EnumNames kComparisonWords({std::pair{Comparison::kGreaterOrEqual, "greater than or equal to"},
                                      {Comparison::kGreater, "greater than"},
                                      {Comparison::kLess, "less than"},
                                      {Comparison::kLessOrEqual, "less than or equal to"}});
constexpr EnumNames kTreatments({std::pair{MissingData::kMissing, "missing"},
                                 {MissingData::kIgnore, "ignore"},
                                 {MissingData::kBreaching, "breaching"},
                                 {MissingData::kNotBreaching, "notBreaching"}});

bool Breaches(const Threshold& threshold, double value) {
  switch (threshold.comparison) {
    case Comparison::kGreaterOrEqual:
      return value >= threshold.value;
    case Comparison::kGreater:
      return value > threshold.value;
    case Comparison::kLess:
      return value < threshold.value;
    case Comparison::kLessOrEqual:
      return value <= threshold.value;
  }
  return false;
}

// Of the newest N datapoints that are there.
struct Tally {
  int there = 0;
  int breaching = 0;
  int oldest_breach = 0;  // in periods, the newest being 1
};

Tally Count(const Threshold& threshold, absl::Span<const std::optional<double>> datapoints) {
  Tally tally;
  int age = 0;
  for (auto point = datapoints.rbegin(); point != datapoints.rend(); ++point) {
    ++age;
    if (!point->has_value()) continue;
    if (Breaches(threshold, **point)) {
      ++tally.breaching;
      tally.oldest_breach = age;
    }
    if (++tally.there == threshold.evaluation_periods) break;
  }
  return tally;
}

}  // namespace

absl::string_view StateName(State state) { return kStates.Of(state); }
absl::StatusOr<State> ParseState(absl::string_view name) {
  return ParseName(kStates, name, "ValidationError", "a state of an alarm");
}
absl::string_view ComparisonName(Comparison comparison) { return kComparisons.Of(comparison); }
absl::StatusOr<Comparison> ParseComparison(absl::string_view name) {
  return ParseName(kComparisons, name, "ValidationError", "a comparison with a static threshold");
}
absl::string_view MissingDataName(MissingData treatment) { return kTreatments.Of(treatment); }
absl::StatusOr<MissingData> ParseMissingData(absl::string_view name) {
  return ParseName(kTreatments, name, "ValidationError", "a treatment of missing data");
}

int EvaluationRange(const Threshold& threshold) {
  constexpr int kSpare = 2;
  return threshold.evaluation_periods + kSpare;
}

State Evaluate(const Threshold& threshold, State current, absl::Span<const std::optional<double>> datapoints) {
  const Tally tally = Count(threshold, datapoints);
  const int missing = std::max(0, threshold.evaluation_periods - tally.there);
  const int filled = threshold.missing == MissingData::kBreaching ? missing : 0;
  if (tally.breaching + filled >= threshold.datapoints_to_alarm) return State::kAlarm;
  const bool decided = missing == 0 || tally.there > tally.breaching;
  if (decided || filled > 0 || threshold.missing == MissingData::kNotBreaching) return State::kOk;
  if (threshold.missing == MissingData::kIgnore) return current;
  if (tally.there == 0) return State::kInsufficientData;
  return tally.oldest_breach >= threshold.datapoints_to_alarm ? State::kAlarm : current;
}

std::string Reason(const Threshold& threshold, State state, absl::Span<const std::optional<double>> datapoints) {
  if (state == State::kInsufficientData) {
    return absl::StrCat("Insufficient Data: ", threshold.evaluation_periods, " datapoints were unknown.");
  }
  std::vector<double> values;
  for (auto point = datapoints.rbegin(); point != datapoints.rend(); ++point) {
    if (point->has_value()) values.push_back(**point);
    if (static_cast<int>(values.size()) == threshold.evaluation_periods) break;
  }
  const Tally tally = Count(threshold, datapoints);
  const int shown = state == State::kAlarm ? tally.breaching : tally.there - tally.breaching;
  // A reason has at most 1,023 characters.
  constexpr size_t kMaxValues = 10;
  const bool few = values.size() <= kMaxValues;
  if (!few) values.resize(kMaxValues);
  return absl::StrCat("Threshold Crossed: ", shown, " out of the last ", threshold.evaluation_periods, " datapoints",
                      few ? " [" : ", the newest being [", absl::StrJoin(values, ", "), few ? "] " : "], ",
                      shown == 1 ? "was " : "were ", state == State::kAlarm ? "" : "not ",
                      kComparisonWords.Of(threshold.comparison), " the threshold (", threshold.value, ") (minimum ",
                      threshold.datapoints_to_alarm, threshold.datapoints_to_alarm == 1 ? " datapoint" : " datapoints",
                      " for OK -> ALARM transition).");
}

}  // namespace brume::alarm
