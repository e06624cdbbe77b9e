// Repositories of what belongs to Auto Scaling groups: policies, scheduled actions, refreshes; and of launch
// configurations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

class PolicyTable {
 public:
  explicit PolicyTable(store::Connection& connection) : connection_(connection) {}

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

  absl::Status Put(int64_t group_seq, scaling::ScheduleRecord& schedule);
  absl::StatusOr<std::vector<scaling::ScheduleRecord>> List(const std::optional<std::string>& group);
  absl::Status Delete(int64_t seq);

 private:
  store::Connection& connection_;
};

class RefreshTable {
 public:
  explicit RefreshTable(store::Connection& connection) : connection_(connection) {}

  absl::Status Insert(int64_t group_seq, scaling::Refresh& refresh);
  // The newest first.
  absl::StatusOr<std::vector<scaling::Refresh>> List(int64_t group_seq);
  // The one that is not over.
  absl::StatusOr<std::optional<scaling::Refresh>> Active(int64_t group_seq);
  absl::Status Update(const scaling::Refresh& refresh);
  // Keeps the newest `most`.
  absl::Status Trim(int64_t group_seq, int most);

 private:
  store::Connection& connection_;
};

class LaunchConfigurationTable {
 public:
  explicit LaunchConfigurationTable(store::Connection& connection) : connection_(connection) {}

  absl::Status Insert(const scaling::LaunchConfiguration& made);  // AlreadyExists when the name is taken
  absl::StatusOr<std::optional<scaling::LaunchConfiguration>> Find(const std::string& name);
  absl::StatusOr<std::vector<scaling::LaunchConfiguration>> List();
  absl::StatusOr<int64_t> Count();
  absl::Status Delete(const std::string& name);

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
