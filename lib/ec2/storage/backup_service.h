// Backups of the whole installation while it runs: a snapshot of every volume, then the database, then all files that
// either needs. What is in a backup is what was there at one instant for each instance's volumes, and the database of
// an instant after that, so that none of its rows names a disk that is not there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/backup_files.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/store/database.h"

namespace brume::storage {

struct BackupParts {
  store::Database& database;
  std::string database_path;
  BackupFiles& files;
  const Clock& clock;
  Random& random;
  std::string version;  // of this program
  // A snapshot is there to be taken, or to be removed; must not block.
  std::function<void(const SnapshotId& id)> wake;
};

enum class BackupState { kRunning, kCompleted, kFailed, kCancelled };
absl::string_view StateName(BackupState state);

struct BackupView {
  std::string id, directory;
  BackupState state = BackupState::kRunning;
  std::string message;  // what is being done, or why it failed
  BackupProgress progress;
};

// Thread-safe, but for Start and Stop. One backup at a time; it is forgotten when the process ends.
class BackupService {
 public:
  explicit BackupService(BackupParts parts);

  // Removes the snapshots of a backup that an end of the process cut off.
  void Start();
  // Cancels.
  void Stop();

  // Answers when the directory is found good; the backup goes on in the background. Errors: OperationNotPermitted while
  // one is being made, and where the directory cannot be used; InvalidParameterValue.
  absl::StatusOr<std::string> Begin(const BackupTarget& target);
  // The one begun last.
  std::optional<BackupView> Last() const;
  // Does nothing when none is being made.
  void Cancel();

 private:
  struct Order {
    BackupDescription about;
    std::unique_ptr<BackupWriter> writer;
  };

  absl::Duration Work();
  absl::Status Run(Order& order);
  // Snapshots of all volumes, completed and out of everybody's sight; their layers stay under the volumes.
  absl::Status FreezeVolumes();
  absl::StatusOr<std::vector<SnapshotId>> AskForSnapshots();
  absl::Status WaitFor(const std::vector<SnapshotId>& ids);
  // How many there are of the snapshots that only backups make, after those that can be removed were.
  absl::StatusOr<int> RemoveOwnSnapshots();
  // A copy of the database, and the files of the layers it names.
  absl::Status HoldState(BackupWriter& writer);

  void Say(const std::string& message);
  bool GoesOn() const;

  const BackupParts parts_;
  mutable Mutex mutex_;
  std::optional<Order> waiting_ ABSL_GUARDED_BY(mutex_);
  std::optional<BackupView> last_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  Periodic periodic_;
};

}  // namespace brume::storage
