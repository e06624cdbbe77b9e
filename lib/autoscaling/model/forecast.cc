#include "lib/autoscaling/model/forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace brume::scaling {
namespace {

constexpr int kDay = 24;
constexpr int kMaxDaysBack = kHistoryHours / kDay;
// Each day counts for so much of the one after it.
constexpr double kAging = 0.85;

using History = absl::Span<const std::optional<double>>;

// The weighted median of the same hour one, two … days before `hour`, an index into the history or beyond its end.
std::optional<double> Typical(History history, int hour, int newest) {
  std::vector<std::pair<double, double>> days;  // load and weight
  double weight = 1;
  double all = 0;
  for (int back = 1; back <= kMaxDaysBack + 2; ++back, weight *= kAging) {
    const int same = hour - back * kDay;
    if (same < 0) break;
    if (same >= newest || !history[same].has_value()) continue;
    days.emplace_back(*history[same], weight);
    all += weight;
  }
  if (days.empty()) return std::nullopt;
  std::sort(days.begin(), days.end());
  double below = 0;
  for (const auto& [load, share] : days) {
    below += share;
    if (2 * below >= all) return load;
  }
  return days.back().first;
}

// How the last day's load compares with what the days before it foresaw; 1 where that is no more than noise.
double Trend(History history) {
  const int size = static_cast<int>(history.size());
  double real = 0;
  double foreseen = 0;
  for (int hour = std::max(0, size - kDay); hour < size; ++hour) {
    const std::optional<double> typical = Typical(history, hour, size - kDay);
    if (!history[hour].has_value() || !typical.has_value()) continue;
    real += *history[hour];
    foreseen += *typical;
  }
  constexpr double kMin = 0.5;
  constexpr double kMax = 2;
  constexpr double kNoise = 0.05;
  const double trend = foreseen > 0 ? real / foreseen : 1;
  return std::abs(trend - 1) < kNoise ? 1 : std::clamp(trend, kMin, kMax);
}

}  // namespace

std::optional<double> UnitsPerLoad(History load, History average, History members) {
  std::vector<double> units;
  for (size_t hour = 0; hour < std::min({load.size(), average.size(), members.size()}); ++hour) {
    if (!load[hour].has_value() || !average[hour].has_value() || !members[hour].has_value()) continue;
    if (*load[hour] > 0) units.push_back(*average[hour] * *members[hour] / *load[hour]);
  }
  if (units.empty()) return std::nullopt;
  const auto middle = units.begin() + static_cast<std::ptrdiff_t>(units.size() / 2);
  std::nth_element(units.begin(), middle, units.end());
  return *middle;
}

std::vector<double> ForecastLoad(History history) {
  if (history.size() > kHistoryHours) history.remove_prefix(history.size() - kHistoryHours);
  const auto measured =
      std::count_if(history.begin(), history.end(), [](const auto& load) { return load.has_value(); });
  if (measured < kDay) return {};
  const int size = static_cast<int>(history.size());
  const double trend = Trend(history);
  std::vector<double> loads;
  for (int hour = size; hour < size + kForecastHours; ++hour) {
    const std::optional<double> typical = Typical(history, hour, size);
    loads.push_back(typical.value_or(0) * trend);
  }
  return loads;
}

std::optional<Foreseen> CapacityForecast(const PredictivePolicy& policy, const Group& group,
                                         absl::Span<const double> loads, absl::Time first_hour, absl::Time now) {
  const auto load_at = [&](absl::Time time) -> std::optional<double> {
    const int64_t hour = absl::ToInt64Hours(absl::Floor(time - first_hour, absl::Hours(1)));
    if (hour < 0 || hour >= static_cast<int64_t>(loads.size())) return std::nullopt;
    return loads[hour];
  };
  std::optional<double> load = load_at(now);
  if (!load.has_value() || !(policy.target > 0)) return std::nullopt;
  load = std::max(*load, load_at(now + policy.buffer).value_or(*load));
  constexpr double kMaxCapacity = 1e6;
  const double members = std::min(kMaxCapacity, std::ceil(*load / policy.target - 1e-9));
  int max_size = std::max(group.min_size, group.max_size);
  if (policy.breach == CapacityBreach::kIncreaseMaxCapacity) {
    max_size =
        std::max(max_size, static_cast<int>(std::ceil(members * (100 + policy.max_capacity_buffer_percent) / 100)));
  }
  return Foreseen{std::clamp(static_cast<int>(members), group.min_size, max_size), max_size};
}

}  // namespace brume::scaling
