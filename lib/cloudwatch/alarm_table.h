// Repository of alarms: definitions, states, tags.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/cloudwatch/model/alarm.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/database.h"

namespace brume::cloudwatch {

class AlarmTable {
 public:
  explicit AlarmTable(store::Connection& connection) : connection_(connection) {}

  absl::StatusOr<std::vector<alarm::Alarm>> List();
  // Inserts, or replaces definition and state of the one of the same name; tags stay.
  absl::Status Put(const alarm::Alarm& alarm);
  absl::Status SetState(const alarm::Alarm& alarm);
  absl::Status SetActionsEnabled(const std::string& name, bool enabled, absl::Time configured);
  absl::Status Delete(const std::string& name);

  absl::Status SetTag(const std::string& name, const std::string& key, const std::string& value);
  absl::Status DeleteTag(const std::string& name, const std::string& key);
  absl::StatusOr<TagMap> Tags(const std::string& name);

 private:
  absl::Status InsertParts(const alarm::Alarm& alarm);

  store::Connection& connection_;
};

}  // namespace brume::cloudwatch
