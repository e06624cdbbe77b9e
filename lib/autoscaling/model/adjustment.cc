#include "lib/autoscaling/model/adjustment.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "lib/resource/ec2_error.h"

namespace brume::scaling {
namespace {

int Bounded(int64_t capacity) {
  return static_cast<int>(std::clamp<int64_t>(capacity, 0, std::numeric_limits<int>::max()));
}

constexpr double kEndless = std::numeric_limits<double>::infinity();

double Lower(const StepAdjustment& step) { return step.lower.value_or(-kEndless); }
double Upper(const StepAdjustment& step) { return step.upper.value_or(kEndless); }

}  // namespace

int Adjust(int capacity, const Adjustment& adjustment) {
  const int64_t amount = adjustment.amount;
  switch (adjustment.type) {
    case AdjustmentType::kExactCapacity:
      return Bounded(amount);
    case AdjustmentType::kChangeInCapacity:
      return Bounded(capacity + amount);
    case AdjustmentType::kPercentChangeInCapacity: {
      if (amount == 0) return capacity;
      const int64_t min_change = std::max(1, adjustment.min_magnitude);
      const int64_t change = int64_t{capacity} * amount / 100;
      return Bounded(capacity + (amount > 0 ? std::max(change, min_change) : std::min(change, -min_change)));
    }
  }
  return capacity;
}

const StepAdjustment* ChooseStep(absl::Span<const StepAdjustment> steps, double breach) {
  for (const StepAdjustment& step : steps) {
    const bool in =
        breach >= 0 ? Lower(step) <= breach && breach < Upper(step) : Lower(step) < breach && breach <= Upper(step);
    if (in) return &step;
  }
  return nullptr;
}

absl::Status CheckSteps(absl::Span<const StepAdjustment> steps) {
  if (steps.empty()) return ec2::Error("ValidationError", "At least one StepAdjustment must be specified");
  std::vector<StepAdjustment> sorted(steps.begin(), steps.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return Lower(a) < Lower(b); });
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (!(Lower(sorted[i]) < Upper(sorted[i]))) {
      return ec2::Error("ValidationError", "The upper bound of a StepAdjustment must be greater than its lower bound");
    }
    if (i == 0) continue;
    if (Upper(sorted[i - 1]) > Lower(sorted[i])) {
      return ec2::Error("ValidationError", "StepAdjustment intervals can't overlap");
    }
    if (Upper(sorted[i - 1]) < Lower(sorted[i])) {
      return ec2::Error("ValidationError", "StepAdjustment intervals can't have gaps between them");
    }
  }
  if (std::isfinite(Lower(sorted.front())) && Lower(sorted.front()) < 0) {
    return ec2::Error("ValidationError", "With a negative lower bound there must be a step without a lower bound");
  }
  if (std::isfinite(Upper(sorted.back())) && Upper(sorted.back()) > 0) {
    return ec2::Error("ValidationError", "With a positive upper bound there must be a step without an upper bound");
  }
  return absl::OkStatus();
}

}  // namespace brume::scaling
