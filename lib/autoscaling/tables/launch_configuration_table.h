// Repository of launch configurations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

class LaunchConfigurationTable {
 public:
  explicit LaunchConfigurationTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const scaling::LaunchConfiguration& made);  // AlreadyExists when the name is taken
  absl::StatusOr<std::optional<scaling::LaunchConfiguration>> Find(const std::string& name);
  absl::StatusOr<std::vector<scaling::LaunchConfiguration>> List();
  absl::StatusOr<int64_t> Count();
  absl::Status Delete(const std::string& name);

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
