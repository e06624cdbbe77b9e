// Repository of instance refreshes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/autoscaling/model/record.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::autoscaling {

class RefreshTable {
 public:
  explicit RefreshTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // Sets `seq`.
  absl::Status Insert(int64_t group_seq, scaling::Refresh& refresh);
  // The newest first.
  absl::StatusOr<std::vector<scaling::Refresh>> List(int64_t group_seq);
  // The one that is not over.
  absl::StatusOr<std::optional<scaling::Refresh>> Active(int64_t group_seq);
  // Writes how far it has come. Aborted unless the row still has `version`; sets the next one.
  absl::Status Update(scaling::Refresh& refresh);
  // Keeps the newest `keep`.
  absl::Status Trim(int64_t group_seq, int keep);

 private:
  store::Connection& connection_;
};

}  // namespace brume::autoscaling
