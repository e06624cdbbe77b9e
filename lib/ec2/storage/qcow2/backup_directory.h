// A directory of backups, which share what they have in common:
//
//   brume-backups            says that it is one
//   backups/ID               a backup's manifest (model/backup_manifest.h), there when all it names is there
//   objects/01/0123…         a file, by the SHA-256 of its content
//   lock                     held by who writes or reads
//
// All is for root alone (0700, 0600). What is in it is not trusted: names are checked, no link is followed, only
// regular files are opened, and what is read is compared with its checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/model/backup_manifest.h"
#include "lib/ec2/storage/qcow2/hashed_copy.h"

namespace brume::storage {

// Used by one thread at a time.
class BackupDirectory {
 public:
  // One that may be missing or empty, to write into. Errors: as BackupFiles::Begin.
  static absl::StatusOr<BackupDirectory> OpenToWrite(const std::string& path, const std::string& state_dir);
  // One with backups. FailedPrecondition when it is none, or is being written to.
  static absl::StatusOr<BackupDirectory> OpenToRead(const std::string& path);

  // Ids, the oldest first.
  absl::StatusOr<std::vector<std::string>> List() const;
  absl::StatusOr<std::string> ReadText(const std::string& id) const;
  // ParseManifest of ReadText; the id must be its own.
  absl::StatusOr<BackupManifest> Read(const std::string& id) const;

  // Whether the file's content is there, by its size: it is not read.
  bool Has(const BackupFile& file) const;
  // DataLoss when it is missing, no regular file or of another size.
  absl::StatusOr<UniqueFd> Open(const BackupFile& file) const;
  // Adds the first `size` bytes of a file. `added`: whether they were not there yet.
  struct Added {
    std::string sha256;
    bool added = false;
  };
  absl::StatusOr<Added> Add(int file, int64_t size, const OnBytes& on_bytes);

  absl::Status Publish(const std::string& id, const std::string& text);
  // Removes all but the newest `keep` backups (0 = none), and then what no backup needs.
  absl::Status Prune(int keep);

 private:
  BackupDirectory() = default;
  static absl::StatusOr<BackupDirectory> OpenParts(UniqueFd root, bool to_write);
  absl::StatusOr<Added> Write(int file, int64_t size, const OnBytes& on_bytes);
  // The sizes of all objects: a new file of another size is not there.
  absl::Status LoadSizes();
  absl::Status Sweep();

  UniqueFd root_, lock_, backups_, objects_;
  std::set<int64_t> sizes_;
};

}  // namespace brume::storage
