// Instance refreshes: members are replaced, some at a time, by what the group's definition says now.
// Source of behaviour: Auto Scaling API reference, StartInstanceRefresh, CancelInstanceRefresh,
// RollbackInstanceRefresh, DescribeInstanceRefreshes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/record.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// Thread-safe.
class RefreshService {
 public:
  RefreshService(store::Database& database, const Clock& clock, Random& random,
                 std::function<void(const std::string& group)> wake)
      : database_(database), clock_(clock), random_(random), wake_(std::move(wake)) {}

  // Its id. Errors: ValidationError, InstanceRefreshInProgress.
  absl::StatusOr<std::string> Start(const std::string& group, const scaling::RefreshPreferences& preferences,
                                    const std::optional<scaling::LaunchDefinition>& desired);
  // The id of what is cancelled. Error: ActiveInstanceRefreshNotFound.
  absl::StatusOr<std::string> Cancel(const std::string& group);
  // The id of what is rolled back. Errors: ActiveInstanceRefreshNotFound, IrreversibleInstanceRefresh when it had no
  // desired configuration to go back from.
  absl::StatusOr<std::string> Rollback(const std::string& group);
  // The newest first; those of `ids`, all without.
  absl::StatusOr<std::vector<scaling::Refresh>> Describe(const std::string& group, absl::Span<const std::string> ids);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const std::string&)> wake_;
};

}  // namespace brume::autoscaling
