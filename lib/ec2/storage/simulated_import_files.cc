#include "lib/ec2/storage/simulated_import_files.h"

#include "absl/strings/str_cat.h"

namespace brume::storage {

absl::StatusOr<PreparedDisk> SimulatedImportFiles::Prepare(const ImportOrder& order, const ImportWatch& watch) {
  {
    MutexLock lock(mutex_);
    tasks_.insert(order.id);
  }
  if (!watch({.message = "converting", .percent = 50})) return absl::CancelledError("the import was ended");
  return PreparedDisk{.path = absl::StrCat("/simulated/imports/", order.id, "/disk.qcow2"),
                      .format = order.format.empty() ? "raw" : order.format,
                      .size_bytes = int64_t{1} << 30};
}

absl::Status SimulatedImportFiles::Remove(const std::string& id) {
  MutexLock lock(mutex_);
  tasks_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimulatedImportFiles::List() {
  MutexLock lock(mutex_);
  return std::vector<std::string>(tasks_.begin(), tasks_.end());
}

}  // namespace brume::storage
