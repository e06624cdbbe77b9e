// Scaling policies as their owner defines them, in EC2's terms, and what each remembers. Values only.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
#pragma once

#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace brume::scaling {

enum class AdjustmentType { kChangeInCapacity = 0, kExactCapacity = 1, kPercentChangeInCapacity = 2 };
std::true_type IsPersisted(AdjustmentType);  // the database keeps its values

// One adjustment of the capacity.
struct Adjustment {
  AdjustmentType type = AdjustmentType::kChangeInCapacity;
  int amount = 0;
  // Of a change in percent, the minimum number of members it makes.
  int min_magnitude = 0;
};

struct SimplePolicy {
  Adjustment adjustment;
  std::optional<absl::Duration> cooldown;  // none = the group's
};

// Bounds are relative to the alarm's threshold; none = endless.
struct StepAdjustment {
  std::optional<double> lower;
  std::optional<double> upper;
  int amount = 0;
};

struct StepPolicy {
  AdjustmentType type = AdjustmentType::kChangeInCapacity;
  int min_magnitude = 0;
  std::vector<StepAdjustment> steps;
};

// Keeps a metric that falls as members are added, such as an average over members, at its target.
struct TrackingPolicy {
  double target = 0;
  bool disable_scale_in = false;
};

enum class CapacityBreach { kHonorMaxCapacity = 0, kIncreaseMaxCapacity = 1 };
std::true_type IsPersisted(CapacityBreach);  // the database keeps its values

enum class PredictiveMode { kForecastOnly = 0, kForecastAndScale = 1 };
std::true_type IsPersisted(PredictiveMode);  // the database keeps its values

struct PredictivePolicy {
  double target = 0;
  PredictiveMode mode = PredictiveMode::kForecastOnly;
  // Members are launched so long before they are needed; less than an hour.
  absl::Duration buffer = absl::ZeroDuration();
  CapacityBreach breach = CapacityBreach::kHonorMaxCapacity;
  // Of kIncreaseMaxCapacity: room above the forecast.
  int max_capacity_buffer_percent = 0;
};

struct Policy {
  std::string name;
  bool enabled = true;
  std::variant<SimplePolicy, StepPolicy, TrackingPolicy, PredictivePolicy> rule;
};

// What monitoring tells a policy for one evaluation.
struct Signal {
  // Simple and step policies: whether their alarm is in ALARM, its name, and how far the metric is past the threshold.
  bool in_alarm = false;
  std::string alarm;
  double breach = 0;
  // Target tracking: the newest datapoint, over members that have warmed up; none = no new one. See Measure.
  std::optional<double> datapoint;
  // Predictive: what the forecast asks for now; none = no forecast. See CapacityForecast.
  std::optional<int> forecast;
};

// What a policy remembers between evaluations. It need not survive a restart: the group then only waits longer before
// it scales in.
struct PolicyMemory {
  // The load of the latest datapoints of a target tracking policy: metric times members, so that it does not depend on
  // how many members there were. A ring.
  static constexpr int kDatapoints = 15;
  std::array<double, kDatapoints> loads{};
  int count = 0;
  int next = 0;

  void Note(double load) {
    loads[next] = load;
    next = (next + 1) % kDatapoints;
    if (count < kDatapoints) ++count;
  }
};

}  // namespace brume::scaling
