// The files of a disk, from its top down to the lowest layer, as their headers say.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/disk_encryption.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"

namespace brume::storage {

// What lies under the file in the directory, the nearest first. DataLoss when a layer is not there or its header names
// what is not one of our layers.
absl::StatusOr<std::vector<DiskEncryption::Layer>> LayersUnder(const DiskDirectories& directories, int directory,
                                                               const std::string& name);

// The disk at `path` for qemu-img's --image-opts, with its key and those of `layers` as the secret `kSecretId`.
// `encrypted`: the disk itself is.
std::string ImageOptions(const std::string& path, bool encrypted, const std::vector<DiskEncryption::Layer>& layers);

}  // namespace brume::storage
