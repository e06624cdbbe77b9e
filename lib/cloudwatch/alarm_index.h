// All alarms in memory, and who depends on whom. It keeps what it is given and decides nothing: AlarmChange works out
// changes, AlarmService writes them and puts them here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/cloudwatch/model/alarm_rule.h"

namespace brume::cloudwatch {

using AlarmPtr = std::shared_ptr<const alarm::Alarm>;
using AlarmRulePtr = std::shared_ptr<const alarm::Rule>;

// The name that a rule or a suppressor gives: an alarm's name or its ARN.
std::string AlarmNameIn(const std::string& text);

// Not thread-safe: its owner has the lock.
class AlarmIndex {
 public:
  struct Entry {
    AlarmPtr alarm;
    AlarmRulePtr rule;  // of a composite alarm
    double breach = 0;  // the newest datapoint less the threshold
  };

  size_t size() const { return entries_.size(); }
  // Null when there is none.
  const Entry* Find(const std::string& name) const;
  // By name.
  std::vector<AlarmPtr> List() const;
  // The alarms that a composite alarm's rule names, as far as they are there.
  std::vector<AlarmPtr> ChildrenOf(const Entry& composite) const;
  // Composite alarms whose rules name an alarm, and those whose actions it may hold back.
  const std::set<std::string>& ParentsOf(const std::string& name) const;
  const std::set<std::string>& SuppressedBy(const std::string& name) const;
  // Composite alarms whose actions anything may hold back.
  std::set<std::string> Suppressible() const;
  // Alarms that name `action` among their AlarmActions.
  const std::set<std::string>& WithAlarmAction(absl::string_view action) const;
  // Whether what `name` says depends on `on`, at any distance.
  bool DependsOn(const std::string& name, const std::string& on) const;

  // A new alarm or a new definition of one; `rule` is that of a composite one. Its breach stays.
  void Put(AlarmPtr alarm, AlarmRulePtr rule);
  // Another state of an alarm that is there.
  void SetState(AlarmPtr alarm) { entries_.at(alarm->name).alarm = std::move(alarm); }
  // Does nothing where the alarm is not there.
  void SetBreach(const std::string& name, double breach);
  void Erase(const std::string& name);

 private:
  using Names = std::map<std::string, std::set<std::string>, std::less<>>;

  static const std::set<std::string>& NamesOf(const Names& index, absl::string_view key);

  std::map<std::string, Entry> entries_;
  // Composite alarms by what their rules name, or what may hold back their actions.
  Names parents_, suppressed_;
  Names by_alarm_action_;
};

}  // namespace brume::cloudwatch
