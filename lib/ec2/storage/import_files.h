// Port: the host's work for imports: fetching, checking, unpacking and converting what strangers made.
//
// Every method is idempotent and thread-safe; blocking.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/import_source.h"
#include "lib/ec2/storage/model/import_task.h"

namespace brume::storage {

struct ImportOrder {
  std::string id;       // the task's: names its directory
  ImportSource source;  // of the catalogue no more: its entry's URL
  std::string format;   // one of kImportFormats; empty = whatever it is
};

struct ImportProgress {
  std::string message;  // EC2's words: "downloading", "validating", "converting"
  int percent = 0;      // of the whole import
};

// Called now and then; when it answers no, the work is given up with Cancelled.
using ImportWatch = std::function<bool(const ImportProgress& progress)>;

// A disk that stands for itself and has been checked: a qcow2 file in the task's directory.
struct PreparedDisk {
  std::string path;
  std::string format;      // what it was: one of kImportFormats
  int64_t size_bytes = 0;  // of the file that was read
};

class ImportFiles {
 public:
  virtual ~ImportFiles() = default;

  // What was fetched before is not fetched again. Errors: those of Disks::Import; InvalidArgument also where the file
  // is not what was expected of it; Unavailable and DeadlineExceeded of a server that may answer later; Cancelled.
  virtual absl::StatusOr<PreparedDisk> Prepare(const ImportOrder& order, const ImportWatch& watch) = 0;
  // All that it has of a task. OK when there is nothing.
  virtual absl::Status Remove(const std::string& id) = 0;
  // Tasks that it has files of.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
};

}  // namespace brume::storage
