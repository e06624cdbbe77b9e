#include "lib/cloudwatch/alarm_change.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/cloudwatch/alarm_text.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/cloudwatch/model/suppression.h"

namespace brume::cloudwatch {
namespace {

using alarm::Alarm;
using alarm::DueAction;
using alarm::Kind;
using alarm::State;
using alarm::SuppressedBy;

std::string NewUuid(Random& random) {
  const std::string hex = random.Hex(32);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-4", hex.substr(13, 3), "-a", hex.substr(17, 3), "-",
                      hex.substr(20));
}

}  // namespace

const Alarm* AlarmChange::Find(const std::string& name) const {
  if (deleted.contains(name)) return nullptr;
  for (const auto* changed : {&puts, &states}) {
    if (const auto found = changed->find(name); found != changed->end()) return found->second.get();
  }
  const AlarmIndex::Entry* const entry = before_.Find(name);
  return entry == nullptr ? nullptr : entry->alarm.get();
}

const alarm::Rule* AlarmChange::RuleOf(const std::string& name) const {
  if (const auto found = rules.find(name); found != rules.end()) return found->second.get();
  const AlarmIndex::Entry* const entry = before_.Find(name);
  return entry == nullptr ? nullptr : entry->rule.get();
}

// The alarm must be there.
Alarm& AlarmChange::Edit(const std::string& name) {
  if (const auto put = puts.find(name); put != puts.end()) return *put->second;
  auto& changed = states[name];
  if (changed == nullptr) changed = std::make_shared<Alarm>(*before_.Find(name)->alarm);
  return *changed;
}

void AlarmChange::Put(Alarm alarm, AlarmRulePtr rule, bool is_new) {
  items.push_back(ConfigurationItem(is_new ? "created" : "updated", alarm, now_, account_));
  const std::string name = alarm.name;
  if (is_new) created.insert(name);
  rules[name] = std::move(rule);
  puts[name] = std::make_shared<Alarm>(std::move(alarm));
}

void AlarmChange::Delete(const std::string& name) {
  items.push_back(ConfigurationItem("deleted", *Find(name), now_, account_));
  deleted.insert(name);
}

void AlarmChange::EnableActions(const std::string& name, bool enabled) {
  Alarm changed = *Find(name);
  if (changed.actions_enabled == enabled) return;
  changed.actions_enabled = enabled;
  changed.configured = now_;
  Put(std::move(changed), before_.Find(name)->rule, /*is_new=*/false);
}

void AlarmChange::SetState(const std::string& name, State state, std::string reason, std::string reason_data) {
  Alarm& after = Edit(name);
  const Alarm before = after;
  after.state = state;
  after.reason = std::move(reason);
  after.reason_data = std::move(reason_data);
  after.updated = now_;
  if (before.state == state) return;
  after.transitioned = now_;
  items.push_back(StateItem(before, after));
  if (after.suppressor.alarm.empty()) {
    after.acted_on = state;
    Ask(before, after);
  } else {
    suppressible_.insert(name);
  }
  transitioned_.insert(name);
  for (const std::string& parent : before_.ParentsOf(name)) Enqueue(parent);
  const std::set<std::string>& held = before_.SuppressedBy(name);
  suppressible_.insert(held.begin(), held.end());
}

void AlarmChange::Evaluate(const std::string& name) {
  const Alarm* composite = Find(name);
  const alarm::Rule* rule = RuleOf(name);
  if (composite == nullptr || rule == nullptr) return;
  const bool holds = rule->Holds([&](absl::string_view text) {
    const Alarm* child = Find(AlarmNameIn(std::string(text)));
    // One that is named and not there tells nothing.
    return child == nullptr ? State::kInsufficientData : child->state;
  });
  const State state = holds ? State::kAlarm : State::kOk;
  if (state == composite->state) return;
  std::vector<const Alarm*> children;
  for (const std::string& text : rule->alarms()) {
    const Alarm* child = Find(AlarmNameIn(text));
    if (child != nullptr && (child->state == State::kAlarm || transitioned_.contains(child->name))) {
      children.push_back(child);
    }
  }
  std::string reason;
  if (const auto cause = std::find_if(children.begin(), children.end(),
                                      [&](const Alarm* child) { return transitioned_.contains(child->name); });
      cause != children.end()) {
    reason = absl::StrCat(alarm::AlarmArn(account_, (*cause)->name), " transitioned to ", StateName((*cause)->state),
                          " at ", absl::FormatTime("%A %d %B, %Y %H:%M:%S UTC", now_, absl::UTCTimeZone()));
  } else {
    reason = absl::StrCat("The rule ", holds ? "holds" : "does not hold", " for the alarms it names");
  }
  SetState(name, state, std::move(reason), CompositeReasonData(children, account_));
}

// How many levels of composite alarms are below it, so that each is evaluated after those it names.
int AlarmChange::DepthOf(const std::string& name) {
  const auto [entry, inserted] = depths_.emplace(name, 0);
  if (!inserted) return entry->second;
  const alarm::Rule* rule = RuleOf(name);
  if (rule == nullptr) return 0;
  int depth = 0;
  for (const std::string& text : rule->alarms()) depth = std::max(depth, DepthOf(AlarmNameIn(text)) + 1);
  depths_[name] = depth;
  return depth;
}

void AlarmChange::Enqueue(const std::string& name) { to_evaluate_.emplace(DepthOf(name), name); }

void AlarmChange::Follow() {
  while (!to_evaluate_.empty()) {
    const std::string name = to_evaluate_.begin()->second;
    to_evaluate_.erase(to_evaluate_.begin());
    Evaluate(name);
  }
  for (const std::string& name : suppressible_) Suppress(name);
}

void AlarmChange::Suppress(const std::string& name) {
  const Alarm* composite = Find(name);
  if (composite == nullptr || composite->suppressor.alarm.empty()) return;
  const Alarm* suppressor = Find(AlarmNameIn(composite->suppressor.alarm));
  const alarm::Suppression held =
      alarm::Suppress(*composite, suppressor == nullptr ? State::kInsufficientData : suppressor->state,
                      transitioned_.contains(name), now_);
  const bool act = held.by == SuppressedBy::kNobody && composite->state != composite->acted_on;
  if (!act && held.by == composite->suppressed_by && held.until == composite->suppressed_until) return;
  Alarm& after = Edit(name);
  after.suppressed_by = held.by;
  after.suppressed_until = held.until;
  waits = waits || held.until > now_;
  if (!act) return;
  Alarm before = after;
  before.state = after.acted_on;
  after.acted_on = after.state;
  Ask(before, after);
}

void AlarmChange::Ask(const Alarm& before, const Alarm& after) {
  if (!after.actions_enabled) return;
  for (const std::string& action : after.ActionsOf(after.state)) {
    // It was checked when it was put; what an older version took and this one does not know is reported by who executes
    // it.
    const absl::StatusOr<alarm::ActionKind> kind = alarm::ParseAction(action);
    DueAction asked;
    asked.alarm = after.name;
    asked.kind = after.kind;
    asked.action = action;
    asked.state = after.state;
    asked.time = now_;
    if (kind.ok() && *kind == alarm::ActionKind::kWebhook) {
      asked.message_id = NewUuid(random_);
      asked.message = WebhookMessage(before, after, asked.message_id, account_);
    }
    for (const Dimension& dimension : after.watch.metric.dimensions) {
      if (kind.ok() && alarm::IsOnInstance(*kind) && dimension.name == "InstanceId") {
        asked.instance_id = dimension.value;
      }
    }
    due.push_back(std::move(asked));
  }
}

}  // namespace brume::cloudwatch
