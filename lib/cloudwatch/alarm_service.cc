#include "lib/cloudwatch/alarm_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_change.h"
#include "lib/cloudwatch/model/invalid.h"
#include "lib/cloudwatch/tables/alarm_history_table.h"
#include "lib/cloudwatch/tables/alarm_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::Kind;
using alarm::State;

constexpr absl::Duration kHistoryTime = absl::Hours(24 * 30);
constexpr int kEvictBatch = 1000;

absl::Status NotFound(absl::string_view name) {
  return ec2::Error("ResourceNotFound", absl::StrCat("The alarm '", absl::CHexEscape(name), "' does not exist"));
}

absl::Status CheckDependencies(const AlarmIndex& alarms, const Alarm& definition, const alarm::Rule& rule) {
  for (const std::string& text : rule.alarms()) {
    const std::string child = AlarmNameIn(text);
    if (child == definition.name || alarms.DependsOn(child, definition.name)) {
      return Invalid(absl::StrCat("AlarmRule is invalid: the alarm '", child, "' depends on this one"));
    }
    if (alarms.Find(child) == nullptr) {
      return Invalid(absl::StrCat("AlarmRule is invalid: the alarm '", child, "' does not exist"));
    }
  }
  if (!definition.suppressor.alarm.empty() && alarms.Find(AlarmNameIn(definition.suppressor.alarm)) == nullptr) {
    return Invalid(
        absl::StrCat("ActionsSuppressor is invalid: the alarm '", definition.suppressor.alarm, "' does not exist"));
  }
  return absl::OkStatus();
}

}  // namespace

AlarmService::AlarmService(store::Database& database, const Clock& clock, Random& random, AlarmServiceOptions options)
    : database_(database), clock_(clock), random_(random), options_(std::move(options)) {}

absl::Status AlarmService::Load() {
  ASSIGN_OR_RETURN(std::vector<Alarm> all,
                   database_.ReadFor([](store::Connection& c) { return AlarmTable(c).List(); }));
  MutexLock changing(change_mutex_);
  MutexLock lock(mutex_);
  for (Alarm& alarm : all) {
    AlarmRulePtr rule;
    if (alarm.kind == Kind::kComposite) {
      ASSIGN_OR_RETURN(alarm::Rule parsed, alarm::Rule::Parse(alarm.rule));
      rule = std::make_shared<const alarm::Rule>(std::move(parsed));
    }
    alarms_.Put(std::make_shared<const Alarm>(std::move(alarm)), std::move(rule));
  }
  return absl::OkStatus();
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

absl::Status AlarmService::Change(const std::function<absl::Status(AlarmChange&)>& make) {
  std::optional<AlarmChange> change;
  {
    MutexLock changing(change_mutex_);
    change.emplace(Standing(), options_.account, random_, clock_.Now());
    RETURN_IF_ERROR(make(*change));
    change->Follow();
    if (change->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Commit(*change));
  }
  Notify(*change);
  return absl::OkStatus();
}

absl::Status AlarmService::Put(Alarm definition, AlarmRulePtr rule, const TagMap& tags) {
  RETURN_IF_ERROR(CheckAlarmTags(tags));
  return Change([&](AlarmChange& change) -> absl::Status {
    if (rule != nullptr) RETURN_IF_ERROR(CheckDependencies(change.before(), definition, *rule));
    const Alarm* known = change.Find(definition.name);
    if (known != nullptr && known->kind != definition.kind) {
      return Invalid(absl::StrCat("The alarm '", definition.name, "' is a ", KindName(known->kind)));
    }
    if (known == nullptr && change.before().size() >= alarm::kMaxAlarms) {
      return ec2::Error("LimitExceeded", absl::StrCat("There can be at most ", alarm::kMaxAlarms, " alarms"));
    }
    definition.configured = clock_.Now();
    if (known == nullptr) {
      definition.state = definition.acted_on = State::kInsufficientData;
      definition.reason = "Unchecked: Initial alarm creation";
      definition.updated = definition.transitioned = clock_.Now();
      change.new_tags = tags;
    } else {
      definition.version = known->version;
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
    }
    return absl::OkStatus();
  });
}

absl::Status AlarmService::Delete(const std::vector<std::string>& names) {
  return Change([&](AlarmChange& change) -> absl::Status {
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
      for (const auto* dependents : {&change.before().ParentsOf(name), &change.before().SuppressedBy(name)}) {
        for (const std::string& dependent : *dependents) {
          if (change.deleted.contains(dependent)) continue;
          return Invalid(absl::StrCat("Cannot delete ", name, " as there are alarms depending on it: ", dependent));
        }
      }
    }
    return absl::OkStatus();
  });
}

absl::Status AlarmService::EnableActions(const std::vector<std::string>& names, bool enabled) {
  return Change([&](AlarmChange& change) -> absl::Status {
    for (const std::string& name : names) {
      if (change.Find(name) == nullptr) return NotFound(name);
      change.EnableActions(name, enabled);
    }
    return absl::OkStatus();
  });
}

absl::Status AlarmService::SetState(const std::string& name, State state, const std::string& reason,
                                    const std::string& reason_data) {
  if (!reason_data.empty() && !nlohmann::json::accept(reason_data)) {
    return ec2::Error("InvalidFormat", "StateReasonData was not syntactically valid JSON");
  }
  return Change([&](AlarmChange& change) -> absl::Status {
    if (change.Find(name) == nullptr) return NotFound(name);
    change.SetState(name, state, reason, reason_data);
    return absl::OkStatus();
  });
}

absl::Status AlarmService::Apply(absl::Span<const AlarmVerdict> verdicts) {
  return Change([&](AlarmChange& change) -> absl::Status {
    for (const AlarmVerdict& verdict : verdicts) {
      const AlarmIndex::Entry* const standing = change.before().Find(verdict.of->name);
      if (standing == nullptr || standing->alarm != verdict.of) continue;
      if (verdict.breach.has_value()) {
        MutexLock lock(mutex_);
        alarms_.SetBreach(verdict.of->name, *verdict.breach);
      }
      if (verdict.state == verdict.of->state) continue;
      change.SetState(verdict.of->name, verdict.state, verdict.reason, verdict.reason_data);
    }
    return absl::OkStatus();
  });
}

absl::Status AlarmService::EndSuppressions() {
  return Change([](AlarmChange& change) -> absl::Status {
    for (const std::string& composite : change.before().Suppressible()) change.Reconsider(composite);
    return absl::OkStatus();
  });
}

absl::Status AlarmService::Commit(AlarmChange& change) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    AlarmTable alarms(c);
    for (const auto& [name, alarm] : change.puts) {
      RETURN_IF_ERROR(change.created.contains(name) ? alarms.Insert(*alarm) : alarms.Update(*alarm));
    }
    for (const auto& [name, alarm] : change.puts) {
      for (const auto& [key, value] : change.new_tags) RETURN_IF_ERROR(alarms.SetTag(name, key, value));
    }
    for (const auto& [name, alarm] : change.states) RETURN_IF_ERROR(alarms.UpdateState(*alarm));
    for (const std::string& name : change.deleted) RETURN_IF_ERROR(alarms.Delete(name));
    for (const alarm::HistoryItem& item : change.items) {
      RETURN_IF_ERROR(AlarmHistoryTable(c).Append(item, alarm::kMaxHistoryItems));
    }
    for (alarm::DueAction& due : change.due) RETURN_IF_ERROR(AlarmDueActionTable(c).Add(due));
    return absl::OkStatus();
  }));
  MutexLock lock(mutex_);
  for (const auto& [name, alarm] : change.puts) alarms_.Put(alarm, change.rules.at(name));
  for (const auto& [name, alarm] : change.states) alarms_.SetState(alarm);
  for (const std::string& name : change.deleted) alarms_.Erase(name);
  return absl::OkStatus();
}

void AlarmService::Notify(AlarmChange& change) const {
  if (options_.on_wait && change.waits) options_.on_wait();
  if (options_.on_due && !change.due.empty()) options_.on_due(std::move(change.due));
}

absl::Status AlarmService::EvictHistory() {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    more = database_.WriteFor(
        [&](store::Connection& c) { return AlarmHistoryTable(c).Evict(clock_.Now() - kHistoryTime, kEvictBatch); });
  }
  return more.status();
}

std::vector<AlarmPtr> AlarmService::List() const {
  MutexLock lock(mutex_);
  return alarms_.List();
}

AlarmPtr AlarmService::Find(const std::string& name) const {
  MutexLock lock(mutex_);
  const AlarmIndex::Entry* const entry = alarms_.Find(name);
  return entry == nullptr ? nullptr : entry->alarm;
}

absl::StatusOr<std::vector<AlarmPtr>> AlarmService::ChildrenOf(const std::string& name) const {
  MutexLock lock(mutex_);
  const AlarmIndex::Entry* const entry = alarms_.Find(name);
  if (entry == nullptr) return NotFound(name);
  return alarms_.ChildrenOf(*entry);
}

absl::StatusOr<std::vector<AlarmPtr>> AlarmService::ParentsOf(const std::string& name) const {
  MutexLock lock(mutex_);
  if (alarms_.Find(name) == nullptr) return NotFound(name);
  std::vector<AlarmPtr> parents;
  for (const std::string& parent : alarms_.ParentsOf(name)) parents.push_back(alarms_.Find(parent)->alarm);
  return parents;
}

absl::StatusOr<std::vector<alarm::HistoryItem>> AlarmService::History(const alarm::HistoryQuery& query) {
  return database_.ReadFor([&](store::Connection& c) { return AlarmHistoryTable(c).Find(query); });
}

std::vector<AlarmService::ActionAlarm> AlarmService::AlarmsFor(absl::string_view action) const {
  MutexLock lock(mutex_);
  std::vector<ActionAlarm> found;
  for (const std::string& name : alarms_.WithAlarmAction(action)) {
    const AlarmIndex::Entry& entry = *alarms_.Find(name);
    if (!entry.alarm->actions_enabled) continue;
    found.push_back({.name = name,
                     .arn = alarm::AlarmArn(options_.account, name),
                     .state = entry.alarm->state,
                     .breach = entry.breach,
                     .since = entry.alarm->transitioned});
  }
  return found;
}

absl::Time AlarmService::NextSuppressionEnd() const {
  MutexLock lock(mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const std::string& composite : alarms_.Suppressible()) {
    const Alarm& alarm = *alarms_.Find(composite)->alarm;
    if (alarm.suppressed_by != alarm::SuppressedBy::kNobody) next = std::min(next, alarm.suppressed_until);
  }
  return next;
}

absl::StatusOr<std::string> AlarmService::NameOf(const std::string& arn) const {
  const std::optional<std::string> name = alarm::NameInArn(arn);
  if (!name.has_value() || arn != alarm::AlarmArn(options_.account, *name)) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("'", absl::CHexEscape(arn.substr(0, 300)),
                                                            "' is not the ARN of an alarm of this account and region"));
  }
  if (Find(*name) != nullptr) return *name;
  return ec2::Error("ResourceNotFoundException",
                    absl::StrCat("The alarm '", absl::CHexEscape(*name), "' does not exist"));
}

absl::StatusOr<TagMap> AlarmService::Tags(const std::string& arn) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(arn));
  return database_.ReadFor([&](store::Connection& c) { return AlarmTable(c).Tags(name); });
}

absl::Status AlarmService::Tag(const std::string& arn, const TagMap& tags) {
  MutexLock changing(change_mutex_);
  ASSIGN_OR_RETURN(const std::string name, NameOf(arn));
  return database_.Write([&](store::Connection& c) -> absl::Status {
    AlarmTable alarms(c);
    ASSIGN_OR_RETURN(TagMap all, alarms.Tags(name));
    for (const auto& [key, value] : tags) {
      all[key] = value;
      RETURN_IF_ERROR(alarms.SetTag(name, key, value));
    }
    return CheckAlarmTags(all);
  });
}

absl::Status AlarmService::Untag(const std::string& arn, const std::vector<std::string>& keys) {
  MutexLock changing(change_mutex_);
  ASSIGN_OR_RETURN(const std::string name, NameOf(arn));
  return database_.Write([&](store::Connection& c) -> absl::Status {
    for (const std::string& key : keys) RETURN_IF_ERROR(AlarmTable(c).DeleteTag(name, key));
    return absl::OkStatus();
  });
}

}  // namespace brume::cloudwatch
