#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <vector>

#include "lib/autoscaling/model/forecast.h"
#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {
namespace {

using History = std::vector<std::optional<double>>;

double Daily(int hour) { return 1000 + 500 * std::sin(2 * M_PI * (hour % 24) / 24); }

History Days(int days) {
  History history;
  for (int hour = 0; hour < days * 24; ++hour) history.emplace_back(Daily(hour));
  return history;
}

}  // namespace

TEST_CASE("a daily pattern is foreseen hour by hour for two days", "[scaling]") {
  for (const int days : {1, 2, 14, 30}) {
    const std::vector<double> loads = ForecastLoad(Days(days));
    REQUIRE(loads.size() == kForecastHours);
    for (int hour = 0; hour < kForecastHours; ++hour) CHECK(loads[hour] == Approx(Daily(hour)));
  }
}

TEST_CASE("less than a day of data is no pattern", "[scaling]") {
  History history = Days(1);
  history[7].reset();
  CHECK(ForecastLoad(history).empty());
  CHECK(ForecastLoad({}).empty());
}

TEST_CASE("one odd day and missing hours change no forecast", "[scaling]") {
  History history = Days(14);
  for (int hour = 5 * 24; hour < 6 * 24; ++hour) history[hour] = 20000;
  for (int hour = 240; hour < 250; ++hour) history[hour].reset();
  const std::vector<double> loads = ForecastLoad(history);
  REQUIRE(loads.size() == kForecastHours);
  for (int hour = 0; hour < kForecastHours; ++hour) CHECK(loads[hour] == Approx(Daily(hour)));
}

TEST_CASE("a load that grows from day to day is followed", "[scaling]") {
  History history = Days(14);
  for (size_t hour = 0; hour < history.size(); ++hour) {
    history[hour] = *history[hour] * std::pow(1.05, static_cast<double>(hour / 24));
  }
  const std::vector<double> loads = ForecastLoad(history);
  REQUIRE(loads.size() == kForecastHours);
  for (int hour = 0; hour < 24; ++hour) CHECK(loads[hour] == Approx(Daily(hour) * std::pow(1.05, 14)).epsilon(0.1));
}

TEST_CASE("a forecast asks for its capacity ahead of the hour by the buffer", "[scaling]") {
  const absl::Time first = absl::FromUnixSeconds(1'800'000'000);
  const Group group = MakeGroup(1, 30, 5);
  const PredictivePolicy policy{.target = 50, .mode = PredictiveMode::kForecastAndScale, .buffer = absl::Minutes(10)};
  const std::vector<double> loads = {500, 1000, 250};
  const auto at = [&](int minute) {
    const auto foreseen = CapacityForecast(policy, group, loads, first, first + absl::Minutes(minute));
    return foreseen.has_value() ? foreseen->capacity : -1;
  };
  CHECK(at(0) == 10);
  CHECK(at(49) == 10);
  CHECK(at(50) == 20);
  CHECK(at(119) == 20);
  CHECK(at(120) == 5);
  CHECK(at(180) == -1);
  CHECK(at(-1) == -1);
}

TEST_CASE("a forecast honours the maximum unless its policy may raise it", "[scaling]") {
  const absl::Time first = absl::FromUnixSeconds(1'800'000'000);
  const Group group = MakeGroup(1, 40, 5);
  PredictivePolicy policy{.target = 10, .mode = PredictiveMode::kForecastAndScale};
  const std::vector<double> loads = {500};
  const auto honoured = CapacityForecast(policy, group, loads, first, first);
  REQUIRE(honoured.has_value());
  CHECK(honoured->capacity == 40);
  CHECK(honoured->max_size == 40);
  policy.breach = CapacityBreach::kIncreaseMaxCapacity;
  policy.max_capacity_buffer_percent = 10;
  const auto raised = CapacityForecast(policy, group, loads, first, first);
  REQUIRE(raised.has_value());
  CHECK(raised->capacity == 50);
  CHECK(raised->max_size == 55);
}

TEST_CASE("what a unit of the load is of the target's metric is learnt from the hours that have all of it",
          "[scaling]") {
  const History load = {1000, 2000, std::nullopt, 0, 4000}, average = {10, 20, 30, 5, 1000};
  const History members = {5, 5, 5, 5, std::nullopt};
  CHECK(UnitsPerLoad(load, average, members) == 0.05);
  CHECK_FALSE(UnitsPerLoad(load, average, History(5)).has_value());
  CHECK_FALSE(UnitsPerLoad({}, average, members).has_value());
}

}  // namespace brume::scaling
