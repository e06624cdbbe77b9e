// Repository of what happened to alarms, and of the actions that are still to be taken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::cloudwatch {

class AlarmHistoryTable {
 public:
  explicit AlarmHistoryTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Evicts all but the newest `keep` items of the same alarm.
  absl::Status Append(const alarm::HistoryItem& item, int keep);
  absl::StatusOr<std::vector<alarm::HistoryItem>> Find(const alarm::HistoryQuery& query);
  // At most `max_rows` of those before `oldest`, so that the writer is not held. True when there may be more.
  absl::StatusOr<bool> Evict(absl::Time oldest, int max_rows);

 private:
  store::Connection& connection_;
};

// In the order they came; what is in here is not over.
class AlarmDueActionTable {
 public:
  explicit AlarmDueActionTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Numbers `due`.
  absl::Status Add(alarm::DueAction& due);
  absl::StatusOr<std::vector<alarm::DueAction>> List();
  // The oldest of an alarm's for one action.
  absl::StatusOr<std::optional<alarm::DueAction>> First(const std::string& alarm, const std::string& action);
  absl::Status SetStep(int64_t number, alarm::Step step);
  absl::Status Remove(int64_t number);

 private:
  store::Connection& connection_;
};

}  // namespace brume::cloudwatch
