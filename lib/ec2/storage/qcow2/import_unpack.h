// Makes of a file of strangers one qcow2 disk: unpacks it, finds the disk in an OVA, converts it. All that parses the
// file runs confined (lib/base/confinement.h), but for an OVA's table of contents, which this program reads itself.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/confinement.h"
#include "lib/ec2/storage/import_files.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

struct UnpackOptions {
  // Larger files than this come out of nothing.
  int64_t max_bytes = int64_t{1} << 40;
  absl::Duration timeout = absl::Hours(2);  // for each step
};

struct UnpackPlace {
  int directory = -1;  // the task's, ours
  std::string path;    // of the same
  Owner worker;        // as whom the tools run; not root
  UnpackOptions options;
};

// `file` is a name in the place's directory, readable by the worker. `format`: what it must be; empty = anything. The
// disk's path may be the file's own. Errors: see ImportFiles::Prepare.
absl::StatusOr<PreparedDisk> Unpack(const std::string& file, const std::string& format, const UnpackPlace& place,
                                    const ImportWatch& watch);

// Removes what Unpack made. OK when there is nothing.
absl::Status RemoveUnpacked(const UnpackPlace& place);

}  // namespace brume::storage
