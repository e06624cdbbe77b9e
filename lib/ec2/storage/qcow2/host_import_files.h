// The adapter of ImportFiles: a directory below STATE/imports for each task.
//
//   imports/import-ami-…/   source: the file as it was found, whole and checked; source.partial while it is fetched;
//                           what it was unpacked and converted to; checksums, signature
//
// Tools that read a stranger's file run confined, as the worker.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/import_files.h"
#include "lib/ec2/storage/qcow2/import_fetch.h"
#include "lib/ec2/storage/qcow2/import_unpack.h"

namespace brume::storage {

struct HostImportOptions {
  std::string state_dir = {};                 // absolute; is there, and passable for the worker
  std::vector<std::string> import_dirs = {};  // where files may come from; empty = STATE/import
  std::string keyring_dir = {};               // where keyrings are that callers name
  // As whom the tools run; the user nobody where it is root.
  uid_t worker_uid = 0;
  gid_t worker_gid = 0;
  UnpackOptions unpack = {};
  FetchOptions fetch = {};
};

// Makes the directory that is missing. Needs qemu-img, curl, gpgv, gzip, xz and zstd in /usr/bin.
absl::StatusOr<std::unique_ptr<ImportFiles>> OpenHostImportFiles(HostImportOptions options);

}  // namespace brume::storage
