// One change of alarms before it is written: new states, what follows from them for composite alarms, the history of it
// all, and the actions that it asks for.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/alarm_index.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/resource/account.h"
#include "lib/resource/tags.h"

namespace brume::cloudwatch {

// Used while `before` stands still: under the service's lock for changes.
class AlarmChange {
 public:
  AlarmChange(const AlarmIndex& before, const Account& account, Random& random, absl::Time now)
      : before_(before), account_(account), random_(random), now_(now) {}

  const AlarmIndex& before() const { return before_; }

  // An alarm as this change leaves it. Null when there is none.
  const alarm::Alarm* Find(const std::string& name) const;

  // Definition and state as they stand; `rule` is that of a composite one.
  void Put(alarm::Alarm alarm, AlarmRulePtr rule, bool is_new);
  void Delete(const std::string& name);
  void EnableActions(const std::string& name, bool enabled);
  void SetState(const std::string& name, alarm::State state, std::string reason, std::string reason_data);
  // Evaluates a composite alarm by the states of those it names.
  void Evaluate(const std::string& name);
  // Evaluates again what is suppressed.
  void Reconsider(const std::string& name) { suppressible_.insert(name); }

  // Evaluates the composite alarms that depend on what has changed, each once and after all it depends on; then what
  // suppressors hold back or let go.
  void Follow();

  bool empty() const { return puts.empty() && states.empty() && deleted.empty(); }

  // What is to be written, and remembered.
  std::map<std::string, std::shared_ptr<alarm::Alarm>> puts, states;
  std::map<std::string, AlarmRulePtr> rules;  // of `puts`
  std::set<std::string> created;              // of `puts`, those that are new
  TagMap new_tags;                            // of the one that is put
  std::set<std::string> deleted;
  std::vector<alarm::HistoryItem> items;
  std::vector<alarm::DueAction> due;
  bool waits = false;  // there are actions that wait for a time

 private:
  alarm::Alarm& Edit(const std::string& name);
  const alarm::Rule* RuleOf(const std::string& name) const;
  int DepthOf(const std::string& name);
  void Enqueue(const std::string& name);
  void Suppress(const std::string& name);
  void Ask(const alarm::Alarm& before, const alarm::Alarm& after);

  const AlarmIndex& before_;
  const Account& account_;
  Random& random_;
  const absl::Time now_;
  std::map<std::string, int> depths_;
  std::set<std::pair<int, std::string>> to_evaluate_;  // those that name fewer levels of others first
  std::set<std::string> transitioned_, suppressible_;
};

}  // namespace brume::cloudwatch
