#include "lib/cloudwatch/model/metric_bucket.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "lib/cloudwatch/tables/metric_codec.h"

namespace brume {
namespace {

MetricBucket BucketOf(const std::vector<double>& values) {
  MetricBucket bucket;
  for (const double value : values) bucket.Add(value);
  return bucket;
}

// The value of the smallest rank that has `percent` of all at or below it.
double TruePercentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<size_t>(rank, 1) - 1];
}

std::vector<double> Skewed(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> skewed(3, 2);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(i % 10 == 0 ? -skewed(random) : skewed(random));
  return values;
}

}  // namespace

TEST_CASE("a percentile of many values is within a hundredth of the true one", "[metric]") {
  const std::vector<double> values = Skewed(20'000, 1);
  const MetricBucket bucket = BucketOf(values);
  for (const double percent : {0.0, 0.1, 1.0, 5.0, 10.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const double expected = TruePercentile(values, percent);
    INFO(percent << ": " << expected);
    CHECK(std::abs(*bucket.Percentile(percent) - expected) <= std::abs(expected) * 0.0101);
  }
}

TEST_CASE("buckets merged in any order know what one bucket would", "[metric]") {
  const std::vector<double> values = Skewed(3000, 2);
  const MetricBucket whole = BucketOf(values);
  MetricBucket forth, back;
  for (size_t i = 0; i < values.size(); i += 100) {
    forth.Merge(BucketOf({values.begin() + i, values.begin() + i + 100}));
    back.Merge(BucketOf({values.end() - i - 100, values.end() - i}));
  }
  for (const MetricBucket& merged : {forth, back}) {
    CHECK(merged.count == whole.count);
    CHECK(merged.sum == Approx(whole.sum));
    CHECK(merged.min == whole.min);
    CHECK(merged.max == whole.max);
    CHECK(merged.sketch == whole.sketch);
  }
}

TEST_CASE("values that are all the same need no sketch, and percentiles of them are exact", "[metric]") {
  MetricBucket bucket;
  bucket.Add(0.1, 3);
  bucket.Add(0.1);
  CHECK(bucket.sketch.empty());
  CHECK(bucket.count == 4);
  CHECK(*bucket.Percentile(50) == 0.1);
  bucket.Add(7);
  CHECK_FALSE(bucket.sketch.empty());
  CHECK(*bucket.Percentile(80) == Approx(0.1).epsilon(0.01));
  CHECK(*bucket.Percentile(81) == Approx(7).epsilon(0.01));
}

TEST_CASE("a statistic set without its distribution takes percentiles away, but for one that has only one value",
          "[metric]") {
  MetricBucket bucket = BucketOf({1, 2, 3});
  bucket.Merge({.count = 1, .sum = 9, .min = 9, .max = 9});
  CHECK(*bucket.Percentile(100) == 9);
  bucket.Merge({.count = 2, .sum = 5, .min = 1, .max = 4, .distribution_known = false});
  CHECK(bucket.Percentile(50) == std::nullopt);
  CHECK(bucket.sum == 20);
  MetricBucket other = BucketOf({1});
  other.Merge(bucket);
  CHECK(other.Percentile(50) == std::nullopt);
  CHECK(MetricBucket{}.Percentile(50) == std::nullopt);
}

TEST_CASE("a sketch stays small, whatever the values, and keeps the upper ones", "[metric]") {
  MetricBucket bucket;
  for (int exponent = -300; exponent <= 300; ++exponent) {
    for (double digit = 1; digit < 10; ++digit) bucket.Add(digit * std::pow(10.0, exponent));
  }
  CHECK(bucket.sketch.bins().size() <= ValueSketch::kMaxBins);
  CHECK(*bucket.Percentile(99) > 1e280);
  CHECK(*bucket.Percentile(0) == Approx(1e-300));
}

TEST_CASE("parts of a block are in order, each once, however they come", "[metric]") {
  MetricBlock block;
  block.Part(30).Add(1);
  block.Part(5).Add(2);
  MetricBlock other;
  other.Part(30).Add(3);
  other.Part(59).Add(4);
  other.total.Add(3);
  block.Merge(other);
  REQUIRE(block.parts.size() == 3);
  CHECK(block.parts[0].first == 5);
  CHECK(block.parts[1].first == 30);
  CHECK(block.parts[1].second.sum == 4);
  CHECK(block.parts[2].first == 59);
  CHECK(block.total.count == 1);
}

TEST_CASE("buckets and parts are read back from their bytes as they were", "[metric]") {
  const std::vector<MetricBucket> buckets = {
      {},
      BucketOf({0}),
      BucketOf({-17}),
      BucketOf({0.1}),
      BucketOf({1e300}),
      BucketOf({0.3, 0.3, 0.3}),
      BucketOf(Skewed(500, 3)),
      {.count = 2.5, .sum = 5, .min = 1, .max = 4, .distribution_known = false},
      {.count = 3, .sum = 0.30000000000000004, .min = 0.1, .max = 0.1, .distribution_known = true},
  };
  cloudwatch::MetricParts parts;
  for (const MetricBucket& bucket : buckets) {
    const auto read = cloudwatch::DecodeBucket(cloudwatch::EncodeBucket(bucket));
    REQUIRE(read.ok());
    CHECK(read->count == bucket.count);
    CHECK(read->sum == Approx(bucket.sum).epsilon(1e-15));
    CHECK(read->min == bucket.min);
    CHECK(read->max == bucket.max);
    CHECK(read->distribution_known == bucket.distribution_known);
    CHECK(read->sketch == bucket.sketch);
    parts.emplace_back(static_cast<uint8_t>(parts.size()), bucket);
  }
  const auto read = cloudwatch::DecodeParts(cloudwatch::EncodeParts(parts));
  REQUIRE(read.ok());
  CHECK(read->size() == parts.size());
  CHECK(cloudwatch::DecodeParts("")->empty());
}

TEST_CASE("bytes cut short or altered are damaged, not misread beyond their end", "[metric]") {
  const std::string bytes = cloudwatch::EncodeBucket(BucketOf({1, 2.5, 1e10}));
  for (size_t length = 0; length < bytes.size(); ++length) {
    CHECK(absl::IsDataLoss(cloudwatch::DecodeBucket(bytes.substr(0, length)).status()));
  }
  CHECK(absl::IsDataLoss(cloudwatch::DecodeBucket(bytes + "x").status()));
  CHECK(absl::IsDataLoss(cloudwatch::DecodeParts("\x05").status()));
  CHECK(absl::IsDataLoss(cloudwatch::DecodeBucket(std::string(1, '\0') + std::string(40, '\xff')).status()));
}

TEST_CASE("idle values take few bytes", "[metric]") {
  CHECK(cloudwatch::EncodeBucket(BucketOf({0})).size() == 2);
  CHECK(cloudwatch::EncodeBucket(BucketOf({0, 0, 0, 0, 0, 0})).size() == 3);
  CHECK(cloudwatch::EncodeBucket(BucketOf({12.25})).size() == 10);
}

}  // namespace brume
