#include "lib/cloudwatch/alarm_index.h"

#include <utility>

namespace brume::cloudwatch {

std::string AlarmNameIn(const std::string& text) { return alarm::NameInArn(text).value_or(text); }

const AlarmIndex::Entry* AlarmIndex::Find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<AlarmPtr> AlarmIndex::List() const {
  std::vector<AlarmPtr> all;
  all.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) all.push_back(entry.alarm);
  return all;
}

std::vector<AlarmPtr> AlarmIndex::ChildrenOf(const Entry& composite) const {
  std::set<std::string> names;
  if (composite.rule != nullptr) {
    for (const std::string& text : composite.rule->alarms()) names.insert(AlarmNameIn(text));
  }
  std::vector<AlarmPtr> children;
  for (const std::string& name : names) {
    if (const Entry* const child = Find(name); child != nullptr) children.push_back(child->alarm);
  }
  return children;
}

const std::set<std::string>& AlarmIndex::NamesOf(const Names& index, absl::string_view key) {
  static const std::set<std::string> kNone;
  const auto found = index.find(key);
  return found == index.end() ? kNone : found->second;
}

const std::set<std::string>& AlarmIndex::ParentsOf(const std::string& name) const { return NamesOf(parents_, name); }

const std::set<std::string>& AlarmIndex::SuppressedBy(const std::string& name) const {
  return NamesOf(suppressed_, name);
}

const std::set<std::string>& AlarmIndex::WithAlarmAction(absl::string_view action) const {
  return NamesOf(by_alarm_action_, action);
}

std::set<std::string> AlarmIndex::Suppressible() const {
  std::set<std::string> all;
  for (const auto& [suppressor, names] : suppressed_) all.insert(names.begin(), names.end());
  return all;
}

bool AlarmIndex::DependsOn(const std::string& name, const std::string& on) const {
  std::vector<std::string> to_see = {name};
  std::set<std::string> seen = {name};
  while (!to_see.empty()) {
    const std::string next = std::move(to_see.back());
    to_see.pop_back();
    if (next == on) return true;
    const Entry* const entry = Find(next);
    if (entry == nullptr || entry->rule == nullptr) continue;
    for (const std::string& text : entry->rule->alarms()) {
      if (seen.insert(AlarmNameIn(text)).second) to_see.push_back(AlarmNameIn(text));
    }
  }
  return false;
}

void AlarmIndex::Put(AlarmPtr alarm, AlarmRulePtr rule) {
  const std::string name = alarm->name;
  const Entry* const known = Find(name);
  const double breach = known == nullptr ? 0 : known->breach;
  Erase(name);
  if (rule != nullptr) {
    for (const std::string& text : rule->alarms()) parents_[AlarmNameIn(text)].insert(name);
  }
  if (!alarm->suppressor.alarm.empty()) suppressed_[AlarmNameIn(alarm->suppressor.alarm)].insert(name);
  for (const std::string& action : alarm->ActionsOf(alarm::State::kAlarm)) by_alarm_action_[action].insert(name);
  entries_[name] = {.alarm = std::move(alarm), .rule = std::move(rule), .breach = breach};
}

void AlarmIndex::SetBreach(const std::string& name, double breach) {
  if (const auto found = entries_.find(name); found != entries_.end()) found->second.breach = breach;
}

void AlarmIndex::Erase(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  const auto take_out = [&](Names& index, const std::string& key) {
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
  for (const std::string& action : entry.alarm->ActionsOf(alarm::State::kAlarm)) take_out(by_alarm_action_, action);
  entries_.erase(found);
}

}  // namespace brume::cloudwatch
