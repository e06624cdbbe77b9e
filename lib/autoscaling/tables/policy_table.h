// Repositories of the scaling policies and the scheduled actions of Auto Scaling groups.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

class PolicyTable {
 public:
  explicit PolicyTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Makes or replaces the policy of that name, which keeps its id; sets `seq` and `id` as they are then.
  absl::Status Put(int64_t group_seq, scaling::PolicyRecord& policy);
  // In order of their creation; of all groups without `group`.
  absl::StatusOr<std::vector<scaling::PolicyRecord>> List(const std::optional<std::string>& group);
  absl::Status Delete(int64_t seq);

 private:
  store::Connection& connection_;
};

class ScheduleTable {
 public:
  explicit ScheduleTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Makes or replaces the action of that name, which keeps its id.
  absl::Status Put(int64_t group_seq, const scaling::ScheduleRecord& schedule);
  // Runs until then were taken. OK when the action is gone.
  absl::Status SetEvaluatedUntil(int64_t seq, absl::Time evaluated_until);
  absl::StatusOr<std::vector<scaling::ScheduleRecord>> List(const std::optional<std::string>& group);
  absl::Status Delete(int64_t seq);

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
