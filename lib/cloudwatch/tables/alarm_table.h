// Repository of alarms: definitions, states, tags.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::cloudwatch {

class AlarmTable {
 public:
  explicit AlarmTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::StatusOr<std::vector<alarm::Alarm>> List();
  absl::Status Insert(const alarm::Alarm& alarm);  // AlreadyExists when the name is taken
  // These are Aborted unless the row still has `version`, of which they set the next. Update replaces definition and
  // state, tags stay; UpdateState leaves the definition.
  absl::Status Update(alarm::Alarm& alarm);
  absl::Status UpdateState(alarm::Alarm& alarm);
  absl::Status Delete(const std::string& name);

  absl::Status SetTag(const std::string& name, const std::string& key, const std::string& value);
  absl::Status DeleteTag(const std::string& name, const std::string& key);
  absl::StatusOr<TagMap> Tags(const std::string& name);

 private:
  store::Connection& connection_;
};

}  // namespace brume::cloudwatch
