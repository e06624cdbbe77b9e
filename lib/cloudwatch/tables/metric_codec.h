// Buckets of metrics as bytes: compact, as there are many of them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/metric_bucket.h"

namespace brume::cloudwatch {

std::string EncodeBucket(const MetricBucket& bucket);
// Error: DataLoss for bytes that were not encoded by it.
absl::StatusOr<MetricBucket> DecodeBucket(absl::string_view bytes);

// A block's parts.
using MetricParts = decltype(MetricBlock::parts);
std::string EncodeParts(const MetricParts& parts);
absl::StatusOr<MetricParts> DecodeParts(absl::string_view bytes);

}  // namespace brume::cloudwatch
