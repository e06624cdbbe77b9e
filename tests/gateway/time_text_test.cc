#include "lib/gateway/time_text.h"

#include <catch2/catch.hpp>
#include <random>

namespace brume::gateway {
namespace {

std::string Slowly(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

TEST_CASE("times are rendered as absl renders them", "[api]") {
  std::mt19937_64 random(20261130);  // NOLINT: the same times in each run
  // Years from -1000 to 11000.
  std::uniform_int_distribution<int64_t> micros(-93'000'000'000'000'000, 285'000'000'000'000'000);
  for (int i = 0; i < 100'000; ++i) {
    const absl::Time time = absl::FromUnixMicros(micros(random));
    REQUIRE(RenderTime(time) == Slowly(time));
  }
}

TEST_CASE("times at the ends of years, days and what can be held are rendered as absl renders them", "[api]") {
  for (const int year : {-1, 0, 999, 1000, 1582, 1600, 1900, 1969, 1970, 2000, 2024, 2026, 9999, 10000}) {
    for (const absl::CivilSecond& civil :
         {absl::CivilSecond(year, 1, 1), absl::CivilSecond(year, 2, 28, 23, 59, 59), absl::CivilSecond(year, 3, 1),
          absl::CivilSecond(year, 12, 31, 23, 59, 59)}) {
      const absl::Time time = absl::FromCivil(civil, absl::UTCTimeZone());
      CHECK(RenderTime(time) == Slowly(time));
      CHECK(RenderTime(time + absl::Microseconds(999'999)) == Slowly(time + absl::Microseconds(999'999)));
    }
  }
  for (const absl::Time time : {absl::InfinitePast(), absl::InfiniteFuture(), absl::UnixEpoch()}) {
    CHECK(RenderTime(time) == Slowly(time));
  }
}

}  // namespace
}  // namespace brume::gateway
