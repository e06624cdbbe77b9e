// A layer's disk takes in what lies between it and a layer far below, so that the chain under it is short.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/model/disk_encryption.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {

struct LayerMerge {
  int layer = -1;                            // the layer's directory
  std::string path;                          // of the same, for qemu-img
  std::string layers;                        // the directory that all layers are in
  std::string below;                         // as the disk is to name what it lies over; relative to `path`
  Owner guests;                              // as whom qemu-img reads what guests wrote
  std::vector<DiskEncryption::Layer> chain;  // under the disk, as it is
  std::string key;                           // of the disk; empty = it is not encrypted
  GoesOn goes_on;
};

// Puts a new file in the place of the layer's disk.qcow2, at once, when it is whole and on disk: the old one with all
// clusters in which it and `below` differ. So it reads the same over `below` and over what the old file lay over, which
// a guest that is started at this instant may still be told; and those that have the old file open go on with it.
// Returns its virtual size. Idempotent. Errors: Cancelled, ResourceExhausted (disk full), DataLoss (a layer of the
// chain is gone or damaged), DeadlineExceeded.
absl::StatusOr<int64_t> MergeDisk(const LayerMerge& merge);

}  // namespace brume::storage
