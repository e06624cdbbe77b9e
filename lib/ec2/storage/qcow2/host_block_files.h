// The adapter of BlockFiles: layers by LayerReader, and what is gathered below STATE/uploads.
//
//   uploads/snap-…/    disk.qcow2 without its tables, and blocks: where each block lies in it
//
// When the tables are written the directory becomes the layer layers/snap-….
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/block_files.h"
#include "lib/ec2/storage/qcow2/layer_reader.h"

namespace brume::storage {

// Makes the directory that is missing. Needs qemu-storage-daemon in /usr/bin.
absl::StatusOr<std::unique_ptr<BlockFiles>> OpenHostBlockFiles(LayerReaderOptions options);

}  // namespace brume::storage
