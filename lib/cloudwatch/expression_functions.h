// The functions of metric maths over numbers, series and lists of series, as far as they need nothing but their values.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/cloudwatch/expression_node.h"
#include "lib/cloudwatch/expression_value.h"

namespace brume::cloudwatch {

// Adds a point at the end, unless its value is no finite number.
void AppendPoint(TimeSeries& series, absl::Time time, double value);

// What AVG, SUM, MIN, MAX, STDDEV and DATAPOINT_COUNT make of some values: STDDEV of a population.
using Summary = double (*)(const std::vector<double>& values);
// Unset for other names. A summary of no values is not a number, but for DATAPOINT_COUNT.
std::optional<Summary> FindSummary(absl::string_view name);
double Summarize(Summary summary, const TimeSeries& series);
// At each time, of the series that have a point there.
TimeSeries Summarize(Summary summary, const std::vector<TimeSeries>& all);

// ABS, CEIL, FLOOR, LOG (natural) and LOG10: of a number or of each point. Unset for other names.
std::optional<double (*)(double)> FindNumberFunction(absl::string_view name);

// What makes a series of a series: DIFF, DIFF_TIME, RATE, RUNNING_SUM, and the parts of each point's time in UTC,
// MINUTE HOUR DAY (1 = Monday) DATE MONTH YEAR EPOCH. Unset for other names.
std::optional<TimeSeries (*)(const TimeSeries&)> FindSeriesFunction(absl::string_view name);

// Of two numbers; a comparison gives 1 or 0.
using BinaryOperation = double (*)(double, double);
BinaryOperation OperationOf(Operator op);

}  // namespace brume::cloudwatch
