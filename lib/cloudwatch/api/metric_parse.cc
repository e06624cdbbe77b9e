#include "lib/cloudwatch/api/metric_parse.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/cloudwatch/model/statistic.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::cloudwatch {
namespace {

// CloudWatch's rule for names and values: ASCII without control codes, and not white space alone.
absl::Status CheckText(absl::string_view text, absl::string_view parameter, size_t max_length) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isprint(c); });
  if (!printable) return Invalid(parameter, "It must be of ASCII characters, without control codes.");
  if (absl::StripAsciiWhitespace(text).empty()) return Invalid(parameter, "It must not be white space alone.");
  if (text.size() > max_length)
    return Invalid(parameter, absl::StrCat("It is longer than ", max_length, " characters."));
  return absl::OkStatus();
}

constexpr size_t kMaxNameLength = 255;
constexpr size_t kMaxValueLength = 1024;

}  // namespace

absl::StatusOr<std::vector<Dimension>> ParseDimensions(const Dimensions& dimensions, absl::string_view where) {
  std::vector<Dimension> parsed;
  for (int i = 0; i < dimensions.size(); ++i) {
    const v1::Dimension& dimension = dimensions[i];
    const std::string parameter = absl::StrCat(where, "Dimensions.member.", i + 1);
    RETURN_IF_ERROR(CheckText(dimension.name(), parameter + ".Name", kMaxNameLength));
    RETURN_IF_ERROR(CheckText(dimension.value(), parameter + ".Value", kMaxValueLength));
    if (dimension.name().front() == ':') return Invalid(parameter + ".Name", "It must not begin with a colon.");
    parsed.push_back({dimension.name(), dimension.value()});
  }
  std::sort(parsed.begin(), parsed.end());
  const auto same = [](const Dimension& a, const Dimension& b) { return a.name == b.name; };
  if (const auto twice = std::adjacent_find(parsed.begin(), parsed.end(), same); twice != parsed.end()) {
    return Invalid(absl::StrCat(where, "Dimensions"), absl::StrCat("The dimension ", twice->name, " is given twice."));
  }
  return parsed;
}

absl::Status CheckMetricName(absl::string_view name, absl::string_view parameter) {
  return CheckText(name, parameter, kMaxNameLength);
}

absl::Status CheckNamespace(absl::string_view name) {
  RETURN_IF_ERROR(CheckText(name, "Namespace", kMaxNameLength));
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view(".-_/#: ").find(c) != absl::string_view::npos;
  });
  if (!good) return Invalid("Namespace", "It may have letters, digits, spaces, and any of . - _ / # : in it.");
  if (name.front() == ':') return Invalid("Namespace", "It must not begin with a colon.");
  return absl::OkStatus();
}

absl::StatusOr<MetricId> ParseMetric(const std::string& metric_namespace, const std::string& name,
                                     const Dimensions& dimensions, const std::string& where) {
  if (metric_namespace.empty()) {
    return ec2::Error(ec2::kMissingParameter, absl::StrCat(where, "Namespace"));
  }
  if (name.empty()) {
    return ec2::Error(ec2::kMissingParameter, absl::StrCat(where, "MetricName"));
  }
  MetricId id{.metric_namespace = metric_namespace, .name = name, .dimensions = {}};
  RETURN_IF_ERROR(CheckNamespace(metric_namespace));
  RETURN_IF_ERROR(CheckMetricName(name, where + "MetricName"));
  ASSIGN_OR_RETURN(id.dimensions, ParseDimensions(dimensions, where));
  return id;
}

absl::StatusOr<absl::Duration> ParsePeriod(int32_t seconds, absl::string_view parameter) {
  constexpr int32_t kMinute = 60;
  constexpr int32_t kMaxLength = 31 * 86400;
  const bool fine = seconds == 1 || seconds == 5 || seconds == 10 || seconds == 30;
  if (!fine && (seconds < kMinute || seconds % kMinute != 0)) {
    return Invalid(parameter, "It must be 1, 5, 10, 30, or a multiple of 60.");
  }
  if (seconds > kMaxLength) return Invalid(parameter, absl::StrCat("It must be at most ", kMaxLength, " seconds."));
  return absl::Seconds(seconds);
}

v1::Metric RenderMetric(const MetricId& metric) {
  v1::Metric rendered;
  rendered.set_namespace_(metric.metric_namespace);
  rendered.set_metric_name(metric.name);
  for (const Dimension& dimension : metric.dimensions) {
    v1::Dimension& added = *rendered.add_dimensions();
    added.set_name(dimension.name);
    added.set_value(dimension.value);
  }
  return rendered;
}

absl::StatusOr<DataQuery> ParseDataQuery(const v1::MetricDataQuery& query, const std::string& account,
                                         const std::string& where) {
  if (!query.account_id().empty() && query.account_id() != account) {
    return ec2::Error("ValidationError",
                      absl::StrCat(where, ".AccountId: the account ",
                                   absl::string_view(query.account_id()).substr(0, 64), " is not linked to ", account));
  }
  DataQuery parsed{.id = query.id(),
                   .metric = std::nullopt,
                   .expression = query.expression(),
                   .label = query.label(),
                   .return_data = !query.has_return_data() || query.return_data(),
                   .period = absl::ZeroDuration()};
  if (query.has_metric_stat() == query.has_expression()) {
    return ec2::Error("ValidationError",
                      absl::StrCat(where, ": exactly one of MetricStat and Expression must be given"));
  }
  if (query.has_period()) {
    ASSIGN_OR_RETURN(parsed.period, ParsePeriod(query.period(), absl::StrCat(where, ".Period")));
  }
  if (query.has_expression()) return parsed;
  const v1::MetricStat& stat = query.metric_stat();
  const v1::Metric& metric = stat.metric();
  ASSIGN_OR_RETURN(MetricId id, ParseMetric(metric.namespace_(), metric.metric_name(), metric.dimensions(),
                                            absl::StrCat(where, ".MetricStat.Metric.")));
  ASSIGN_OR_RETURN(const absl::Duration period, ParsePeriod(stat.period(), absl::StrCat(where, ".MetricStat.Period")));
  const std::optional<Statistic> statistic = Statistic::Parse(stat.stat());
  if (!statistic.has_value()) {
    return ec2::Error("ValidationError", absl::StrCat(where, ".MetricStat.Stat: ", stat.stat().substr(0, 100),
                                                      " is none of SampleCount, Average, Sum, Minimum, Maximum, ",
                                                      kExtendedStatisticForms));
  }
  parsed.metric = {.metric = std::move(id),
                   .period = period,
                   .statistic = *statistic,
                   .unit = stat.has_unit() ? std::optional(stat.unit()) : std::nullopt};
  return parsed;
}

}  // namespace brume::cloudwatch
