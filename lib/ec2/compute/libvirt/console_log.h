// The files guests' serial output goes to: kept short while their writers hold them open, and read safely.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace brume::compute {

// The last `most_bytes` of DIRECTORY/NAME, preceded by those of DIRECTORY/NAME.1 where it is shorter. Follows no link.
// NotFound when there is no such directory; empty when there is no such file.
absl::StatusOr<std::string> ReadLogTail(const std::string& directory, const std::string& name, size_t most_bytes);

// When DIRECTORY/NAME has more than half of `limit` bytes, moves that much of its end to DIRECTORY/NAME.1, replacing
// it, and empties the file in place. Its writer must have it open to append. Both together stay under `limit`, but for
// what is written between two calls. OK when there is no such file.
absl::Status TrimLog(const std::string& directory, const std::string& name, int64_t limit);

// A thread that trims the logs of guests. Thread-safe.
class LogTrimmer {
 public:
  explicit LogTrimmer(int64_t limit);
  ~LogTrimmer();
  LogTrimmer(const LogTrimmer&) = delete;
  LogTrimmer& operator=(const LogTrimmer&) = delete;

  // From now on DIRECTORY/NAME is trimmed, and `companion` (a path, or empty) as well. When the directory goes, so does
  // the companion.
  void Watch(const std::string& directory, const std::string& name, const std::string& companion);
  // ReadLogTail that meets no log half trimmed.
  absl::StatusOr<std::string> Read(const std::string& directory, const std::string& name, size_t most_bytes);

 private:
  struct Log {
    std::string directory, name, companion;
    bool complained = false;
  };

  // False when the log's directory is gone.
  bool Trim(Log& log);
  void Run();

  const int64_t limit_;
  std::mutex trimming_;  // held while files change
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, Log> logs_;  // by directory
  std::thread thread_;
};

}  // namespace brume::compute
