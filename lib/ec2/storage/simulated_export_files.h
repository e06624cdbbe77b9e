// Exports that write nothing: for `brumed --simulate`, and for tests.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/storage/export_files.h"

namespace brume::storage {

// Every bucket is there whose name does not begin with "no-". Thread-safe.
class SimulatedExportFiles final : public ExportFiles {
 public:
  absl::Status CheckBucket(const std::string& bucket) override;
  absl::Status Export(const ExportOrder& order, const ImportWatch& watch) override;
  absl::Status Store(const StoreOrder& order, const ImportWatch& watch) override;
  absl::StatusOr<std::string> ReadStored(const ExportPlace& place) override;
  absl::StatusOr<std::string> Unpack(const std::string& id, const ExportPlace& place,
                                     const ImportWatch& watch) override;
  absl::Status Remove(const std::string& id, const ExportPlace& place) override;

  absl::StatusOr<std::vector<std::string>> List() override { return std::vector<std::string>(); }

  // What the file was made as: a format, or "store"; empty = there is none.
  std::string KindOf(const ExportPlace& place);
  // What the next work ends with.
  void FailWith(absl::Status status);

 private:
  struct File {
    std::string kind, task, description;
  };
  absl::Status Write(const std::string& id, const ExportPlace& place, File file, const ImportWatch& watch);

  Mutex mutex_;
  std::map<std::pair<std::string, std::string>, File> files_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::storage
