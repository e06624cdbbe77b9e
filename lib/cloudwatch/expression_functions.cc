#include "lib/cloudwatch/expression_functions.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

namespace brume::cloudwatch {
namespace {

using Numbers = std::vector<double>;

double SumOf(const Numbers& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
double MeanOf(const Numbers& values) { return SumOf(values) / static_cast<double>(values.size()); }
double DeviationOf(const Numbers& values) {
  const double mean = MeanOf(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// The value for `name` in a table of pairs.
template <typename Table>
auto Find(const Table& table, absl::string_view name) -> std::optional<decltype(std::begin(table)->second)> {
  for (const auto& [known, value] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

// From each point and the one before it.
template <typename Step>
TimeSeries Steps(const TimeSeries& series, Step step) {
  TimeSeries result{.period = series.period, .label = series.label};
  for (auto it = series.points.begin(); it != series.points.end(); ++it) {
    if (it != series.points.begin()) AppendPoint(result, it->first, step(*std::prev(it), *it));
  }
  return result;
}

template <typename Of>
TimeSeries OfTimes(const TimeSeries& series, Of of) {
  TimeSeries result{.period = series.period, .label = series.label};
  for (const auto& [time, value] : series.points) AppendPoint(result, time, static_cast<double>(of(time)));
  return result;
}

template <typename Part>
TimeSeries Civil(const TimeSeries& series, Part part) {
  return OfTimes(series, [&](absl::Time time) { return part(absl::ToCivilSecond(time, absl::UTCTimeZone())); });
}

TimeSeries RunningSum(const TimeSeries& series) {
  TimeSeries result{.period = series.period, .label = series.label};
  double sum = 0;
  for (const auto& [time, value] : series.points) AppendPoint(result, time, sum += value);
  return result;
}

}  // namespace

void AppendPoint(TimeSeries& series, absl::Time time, double value) {
  if (std::isfinite(value)) series.points.emplace_hint(series.points.end(), time, value);
}

std::optional<Summary> FindSummary(absl::string_view name) {
  static constexpr std::pair<absl::string_view, Summary> kSummaries[] = {
      {"AVG", [](const Numbers& values) { return MeanOf(values); }},
      {"SUM", [](const Numbers& values) { return values.empty() ? kNothing : SumOf(values); }},
      {"MIN",
       [](const Numbers& values) {
         return values.empty() ? kNothing : *std::min_element(values.begin(), values.end());
       }},
      {"MAX",
       [](const Numbers& values) {
         return values.empty() ? kNothing : *std::max_element(values.begin(), values.end());
       }},
      {"STDDEV", [](const Numbers& values) { return DeviationOf(values); }},
      {"DATAPOINT_COUNT", [](const Numbers& values) { return static_cast<double>(values.size()); }},
  };
  return Find(kSummaries, name);
}

double Summarize(Summary summary, const TimeSeries& series) {
  Numbers values;
  values.reserve(series.points.size());
  for (const auto& [time, value] : series.points) values.push_back(value);
  return summary(values);
}

TimeSeries Summarize(Summary summary, const std::vector<TimeSeries>& all) {
  std::map<absl::Time, Numbers> at;
  TimeSeries result;
  for (const TimeSeries& series : all) {
    result.period = std::max(result.period, series.period);
    for (const auto& [time, value] : series.points) at[time].push_back(value);
  }
  for (const auto& [time, values] : at) AppendPoint(result, time, summary(values));
  return result;
}

std::optional<double (*)(double)> FindNumberFunction(absl::string_view name) {
  static constexpr std::pair<absl::string_view, double (*)(double)> kFunctions[] = {
      {"ABS", [](double value) { return std::abs(value); }},
      {"CEIL", [](double value) { return std::ceil(value); }},
      {"FLOOR", [](double value) { return std::floor(value); }},
      {"LOG", [](double value) { return std::log(value); }},
      {"LOG10", [](double value) { return std::log10(value); }},
  };
  return Find(kFunctions, name);
}

std::optional<TimeSeries (*)(const TimeSeries&)> FindSeriesFunction(absl::string_view name) {
  using absl::CivilSecond;
  using Series = TimeSeries;
  static constexpr std::pair<absl::string_view, Series (*)(const Series&)> kFunctions[] = {
      {"DIFF", [](const Series& s) { return Steps(s, [](auto& from, auto& to) { return to.second - from.second; }); }},
      {"DIFF_TIME",
       [](const Series& s) {
         return Steps(s, [](auto& from, auto& to) { return absl::ToDoubleSeconds(to.first - from.first); });
       }},
      {"RATE",
       [](const Series& s) {
         return Steps(s, [](auto& from, auto& to) {
           return (to.second - from.second) / absl::ToDoubleSeconds(to.first - from.first);
         });
       }},
      {"RUNNING_SUM", [](const Series& s) { return RunningSum(s); }},
      {"MINUTE", [](const Series& s) { return Civil(s, [](CivilSecond time) { return time.minute(); }); }},
      {"HOUR", [](const Series& s) { return Civil(s, [](CivilSecond time) { return time.hour(); }); }},
      {"DAY",
       [](const Series& s) {
         return Civil(s, [](CivilSecond time) { return static_cast<int>(absl::GetWeekday(time)) + 1; });
       }},
      {"DATE", [](const Series& s) { return Civil(s, [](CivilSecond time) { return time.day(); }); }},
      {"MONTH", [](const Series& s) { return Civil(s, [](CivilSecond time) { return time.month(); }); }},
      {"YEAR", [](const Series& s) { return Civil(s, [](CivilSecond time) { return time.year(); }); }},
      {"EPOCH", [](const Series& s) { return OfTimes(s, [](absl::Time time) { return absl::ToUnixSeconds(time); }); }},
  };
  return Find(kFunctions, name);
}

BinaryOperation OperationOf(Operator op) {
  switch (op) {
    case Operator::kOr:
      return [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; };
    case Operator::kAnd:
      return [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; };
    case Operator::kEqual:
      return [](double a, double b) { return a == b ? 1.0 : 0.0; };
    case Operator::kNotEqual:
      return [](double a, double b) { return a != b ? 1.0 : 0.0; };
    case Operator::kLessOrEqual:
      return [](double a, double b) { return a <= b ? 1.0 : 0.0; };
    case Operator::kGreaterOrEqual:
      return [](double a, double b) { return a >= b ? 1.0 : 0.0; };
    case Operator::kLess:
      return [](double a, double b) { return a < b ? 1.0 : 0.0; };
    case Operator::kGreater:
      return [](double a, double b) { return a > b ? 1.0 : 0.0; };
    case Operator::kAdd:
      return [](double a, double b) { return a + b; };
    case Operator::kSubtract:
      return [](double a, double b) { return a - b; };
    case Operator::kMultiply:
      return [](double a, double b) { return a * b; };
    case Operator::kDivide:
      return [](double a, double b) { return a / b; };
    case Operator::kPower:
      return [](double a, double b) { return std::pow(a, b); };
  }
  return nullptr;  // no other operator is made
}

}  // namespace brume::cloudwatch
