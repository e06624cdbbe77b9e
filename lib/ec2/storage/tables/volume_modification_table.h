// Rows of modifications of volumes: the latest of each.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/volume_modification.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class VolumeModificationTable {
 public:
  explicit VolumeModificationTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // In the place of an earlier one.
  absl::Status Put(const VolumeModification& modification);
  absl::StatusOr<std::optional<VolumeModification>> Find(const VolumeId& id);
  // Aborted unless the row still has modification.version; sets the next version in `modification`.
  absl::Status Update(VolumeModification& modification);
  absl::StatusOr<std::vector<VolumeModification>> List();

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
