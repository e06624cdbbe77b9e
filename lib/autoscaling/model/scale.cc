#include "lib/autoscaling/model/scale.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/autoscaling/model/adjustment.h"

namespace brume::scaling {
namespace {

// The capacity one policy asks for, and which.
struct Wish {
  int capacity = 0;
  size_t policy = 0;
};

// Gathers what the policies of one group ask for.
class Council {
 public:
  Council(const Group& group, const Demand& demand, absl::Span<PolicyMemory> memories, absl::Time now)
      : group_(group), demand_(demand), memories_(memories), now_(now) {}

  void Ask() {
    for (size_t i = 0; i < demand_.policies.size(); ++i) {
      index_ = i;
      if (!demand_.policies[i].enabled) continue;
      std::visit(*this, demand_.policies[i].rule);
    }
  }

  void operator()(const SimplePolicy& simple) {
    const Signal& signal = demand_.signals[index_];
    // EC2 waits for the members of the last activity as well as for its cooldown.
    if (!signal.in_alarm || now_ < demand_.cooldown_until || demand_.crowd.coming() > 0) return;
    const int wanted = Clamped(Adjust(group_.desired, simple.adjustment));
    if (wanted == group_.desired) return;
    Wants(wanted);
  }

  void operator()(const StepPolicy& step) {
    const Signal& signal = demand_.signals[index_];
    if (!signal.in_alarm) return;
    const StepAdjustment* chosen = ChooseStep(step.steps, signal.breach);
    if (chosen == nullptr) return;
    const Adjustment adjustment{step.type, chosen->amount, step.min_magnitude};
    // What warms up was launched for this very breach, and what is leaving goes for it: neither is counted twice.
    const int out = Clamped(Adjust(std::max(0, group_.desired - demand_.crowd.coming()), adjustment));
    const int in = Clamped(Adjust(group_.desired + demand_.crowd.leaving, adjustment));
    if (out > group_.desired) return Wants(out);
    if (in < group_.desired) Wants(in);
  }

  void operator()(const TrackingPolicy& tracking) {
    const std::optional<double>& datapoint = demand_.signals[index_].datapoint;
    std::optional<int> wanted;
    if (datapoint.has_value()) {
      wanted = TrackTarget(tracking, *datapoint, demand_.crowd, group_.desired, memories_[index_]);
    }
    if (wanted.has_value()) return Wants(Clamped(*wanted));
    all_agree_ &= tracking.disable_scale_in;
  }

  void operator()(const PredictivePolicy& predictive) {
    const std::optional<int>& forecast = demand_.signals[index_].forecast;
    if (predictive.mode != PredictiveMode::kForecastAndScale || !forecast.has_value()) return;
    floor_ = std::max(floor_, Clamped(*forecast));
    if (floor_ > group_.desired) Wants(floor_);
  }

  std::optional<Decision> Decide() const {
    if (!largest_.has_value() || largest_->capacity == group_.desired) return std::nullopt;
    int desired = largest_->capacity;
    if (desired < group_.desired) {
      if (!all_agree_ || demand_.crowd.coming() > 0) return std::nullopt;
      desired = std::max(desired, floor_);
      if (desired >= group_.desired) return std::nullopt;
    }
    Decision decision{.desired = desired, .cause = Cause(desired), .cooldown_until = std::nullopt};
    if (const auto* simple = std::get_if<SimplePolicy>(&demand_.policies[largest_->policy].rule)) {
      decision.cooldown_until = now_ + simple->cooldown.value_or(group_.default_cooldown);
    }
    return decision;
  }

 private:
  void Wants(int capacity) {
    if (!largest_.has_value() || capacity > largest_->capacity) largest_ = Wish{capacity, index_};
  }

  int Clamped(int capacity) const {
    return std::clamp(capacity, group_.min_size, std::max(group_.min_size, group_.max_size));
  }

  std::string Cause(int desired) const {
    const Policy& policy = demand_.policies[largest_->policy];
    const std::string& alarm = demand_.signals[largest_->policy].alarm;
    std::string who;
    if (std::holds_alternative<PredictivePolicy>(policy.rule)) {
      who = absl::StrCat("predictive scaling policy ", policy.name, " foresaw the load");
    } else if (alarm.empty()) {
      who = absl::StrCat("the metric of target tracking policy ", policy.name, " left its target");
    } else {
      who = absl::StrCat("a monitor alarm ", alarm, " in state ALARM triggered policy ", policy.name);
    }
    return absl::StrCat(absl::FormatTime("At %Y-%m-%dT%H:%M:%SZ ", now_, absl::UTCTimeZone()), who,
                        " changing the desired capacity from ", group_.desired, " to ", desired, ".");
  }

  const Group& group_;
  const Demand& demand_;
  const absl::Span<PolicyMemory> memories_;
  const absl::Time now_;
  size_t index_ = 0;
  std::optional<Wish> largest_;
  bool all_agree_ = true;
  int floor_ = 0;
};

}  // namespace

Crowd CountCrowd(const Group& group, absl::Span<const Member> members, absl::Time now) {
  Crowd crowd;
  for (const Member& member : members) {
    const int weight = group.WeightOf(member.instance_type);
    if (IsPending(member.lifecycle)) {
      crowd.pending += weight;
    } else if (member.lifecycle == Lifecycle::kInService) {
      (IsWarmedUp(group, member, now) ? crowd.ready : crowd.warming) += weight;
    } else if (member.lifecycle >= Lifecycle::kTerminating && member.lifecycle <= Lifecycle::kTerminatingProceed) {
      crowd.leaving += weight;
    }
  }
  return crowd;
}

std::optional<double> Measure(const Group& group, absl::Span<const Member> members,
                              absl::Span<const std::optional<double>> values, absl::Time now) {
  double sum = 0;
  int count = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (!values[i].has_value() || !IsWarmedUp(group, members[i], now)) continue;
    sum += *values[i];
    ++count;
  }
  return count == 0 ? std::nullopt : std::make_optional(sum / count);
}

std::optional<Decision> Scale(const Group& group, const Demand& demand, absl::Span<PolicyMemory> memories,
                              absl::Time now) {
  if (!group.Runs(Process::kAlarmNotification)) return std::nullopt;
  Council council(group, demand, memories, now);
  council.Ask();
  return council.Decide();
}

}  // namespace brume::scaling
