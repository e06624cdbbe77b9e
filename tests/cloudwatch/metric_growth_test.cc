// How large the database becomes by metrics of guests, and what the console's queries take then: the real service and
// store over a clock that is moved. BRUME_GROWTH_GUESTS and BRUME_GROWTH_HOURS make it as large as wanted: 100 and 360
// are the fifteen days that minutes are kept.
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/cloudwatch/guest_metrics.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/store/connection.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::cloudwatch {
namespace {

int64_t Setting(const char* name, int64_t otherwise) {
  const char* set = getenv(name);
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &otherwise));
  return otherwise;
}

// In the store, of one metric: of an hour that is packed, and of the newest two hours with their seconds.
constexpr int64_t kMaxBytesOfMinute = 100, kMaxBytesOfFreshMinute = 600;

// Guests that are sampled as the sampler does it by default: processor and network every ten seconds, the rest once a
// minute.
class Growth : public ServiceFixture {
 public:
  explicit Growth(int64_t guests, const MetricServiceOptions& options = {}) : service(*database, clock, options) {
    clock.Advance(kStart - clock.Now());
    for (int64_t n = 0; n < guests; ++n) {
      const std::string id = absl::StrFormat("i-%017x", n);
      for (size_t i = 0; i < kGuestMetrics; ++i) {
        const GuestMetricInfo& info = AllGuestMetrics()[i];
        ids.push_back({info.metric_namespace, info.name, {{"InstanceId", id}}});
        series_.push_back(service.buffer().SeriesOf(ids.back(), info.unit));
      }
    }
  }

  void Live(absl::Duration how_long) {
    for (const absl::Time end = clock.Now() + how_long; clock.Now() < end;) {
      for (int n = 0; n < 6; ++n, clock.Advance(absl::Seconds(10))) Sample(/*whole=*/n == 0);
      ++minutes_;
      Must(service.Flush());
      if (minutes_ % 30 == 0) Must(service.RollUp());
    }
  }

  int64_t Bytes() {
    return database
        ->ReadFor([](store::Connection& c) -> absl::StatusOr<int64_t> {
          int64_t pages = 0, page_bytes = 0, free = 0;
          RETURN_IF_ERROR(c.Query("PRAGMA page_count", [&](store::Row& row) { row.Read(pages); }));
          RETURN_IF_ERROR(c.Query("PRAGMA page_size", [&](store::Row& row) { row.Read(page_bytes); }));
          RETURN_IF_ERROR(c.Query("PRAGMA freelist_count", [&](store::Row& row) { row.Read(free); }));
          return (pages - free) * page_bytes;
        })
        .value();
  }

  // The median of eleven, each of another metric.
  absl::Duration Median(const std::function<void(size_t n)>& query) {
    std::array<absl::Duration, 11> took;
    for (size_t n = 0; n < took.size(); ++n) {
      const auto start = std::chrono::steady_clock::now();
      query(n);
      took[n] = absl::FromChrono(std::chrono::steady_clock::now() - start);
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
  }
  size_t Read(size_t n, absl::Duration back, absl::Duration period) {
    return service.Read(ids[n * 7919 % ids.size()], clock.Now() - back, clock.Now(), period).value().size();
  }

  static constexpr absl::Time kStart = absl::FromUnixSeconds(1'700'002'800);
  std::vector<MetricId> ids;
  MetricService service;

 private:
  void Sample(bool whole) {
    for (size_t i = 0; i < series_.size(); ++i) {
      const auto metric = static_cast<GuestMetric>(i % kGuestMetrics);
      if (!whole && metric > GuestMetric::kNetworkPacketsOut) continue;
      MetricBucket value;
      value.Add(IsStatusCheck(metric) ? 0 : static_cast<double>(random.Below(1'000'000)));
      REQUIRE(service.buffer().Add(series_[i], clock.Now(), value, /*by_second=*/true));
    }
  }

  std::vector<SeriesHandle> series_;
  int64_t minutes_ = 0;
};

}  // namespace

TEST_CASE("metrics of guests grow no larger than what is kept of them, and stay quick to read", "[metric]") {
  const int64_t guests = Setting("BRUME_GROWTH_GUESTS", 4), hours = Setting("BRUME_GROWTH_HOURS", 8);
  Growth growth(guests);
  const int64_t before = growth.Bytes();
  std::string report;
  for (int64_t hour = 0; hour < hours; ++hour) {
    growth.Live(absl::Hours(1));
    const bool shown = hour + 1 == hours || hour + 1 == 24 || hour + 1 == 72 || hour + 1 == 168;
    if (!shown) continue;
    absl::StrAppend(&report, "after ", hour + 1, " h: ", (growth.Bytes() - before) / 1024, " KiB\n");
  }
  const absl::Duration minute = absl::Minutes(1), day = absl::Hours(24);
  const struct {
    const char* name;
    std::function<void(size_t)> run;
  } queries[] = {
      {"GetMetricStatistics of 3 h by 1 min", [&](size_t n) { growth.Read(n, absl::Hours(3), minute); }},
      {"GetMetricStatistics of 24 h by 5 min", [&](size_t n) { growth.Read(n, day, 5 * minute); }},
      {"GetMetricStatistics of 15 d by 1 h", [&](size_t n) { growth.Read(n, 15 * day, absl::Hours(1)); }},
      {"ListMetrics, a page of 500", [&](size_t) { CHECK(!growth.service.List({}, 0, 500).value().empty()); }},
      {"GetMetricData of 100 metrics, 3 h by 5 min",
       [&](size_t n) {
         for (size_t i = 0; i < 100; ++i) growth.Read(n + i, absl::Hours(3), 5 * minute);
       }},
  };
  for (const auto& query : queries) {
    const absl::Duration took = growth.Median(query.run);
    absl::StrAppend(&report, query.name, ": ", absl::FormatDuration(took), "\n");
    CHECK(took < absl::Seconds(2));
  }
  CHECK(growth.Read(0, 3 * absl::Hours(1), minute) == 180);
  if (getenv("BRUME_GROWTH_GUESTS") != nullptr) WARN(report);
  // A minute of a metric takes few bytes once its hour is packed; what is kept by the second is bounded by two hours.
  const int64_t series = guests * static_cast<int64_t>(kGuestMetrics);
  const int64_t minutes = std::min<int64_t>(hours, 15 * 24) * 60;
  CHECK(growth.Bytes() - before < series * (minutes * kMaxBytesOfMinute + 120 * kMaxBytesOfFreshMinute));
  CHECK(growth.service.dropped() == 0);
}

// What is too old goes, so that a database is as large after a long time as after the time that is kept.
TEST_CASE("a database that has kept metrics for long does not grow any more", "[metric]") {
  MetricServiceOptions options;
  options.keep_minutes = absl::Hours(6);
  options.keep_hours = absl::Hours(12);
  Growth growth(2, options);
  growth.Live(absl::Hours(18));
  const int64_t full = growth.Bytes();
  growth.Live(absl::Hours(12));
  CHECK(growth.Bytes() < full + full / 10);
}

}  // namespace brume::cloudwatch
