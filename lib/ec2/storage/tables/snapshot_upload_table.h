// Rows of snapshots that are put together block by block.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/block.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class SnapshotUploadTable {
 public:
  explicit SnapshotUploadTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const SnapshotUpload& upload);
  absl::StatusOr<std::optional<SnapshotUpload>> Find(const SnapshotId& id);
  absl::StatusOr<std::optional<SnapshotUpload>> FindToken(const std::string& client_token);
  absl::Status Update(SnapshotUpload& upload);  // Aborted on a lost race

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
