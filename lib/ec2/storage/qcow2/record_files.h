// Files of records: STATE/records/ID.json, for the daemon alone. Thread-safe; blocking.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

class RecordFiles {
 public:
  explicit RecordFiles(UniqueFd directory) : directory_(std::move(directory)) {}

  // As Disks' methods of these names.
  absl::Status Write(const DiskRecord& record);
  absl::Status Remove(const std::string& id);
  // Files that are no records are left out.
  absl::StatusOr<std::vector<DiskRecord>> ReadAll();

 private:
  const UniqueFd directory_;
};

}  // namespace brume::storage
