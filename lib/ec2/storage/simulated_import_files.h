// Imports that read nothing: for `brumed --simulate`, and for tests.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/storage/import_files.h"

namespace brume::storage {

// Every file is a disk of the format asked for, raw where unset, whatever its location. Thread-safe.
class SimulatedImportFiles final : public ImportFiles {
 public:
  absl::StatusOr<PreparedDisk> Prepare(const ImportOrder& order, const ImportWatch& watch) override;
  absl::Status Remove(const std::string& id) override;
  absl::StatusOr<std::vector<std::string>> List() override;

 private:
  Mutex mutex_;
  std::set<std::string> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::storage
