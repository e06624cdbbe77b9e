// What the service of alarms shows of them, and their tags.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_change.h"
#include "lib/cloudwatch/alarm_history_table.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/alarm_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::cloudwatch {

std::vector<AlarmPtr> AlarmService::List() const {
  std::lock_guard lock(mutex_);
  std::vector<AlarmPtr> all;
  all.reserve(alarms_.size());
  for (const auto& [name, entry] : alarms_) all.push_back(entry.alarm);
  return all;
}

AlarmPtr AlarmService::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = alarms_.find(name);
  return found == alarms_.end() ? nullptr : found->second.alarm;
}

absl::StatusOr<std::vector<AlarmPtr>> AlarmService::ChildrenOf(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = alarms_.find(name);
  if (found == alarms_.end()) {
    return ec2::Error("ResourceNotFound", absl::StrCat("The alarm '", absl::CHexEscape(name), "' does not exist"));
  }
  std::set<std::string> names;
  if (found->second.rule != nullptr) {
    for (const std::string& text : found->second.rule->alarms()) names.insert(AlarmNameIn(text));
  }
  std::vector<AlarmPtr> children;
  for (const std::string& child : names) {
    if (const auto entry = alarms_.find(child); entry != alarms_.end()) children.push_back(entry->second.alarm);
  }
  return children;
}

absl::StatusOr<std::vector<AlarmPtr>> AlarmService::ParentsOf(const std::string& name) const {
  std::lock_guard lock(mutex_);
  if (!alarms_.contains(name)) {
    return ec2::Error("ResourceNotFound", absl::StrCat("The alarm '", absl::CHexEscape(name), "' does not exist"));
  }
  std::vector<AlarmPtr> parents;
  if (const auto found = parents_.find(name); found != parents_.end()) {
    for (const std::string& parent : found->second) parents.push_back(alarms_.at(parent).alarm);
  }
  return parents;
}

absl::StatusOr<std::vector<alarm::HistoryItem>> AlarmService::History(const alarm::HistoryQuery& query) {
  return database_.ReadFor([&](store::Connection& c) { return AlarmHistoryTable(c).Find(query); });
}

std::vector<AlarmService::ActionAlarm> AlarmService::AlarmsFor(absl::string_view action) const {
  std::lock_guard lock(mutex_);
  std::vector<ActionAlarm> found;
  const auto names = by_alarm_action_.find(action);
  if (names == by_alarm_action_.end()) return found;
  for (const std::string& name : names->second) {
    const Entry& entry = alarms_.at(name);
    if (!entry.alarm->actions_enabled) continue;
    found.push_back({.name = name,
                     .arn = alarm::AlarmArn(options_.account, name),
                     .state = entry.alarm->state,
                     .breach = entry.breach,
                     .since = entry.alarm->transitioned});
  }
  return found;
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
  std::lock_guard changing(change_mutex_);
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
  std::lock_guard changing(change_mutex_);
  ASSIGN_OR_RETURN(const std::string name, NameOf(arn));
  return database_.Write([&](store::Connection& c) -> absl::Status {
    for (const std::string& key : keys) RETURN_IF_ERROR(AlarmTable(c).DeleteTag(name, key));
    return absl::OkStatus();
  });
}

}  // namespace brume::cloudwatch
