// Looks through the database's pages now and then, and keeps what it found for the doctor and the metrics.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"

namespace brume::daemon {

// Thread-safe, but for Start and Stop.
class DatabaseWatch {
 public:
  explicit DatabaseWatch(std::string path);

  // Looks for the first time a few minutes later, and every six hours from then on. Damage is logged each time.
  void Start();
  void Stop();
  // Now, on the calling thread.
  void Check();

  // Of the last check; OK before there was one.
  absl::Status Found() const;
  // For Prometheus: whether there is damage.
  std::string ExpositionText() const;

 private:
  const std::string path_;
  mutable Mutex mutex_;
  absl::Status found_ ABSL_GUARDED_BY(mutex_);
  Periodic periodic_;
};

}  // namespace brume::daemon
