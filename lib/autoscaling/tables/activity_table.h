// Repository of scaling activities, which outlive their group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

struct ActivityFilter {
  std::vector<std::string> tokens;         // empty = all
  std::optional<std::string> group;        // none = of all groups
  bool deleted_groups = false;             // those of groups that are gone too
  std::vector<std::string> statuses = {};  // as numbers; empty = all
  absl::Time started_from = absl::UnixEpoch();
  absl::Time started_until = absl::InfiniteFuture();
  std::optional<int64_t> before;  // a seq
  int max_records = 100;
};

class ActivityTable {
 public:
  explicit ActivityTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // One whose token is there stays as it is.
  absl::Status Insert(const scaling::Activity& activity);
  // The newest first.
  absl::StatusOr<std::vector<scaling::Activity>> List(const ActivityFilter& filter);
  // Not ended, of a member; the oldest first.
  absl::StatusOr<std::vector<scaling::Activity>> ListOpen(int64_t group_seq, const std::string& member);
  // Writes instance, description, status, message and end. Whoever does writes the group's row in the same change.
  absl::Status Update(const scaling::Activity& activity);
  // Ended before `limit`, at most `max_rows`.
  absl::Status DeleteBefore(absl::Time limit, int max_rows);

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
