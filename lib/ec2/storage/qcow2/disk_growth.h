// A disk that no guest has open, made larger by qemu-img.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

// `path` of a qcow2 file of `user`, as whom qemu-img runs: a guest may have written to the file. Errors: Unavailable
// while somebody has it open, ResourceExhausted (disk full), Internal with qemu-img's own words.
absl::Status GrowDiskFile(const std::string& path, int64_t size_bytes, const Owner& user);

}  // namespace brume::storage
