// Rows of tasks that replace root volumes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/compute/model/root_replacement.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

class RootReplacementTable {
 public:
  explicit RootReplacementTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const RootReplacement& task);
  // Error: InvalidReplaceRootVolumeTaskId.NotFound.
  absl::StatusOr<RootReplacement> Get(const ReplaceRootVolumeTaskId& id);
  // Aborted unless the row still has task.version; sets the next version in `task`.
  absl::Status Update(RootReplacement& task);
  absl::StatusOr<std::vector<RootReplacement>> List();
  // Whatever became of them.
  absl::StatusOr<std::vector<RootReplacement>> ListOf(const InstanceId& id);
  // The one that is under way; an instance has one at most.
  absl::StatusOr<std::optional<RootReplacement>> FindInWork(const InstanceId& id);
  absl::StatusOr<std::vector<InstanceId>> ListInstancesInWork();
  absl::StatusOr<std::optional<RootReplacement>> FindByToken(const std::string& client_token);

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
