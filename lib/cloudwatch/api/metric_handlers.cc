#include "lib/cloudwatch/api/metric_handlers.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/api/metric_parse.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::cloudwatch {
namespace {

constexpr absl::Duration kOldest = absl::Hours(24 * 14);
constexpr absl::Duration kNewest = absl::Hours(2);
// A metric is listed for as long after its latest value.
constexpr absl::Duration kListedFor = absl::Hours(24 * 14);
constexpr size_t kPage = 500;
// Metrics of one PutMetricData.
constexpr size_t kMaxData = 1000;

absl::Status CheckNumber(double value, const std::string& parameter) {
  const double max_magnitude = std::ldexp(1, 360);
  if (std::isfinite(value) && std::abs(value) <= max_magnitude) return absl::OkStatus();
  return Invalid(parameter, "It must be a number from -2^360 to 2^360.");
}

absl::StatusOr<absl::Time> ParseTimestamp(const v1::MetricDatum& datum, const std::string& where, absl::Time now) {
  if (!datum.has_timestamp()) return now;
  const std::string parameter = where + "Timestamp";
  ASSIGN_OR_RETURN(const absl::Time time, gateway::ParseTime(datum.timestamp()));
  if (time < now - kOldest) return Invalid(parameter, "It must be within the past two weeks.");
  if (time > now + kNewest) return Invalid(parameter, "It must be no more than two hours in the future.");
  return time;
}

absl::StatusOr<MetricBucket> ParseStatistics(const v1::StatisticSet& set, const std::string& where) {
  MetricBucket bucket{.count = set.sample_count(), .sum = set.sum(), .min = set.minimum(), .max = set.maximum()};
  RETURN_IF_ERROR(CheckNumber(bucket.count, where + "SampleCount"));
  RETURN_IF_ERROR(CheckNumber(bucket.sum, where + "Sum"));
  RETURN_IF_ERROR(CheckNumber(bucket.min, where + "Minimum"));
  RETURN_IF_ERROR(CheckNumber(bucket.max, where + "Maximum"));
  if (bucket.count <= 0) return Invalid(where + "SampleCount", "It must be greater than 0.");
  if (bucket.min > bucket.max) return Invalid(where + "Maximum", "It must not be less than Minimum.");
  bucket.distribution_known = bucket.min == bucket.max;
  return bucket;
}

absl::StatusOr<MetricBucket> ParseValues(const v1::MetricDatum& datum, const std::string& where) {
  if (datum.counts_size() != 0 && datum.counts_size() != datum.values_size()) {
    return Invalid(where + "Counts", "It must have as many items as Values.");
  }
  MetricBucket bucket;
  for (int i = 0; i < datum.values_size(); ++i) {
    RETURN_IF_ERROR(CheckNumber(datum.values(i), absl::StrCat(where, "Values.member.", i + 1)));
    double count = 1;
    if (datum.counts_size() != 0) {
      count = datum.counts(i);
      const std::string parameter = absl::StrCat(where, "Counts.member.", i + 1);
      RETURN_IF_ERROR(CheckNumber(count, parameter));
      if (count < 0) return Invalid(parameter, "It must not be negative.");
    }
    if (count > 0) bucket.Add(datum.values(i), count);
  }
  if (bucket.count == 0) return Invalid(where + "Counts", "One of them must be greater than 0.");
  return bucket;
}

// Of the three ways to give values exactly one is taken.
absl::StatusOr<MetricBucket> ParseBucket(const v1::MetricDatum& datum, const std::string& where) {
  const int ways = (datum.has_value() ? 1 : 0) + (datum.has_statistic_values() ? 1 : 0) +
                   (datum.values_size() + datum.counts_size() > 0 ? 1 : 0);
  if (ways == 0) {
    return ec2::Error("MissingParameter", absl::StrCat("The request must contain one of the parameters ", where,
                                                       "Value, ", where, "Values and ", where, "StatisticValues"));
  }
  if (ways > 1) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The parameters ", where, "Value, ", where, "Values and ", where,
                                   "StatisticValues are mutually exclusive"));
  }
  if (datum.has_statistic_values()) return ParseStatistics(datum.statistic_values(), where + "StatisticValues.");
  if (!datum.has_value()) return ParseValues(datum, where);
  RETURN_IF_ERROR(CheckNumber(datum.value(), where + "Value"));
  MetricBucket bucket;
  bucket.Add(datum.value());
  return bucket;
}

absl::Status AddData(const v1::PutMetricDataRequest& request,
                     const google::protobuf::RepeatedPtrField<v1::MetricDatum>& given, const std::string& list,
                     absl::Time now, std::vector<MetricDatum>& data) {
  for (int i = 0; i < given.size(); ++i) {
    const v1::MetricDatum& datum = given[i];
    const std::string where = absl::StrCat(list, ".member.", i + 1, ".");
    MetricDatum& parsed = data.emplace_back();
    ASSIGN_OR_RETURN(parsed.id, ParseMetric(request.namespace_(), datum.metric_name(), datum.dimensions(), where));
    ASSIGN_OR_RETURN(parsed.values, ParseBucket(datum, where));
    ASSIGN_OR_RETURN(parsed.time, ParseTimestamp(datum, where, now));
    if (datum.has_unit()) parsed.unit = datum.unit();
    constexpr int kMinute = 60;
    const int resolution = datum.has_storage_resolution() ? datum.storage_resolution() : kMinute;
    if (resolution != 1 && resolution != kMinute) return Invalid(where + "StorageResolution", "It must be 1 or 60.");
    parsed.by_second = resolution == 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MetricDatum>> ParseData(const v1::PutMetricDataRequest& request, absl::Time now) {
  RETURN_IF_ERROR(CheckNamespace(request.namespace_()));
  for (const char* own : {"AWS/", "Brume/"}) {
    if (absl::StartsWith(request.namespace_(), own)) {
      return Invalid("Namespace", absl::StrCat("Namespaces that begin with ", own, " are the service's own."));
    }
  }
  std::vector<MetricDatum> data;
  RETURN_IF_ERROR(AddData(request, request.metric_data(), "MetricData", now, data));
  for (int i = 0; i < request.entity_metric_data_size(); ++i) {
    const std::string list = absl::StrCat("EntityMetricData.member.", i + 1, ".MetricData");
    RETURN_IF_ERROR(AddData(request, request.entity_metric_data(i).metric_data(), list, now, data));
  }
  if (data.empty()) return ec2::Error(ec2::kMissingParameter, "MetricData");
  if (data.size() > kMaxData) {
    return Invalid("MetricData", absl::StrCat("It has at most ", kMaxData, " metrics, those of entities included."));
  }
  return data;
}

absl::StatusOr<v1::ListMetricsResponse> ListMetrics(const v1::ListMetricsRequest& request, MetricService& metrics,
                                                    const Settings& settings, const Clock& clock) {
  if (!request.owning_account().empty() && !request.include_linked_accounts()) {
    return ec2::Error("InvalidParameterCombination", "OwningAccount needs IncludeLinkedAccounts to be true");
  }
  if (!request.owning_account().empty() && request.owning_account() != settings.account_id) {
    return v1::ListMetricsResponse();
  }
  MetricFilter filter;
  if (request.has_namespace_()) filter.metric_namespace = request.namespace_();
  if (request.has_metric_name()) filter.name = request.metric_name();
  for (const v1::DimensionFilter& dimension : request.dimensions()) {
    filter.dimensions.emplace_back(dimension.name(),
                                   dimension.has_value() ? std::optional(dimension.value()) : std::nullopt);
  }
  const absl::Duration active = request.has_recently_active() ? absl::Hours(3) : kListedFor;
  filter.seen_since = clock.Now() - active - kSeenStep;
  int64_t after = 0;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken("metrics", request.next_token()));
    if (!absl::SimpleAtoi(position, &after) || after < 0) return gateway::InvalidToken();
  }
  ASSIGN_OR_RETURN(std::vector<MetricRow> rows, metrics.List(filter, after, kPage + 1));
  v1::ListMetricsResponse response;
  if (rows.size() > kPage) {
    rows.pop_back();
    response.set_next_token(gateway::MakeToken("metrics", absl::StrCat(rows.back().number)));
  }
  for (const MetricRow& metric : rows) {
    *response.add_metrics() = RenderMetric(metric.id);
    if (request.include_linked_accounts()) response.add_owning_accounts(settings.account_id);
  }
  return response;
}

absl::Status PutMetricData(const v1::PutMetricDataRequest& request, MetricService& metrics, const Clock& clock) {
  ASSIGN_OR_RETURN(const std::vector<MetricDatum> data, ParseData(request, clock.Now()));
  return metrics.Put(data);
}

}  // namespace

void AddMetricActions(gateway::Actions& actions, MetricService& metrics, const Settings& settings, const Clock& clock) {
  actions.Add(PutMetricData, metrics, clock)
      .DescribedBy([](const v1::PutMetricDataRequest& request, AccessQuestion& question) {
        question.context["cloudwatch:namespace"] = {request.namespace_()};
        return absl::OkStatus();
      });
  actions.Add(ListMetrics, metrics, settings, clock);
}

}  // namespace brume::cloudwatch
