#include "lib/cloudwatch/alarm_evaluator.h"

#include <algorithm>
#include <optional>

#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/model/alarm_action.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::State;

// A period's last datapoint comes a little after its end.
constexpr absl::Duration kSettle = absl::Seconds(1);
constexpr absl::Duration kEvictEvery = absl::Hours(1);
// A clock that is set forward must not let alarms wait.
constexpr absl::Duration kMaxWait = absl::Seconds(30);

absl::Time StartOf(absl::Time time, absl::Duration period) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), period);
}

// The end of the newest period that is complete.
absl::Time NewestEnd(const alarm::Watch& watch, absl::Time now) { return StartOf(now - kSettle, watch.period); }

absl::Time NextDue(const alarm::Watch& watch, absl::Time now) { return NewestEnd(watch, now) + watch.period + kSettle; }

}  // namespace

AlarmEvaluator::AlarmEvaluator(AlarmEvaluatorParts parts)
    : parts_(std::move(parts)),
      evict_due_(parts_.clock.Now()),
      loop_([this] { return std::clamp(EvaluateDue() - parts_.clock.Now(), absl::ZeroDuration(), kMaxWait); }) {}

void AlarmEvaluator::WakeAll() {
  for (const AlarmPtr& alarm : parts_.alarms.List()) {
    if (alarm->kind == alarm::Kind::kMetric) Wake(alarm->name);
  }
}

void AlarmEvaluator::Start() {
  WakeAll();
  loop_.Start();
}

void AlarmEvaluator::Stop() { loop_.Stop(); }

void AlarmEvaluator::Wake(const std::string& name) {
  {
    MutexLock lock(mutex_);
    Schedule(name, absl::InfinitePast());
  }
  loop_.Wake();
}

void AlarmEvaluator::Reschedule() { loop_.Wake(); }

void AlarmEvaluator::Schedule(const std::string& name, absl::Time due) {
  const auto [known, inserted] = due_.emplace(name, due);
  if (!inserted) {
    queue_.erase({known->second, name});
    known->second = due;
  }
  queue_.emplace(due, name);
}

// Those whose time has come, each with its next time already set: one that is put meanwhile is due again at once.
std::vector<AlarmPtr> AlarmEvaluator::TakeDue(absl::Time now) {
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (auto next = queue_.begin(); next != queue_.end() && next->first <= now; ++next) names.push_back(next->second);
  std::vector<AlarmPtr> taken;
  for (const std::string& name : names) {
    AlarmPtr alarm = parts_.alarms.Find(name);
    if (alarm == nullptr || alarm->kind != alarm::Kind::kMetric) {
      queue_.erase({due_.at(name), name});
      due_.erase(name);
      continue;
    }
    Schedule(name, NextDue(alarm->watch, now));
    taken.push_back(std::move(alarm));
  }
  return taken;
}

absl::StatusOr<AlarmVerdict> AlarmEvaluator::Evaluate(const AlarmPtr& alarm, absl::Time now) const {
  const alarm::Watch& watch = alarm->watch;
  const int range = alarm::EvaluationRange(watch.threshold);
  const absl::Time end = NewestEnd(watch, now);
  const absl::Time start = end - watch.period * range;
  ASSIGN_OR_RETURN(const auto values, parts_.read(watch, start, end));
  std::vector<std::optional<double>> datapoints(range);
  AlarmVerdict verdict{.of = alarm, .reason = "", .reason_data = "", .breach = {}};
  for (const auto& [time, value] : values) {
    if (time < start || time >= end) continue;
    datapoints[static_cast<size_t>((time - start) / watch.period)] = value;
    verdict.breach = value - watch.threshold.value;
  }
  verdict.state = alarm::Evaluate(watch.threshold, alarm->state, datapoints);
  if (verdict.state == alarm->state) return verdict;
  verdict.reason = alarm::Reason(watch.threshold, verdict.state, datapoints);
  verdict.reason_data = ReasonData(watch, now, start, datapoints);
  return verdict;
}

absl::Time AlarmEvaluator::EvaluateDue() {
  const absl::Time now = parts_.clock.Now();
  // Where a clock was set back, what was due by it would have to wait for it.
  if (now < evaluated_) {
    WakeAll();
    evict_due_ = now;
  }
  evaluated_ = now;
  // First, as their time came before what is evaluated now.
  if (parts_.alarms.NextSuppressionEnd() <= now) {
    const absl::Status ended = parts_.alarms.EndSuppressions();
    if (!ended.ok()) log::Error("the actions of composite alarms were not let go: {}", ended.ToString());
  }
  std::vector<AlarmVerdict> verdicts;
  for (const AlarmPtr& alarm : TakeDue(now)) {
    absl::StatusOr<AlarmVerdict> verdict = Evaluate(alarm, now);
    if (verdict.ok()) {
      verdicts.push_back(*std::move(verdict));
    } else {
      // It keeps its state, and its next period comes.
      log::Error("the alarm {} was not evaluated: {}", alarm->name, verdict.status().ToString());
    }
  }
  if (const absl::Status applied = parts_.alarms.Apply(verdicts); applied.ok()) {
    AskScaling(verdicts);
  } else {
    log::Error("the states of alarms were not changed: {}", applied.ToString());
  }
  if (evict_due_ <= now) {
    evict_due_ = now + kEvictEvery;
    const absl::Status evicted = parts_.alarms.EvictHistory();
    if (!evicted.ok()) log::Error("old history of alarms was not forgotten: {}", evicted.ToString());
  }
  const absl::Time suppression = parts_.alarms.NextSuppressionEnd();
  MutexLock lock(mutex_);
  const absl::Time next = queue_.empty() ? evict_due_ : std::min(evict_due_, queue_.begin()->first);
  return std::min(next, suppression);
}

// A transition asks by itself, and is on disk until it did.
void AlarmEvaluator::AskScaling(const std::vector<AlarmVerdict>& verdicts) const {
  if (!parts_.on_scaling) return;
  for (const AlarmVerdict& verdict : verdicts) {
    if (!verdict.of->actions_enabled || verdict.state != verdict.of->state) continue;
    for (const std::string& action : verdict.of->ActionsOf(verdict.state)) {
      const absl::StatusOr<alarm::ActionKind> kind = alarm::ParseAction(action);
      if (kind.ok() && *kind == alarm::ActionKind::kScalingPolicy) parts_.on_scaling(action);
    }
  }
}

}  // namespace brume::cloudwatch
