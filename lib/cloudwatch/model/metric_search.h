// What SEARCH of metric maths looks for: {AWS/EC2,InstanceId} MetricName="CPUUtilization" AND NOT (i-1 OR i-2).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/metric.h"

namespace brume::cloudwatch {

// A namespace with the names of all dimensions that a metric has, and terms, which are joined by AND, OR and NOT or -;
// what stands beside each other is joined by AND. A term is part of a namespace, a metric's name, or a dimension's name
// or value, upper and lower case being the same; in quotation marks it is the whole of one. MetricName=, Namespace= and
// the name of a dimension before a term say where it is looked for.
class MetricPattern {
 public:
  // Error: InvalidArgument, in words that name the place. Text that is too deep or says nothing is refused.
  static absl::StatusOr<MetricPattern> Parse(absl::string_view text);

  bool Matches(const MetricId& metric) const;
  // To narrow what is searched; unset for any.
  const std::optional<std::string>& metric_namespace() const { return metric_namespace_; }

  struct Term {
    enum class Kind { kText, kAnd, kOr, kNot };
    Kind kind = Kind::kText;
    std::string property = {};  // of kText; empty = any
    std::string text = {};      // of kText
    bool whole = false;         // of kText: not a part
    std::vector<Term> terms = {};
  };

 private:
  std::optional<std::string> metric_namespace_;
  std::vector<std::string> dimensions_;  // sorted; of a pattern with a namespace
  std::optional<Term> root_;
};

}  // namespace brume::cloudwatch
