// The files guests' serial output goes to: kept short while their writers hold them open, and read safely.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"

namespace brume::compute {

// The last `max_bytes` of DIRECTORY/NAME, preceded by those of DIRECTORY/NAME.1 where it is shorter. Follows no link.
// NotFound when there is no such directory; empty when there is no such file.
absl::StatusOr<std::string> ReadLogTail(const std::string& directory, const std::string& name, size_t max_bytes);

// When DIRECTORY/NAME has more than half of `limit` bytes, moves that much of its end to DIRECTORY/NAME.1, replacing
// it, and empties the file in place. Its writer must have it open to append. Both together stay under `limit`, but for
// what is written between two calls. OK when there is no such file.
absl::Status TrimLog(const std::string& directory, const std::string& name, int64_t limit);

// A thread that trims the logs of guests. Thread-safe.
class LogTrimmer {
 public:
  explicit LogTrimmer(int64_t limit);

  // From now on DIRECTORY/NAME is trimmed, and `companion` (a path, or empty) as well. When the directory goes, so does
  // the companion.
  void Watch(const std::string& directory, const std::string& name, const std::string& companion);
  // ReadLogTail that meets no log half trimmed.
  absl::StatusOr<std::string> Read(const std::string& directory, const std::string& name, size_t max_bytes);

 private:
  struct Log {
    std::string directory, name, companion;
    bool complained = false;
  };

  // False when the log's directory is gone.
  bool Trim(Log& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(trimming_);
  void TrimAll() ABSL_LOCKS_EXCLUDED(trimming_, mutex_);

  const int64_t limit_;
  Mutex trimming_;  // held while files change
  Mutex mutex_;
  std::map<std::string, Log> logs_ ABSL_GUARDED_BY(mutex_);  // by directory
  Periodic loop_;                                            // last: it uses all the others
};

}  // namespace brume::compute
