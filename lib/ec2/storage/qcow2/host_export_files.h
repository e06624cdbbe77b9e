// The adapter of ExportFiles: directories of the administrator's, and one below STATE/exports for each task.
//
//   exports/export-ami-…/   what is converted
//   exports/store-…/        the disks of an image, made to stand for themselves
//   exports/ami-…/          a stored image, unpacked
//   BUCKET/.ID.partial      a file that is being written; it gets its name when it is whole and on disk
//
// qemu-img runs confined, as the guests' user. Finished files are the daemon's own, mode 0600.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/export_files.h"

namespace brume::storage {

struct HostExportOptions {
  std::string state_dir = {};  // absolute; is there
  // Whose directories are buckets; empty = STATE/export, which is made.
  std::vector<std::string> export_dirs = {};
  // As whom qemu-img runs.
  uid_t worker_uid = 0;
  gid_t worker_gid = 0;
};

// Makes the directories that are missing. Needs qemu-img in /usr/bin.
absl::StatusOr<std::unique_ptr<ExportFiles>> OpenHostExportFiles(HostExportOptions options);

}  // namespace brume::storage
