#include "lib/cloudwatch/alarm_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_change.h"
#include "lib/cloudwatch/alarm_history_table.h"
#include "lib/cloudwatch/alarm_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::Kind;
using alarm::State;

constexpr absl::Duration kHistoryTime = absl::Hours(24 * 30);
constexpr int kForgetBatch = 1000;

absl::Status Invalid(absl::string_view message) { return ec2::Error("ValidationError", message); }

absl::Status NotFound(absl::string_view name) {
  return ec2::Error("ResourceNotFound", absl::StrCat("The alarm '", absl::CHexEscape(name), "' does not exist"));
}

}  // namespace

AlarmService::AlarmService(store::Database& database, const Clock& clock, Random& random, AlarmServiceOptions options)
    : database_(database), clock_(clock), random_(random), options_(std::move(options)) {}

absl::Status AlarmService::Load() {
  ASSIGN_OR_RETURN(std::vector<Alarm> all,
                   database_.ReadFor([](store::Connection& c) { return AlarmTable(c).List(); }));
  std::lock_guard change(change_mutex_);
  std::lock_guard lock(mutex_);
  for (Alarm& alarm : all) {
    RulePtr rule;
    if (alarm.kind == Kind::kComposite) {
      ASSIGN_OR_RETURN(alarm::Rule parsed, alarm::Rule::Parse(alarm.rule));
      rule = std::make_shared<const alarm::Rule>(std::move(parsed));
    }
    Remember(std::make_shared<const Alarm>(std::move(alarm)), std::move(rule));
  }
  return absl::OkStatus();
}

// Requires both locks, as does Forget.
void AlarmService::Remember(AlarmPtr alarm, RulePtr rule) {
  const auto known = alarms_.find(alarm->name);
  const double breach = known == alarms_.end() ? 0 : known->second.breach;
  Evict(alarm->name);
  if (rule != nullptr) {
    for (const std::string& text : rule->alarms()) parents_[AlarmNameIn(text)].insert(alarm->name);
  }
  if (!alarm->suppressor.alarm.empty()) suppressed_[AlarmNameIn(alarm->suppressor.alarm)].insert(alarm->name);
  for (const std::string& action : alarm->ActionsOf(State::kAlarm)) by_alarm_action_[action].insert(alarm->name);
  const std::string name = alarm->name;
  alarms_[name] = {.alarm = std::move(alarm), .rule = std::move(rule), .breach = breach};
}

void AlarmService::Evict(const std::string& name) {
  const auto found = alarms_.find(name);
  if (found == alarms_.end()) return;
  const auto take_out = [&](auto& index, const std::string& key) {
    const auto names = index.find(key);
    if (names == index.end()) return;
    names->second.erase(name);
    if (names->second.empty()) index.erase(names);
  };
  const Entry& entry = found->second;
  if (entry.rule != nullptr) {
    for (const std::string& text : entry.rule->alarms()) take_out(parents_, AlarmNameIn(text));
  }
  take_out(suppressed_, AlarmNameIn(entry.alarm->suppressor.alarm));
  for (const std::string& action : entry.alarm->ActionsOf(State::kAlarm)) take_out(by_alarm_action_, action);
  alarms_.erase(found);
}

absl::Status AlarmService::PutMetricAlarm(Alarm definition, const TagMap& tags) {
  RETURN_IF_ERROR(CheckMetricAlarm(definition, options_.rules));
  if (!definition.watch.queries.empty()) {
    const absl::Time now = clock_.Now();
    RETURN_IF_ERROR(options_.read(definition.watch, now - definition.watch.period, now).status());
  }
  const std::string name = definition.name;
  RETURN_IF_ERROR(Put(std::move(definition), nullptr, tags));
  if (options_.on_put) options_.on_put(name);
  return absl::OkStatus();
}

absl::Status AlarmService::PutCompositeAlarm(Alarm definition, const TagMap& tags) {
  RETURN_IF_ERROR(CheckCompositeAlarm(definition, options_.rules));
  ASSIGN_OR_RETURN(alarm::Rule rule, alarm::Rule::Parse(definition.rule));
  return Put(std::move(definition), std::make_shared<const alarm::Rule>(std::move(rule)), tags);
}

absl::Status AlarmService::Put(Alarm definition, RulePtr rule, const TagMap& tags) {
  RETURN_IF_ERROR(CheckAlarmTags(tags));
  AlarmChange change(*this, random_, clock_.Now());
  {
    std::lock_guard changing(change_mutex_);
    if (rule != nullptr) RETURN_IF_ERROR(CheckDependencies(definition, *rule));
    const Alarm* known = change.Find(definition.name);
    if (known != nullptr && known->kind != definition.kind) {
      return Invalid(absl::StrCat("The alarm '", definition.name, "' is a ", KindName(known->kind)));
    }
    if (known == nullptr && alarms_.size() >= alarm::kMaxAlarms) {
      return ec2::Error("LimitExceeded", absl::StrCat("There can be at most ", alarm::kMaxAlarms, " alarms"));
    }
    definition.configured = clock_.Now();
    if (known == nullptr) {
      definition.state = definition.acted_on = State::kInsufficientData;
      definition.reason = "Unchecked: Initial alarm creation";
      definition.updated = definition.transitioned = clock_.Now();
      change.new_tags = tags;
    } else {
      definition.state = known->state;
      definition.reason = known->reason;
      definition.reason_data = known->reason_data;
      definition.updated = known->updated;
      definition.transitioned = known->transitioned;
      // Actions that were held back stay so for a suppressor alone: without one they are over.
      definition.acted_on = definition.suppressor.alarm.empty() ? known->state : known->acted_on;
    }
    const std::string name = definition.name;
    const bool composite = rule != nullptr;
    change.Put(std::move(definition), std::move(rule), known == nullptr);
    if (composite) {
      change.Evaluate(name);
      change.Reconsider(name);
      change.Follow();
    }
    RETURN_IF_ERROR(Commit(change));
  }
  Notify(change);
  return absl::OkStatus();
}

// Whether what `name` says depends on `on`, at any distance.
bool AlarmService::DependsOn(const std::string& name, const std::string& on) const {
  std::vector<std::string> to_see = {name};
  std::set<std::string> seen = {name};
  while (!to_see.empty()) {
    const std::string next = std::move(to_see.back());
    to_see.pop_back();
    if (next == on) return true;
    const auto found = alarms_.find(next);
    if (found == alarms_.end() || found->second.rule == nullptr) continue;
    for (const std::string& text : found->second.rule->alarms()) {
      if (seen.insert(AlarmNameIn(text)).second) to_see.push_back(AlarmNameIn(text));
    }
  }
  return false;
}

absl::Status AlarmService::CheckDependencies(const Alarm& definition, const alarm::Rule& rule) const {
  for (const std::string& text : rule.alarms()) {
    const std::string child = AlarmNameIn(text);
    if (child == definition.name || DependsOn(child, definition.name)) {
      return Invalid(absl::StrCat("AlarmRule is invalid: the alarm '", child, "' depends on this one"));
    }
    if (!alarms_.contains(child)) {
      return Invalid(absl::StrCat("AlarmRule is invalid: the alarm '", child, "' does not exist"));
    }
  }
  if (!definition.suppressor.alarm.empty() && !alarms_.contains(AlarmNameIn(definition.suppressor.alarm))) {
    return Invalid(
        absl::StrCat("ActionsSuppressor is invalid: the alarm '", definition.suppressor.alarm, "' does not exist"));
  }
  return absl::OkStatus();
}

absl::Status AlarmService::Delete(const std::vector<std::string>& names) {
  std::lock_guard changing(change_mutex_);
  AlarmChange change(*this, random_, clock_.Now());
  int composites = 0;
  for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
    const Alarm* alarm = change.Find(name);
    if (alarm == nullptr) return NotFound(name);
    if (alarm->kind == Kind::kComposite && ++composites > 1) {
      return Invalid("One call can delete one composite alarm at most");
    }
    change.Delete(name);
  }
  for (const std::string& name : change.deleted) {
    for (const auto* index : {&parents_, &suppressed_}) {
      const auto dependents = index->find(name);
      if (dependents == index->end()) continue;
      for (const std::string& dependent : dependents->second) {
        if (change.deleted.contains(dependent)) continue;
        return Invalid(absl::StrCat("Cannot delete ", name, " as there are alarms depending on it: ", dependent));
      }
    }
  }
  return Commit(change);
}

absl::Status AlarmService::EnableActions(const std::vector<std::string>& names, bool enabled) {
  std::lock_guard changing(change_mutex_);
  AlarmChange change(*this, random_, clock_.Now());
  for (const std::string& name : names) {
    if (change.Find(name) == nullptr) return NotFound(name);
    change.EnableActions(name, enabled);
  }
  return change.empty() ? absl::OkStatus() : Commit(change);
}

absl::Status AlarmService::SetState(const std::string& name, State state, const std::string& reason,
                                    const std::string& reason_data) {
  if (!reason_data.empty() && !nlohmann::json::accept(reason_data)) {
    return ec2::Error("InvalidFormat", "StateReasonData was not syntactically valid JSON");
  }
  AlarmChange change(*this, random_, clock_.Now());
  {
    std::lock_guard changing(change_mutex_);
    if (change.Find(name) == nullptr) return NotFound(name);
    change.SetState(name, state, reason, reason_data);
    change.Follow();
    RETURN_IF_ERROR(Commit(change));
  }
  Notify(change);
  return absl::OkStatus();
}

absl::Status AlarmService::Apply(absl::Span<const AlarmVerdict> verdicts) {
  AlarmChange change(*this, random_, clock_.Now());
  {
    std::lock_guard changing(change_mutex_);
    {
      std::lock_guard lock(mutex_);
      for (const AlarmVerdict& verdict : verdicts) {
        const auto found = alarms_.find(verdict.of->name);
        if (found != alarms_.end() && found->second.alarm == verdict.of && verdict.breach.has_value()) {
          found->second.breach = *verdict.breach;
        }
      }
    }
    for (const AlarmVerdict& verdict : verdicts) {
      const auto found = alarms_.find(verdict.of->name);
      const bool stands = found != alarms_.end() && found->second.alarm == verdict.of;
      if (!stands || verdict.state == verdict.of->state) continue;
      change.SetState(verdict.of->name, verdict.state, verdict.reason, verdict.reason_data);
    }
    change.Follow();
    if (change.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Commit(change));
  }
  Notify(change);
  return absl::OkStatus();
}

absl::Time AlarmService::NextSuppressionEnd() const {
  std::lock_guard lock(mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, held] : suppressed_) {
    for (const std::string& composite : held) {
      const Alarm& alarm = *alarms_.at(composite).alarm;
      if (alarm.suppressed_by != alarm::SuppressedBy::kNobody) next = std::min(next, alarm.suppressed_until);
    }
  }
  return next;
}

absl::Status AlarmService::EndSuppressions() {
  AlarmChange change(*this, random_, clock_.Now());
  {
    std::lock_guard changing(change_mutex_);
    for (const auto& [name, held] : suppressed_) {
      for (const std::string& composite : held) change.Reconsider(composite);
    }
    change.Follow();
    if (change.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Commit(change));
  }
  Notify(change);
  return absl::OkStatus();
}

absl::Status AlarmService::Commit(AlarmChange& change) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    AlarmTable alarms(c);
    for (const auto& [name, alarm] : change.puts) RETURN_IF_ERROR(alarms.Put(*alarm));
    for (const auto& [name, alarm] : change.puts) {
      for (const auto& [key, value] : change.new_tags) RETURN_IF_ERROR(alarms.SetTag(name, key, value));
    }
    for (const auto& [name, alarm] : change.states) RETURN_IF_ERROR(alarms.SetState(*alarm));
    for (const std::string& name : change.deleted) RETURN_IF_ERROR(alarms.Delete(name));
    for (const alarm::HistoryItem& item : change.items) {
      RETURN_IF_ERROR(AlarmHistoryTable(c).Append(item, alarm::kMaxHistoryItems));
    }
    for (alarm::DueAction& due : change.due) RETURN_IF_ERROR(AlarmDueActionTable(c).Add(due));
    return absl::OkStatus();
  }));
  std::lock_guard lock(mutex_);
  for (const auto& [name, alarm] : change.puts) Remember(alarm, change.rules.at(name));
  for (const auto& [name, alarm] : change.states) alarms_.at(name).alarm = alarm;
  for (const std::string& name : change.deleted) Evict(name);
  return absl::OkStatus();
}

// With no lock held.
void AlarmService::Notify(AlarmChange& change) const {
  if (options_.on_wait && change.waits) options_.on_wait();
  if (options_.on_due && !change.due.empty()) options_.on_due(std::move(change.due));
}

absl::Status AlarmService::ForgetHistory() {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    more = database_.WriteFor(
        [&](store::Connection& c) { return AlarmHistoryTable(c).Evict(clock_.Now() - kHistoryTime, kForgetBatch); });
  }
  return more.status();
}

}  // namespace brume::cloudwatch
