// Fills a layer's directory from what an import names: copies first, then checks the copy, which nobody else can
// change.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/image_source.h"

namespace brume::storage {

struct LayerTarget {
  int directory = -1;      // empty, ours
  std::string path;        // of the same, for qemu-img
  int64_t free_bytes = 0;  // of its file system
  // As whom qemu-img reads what strangers made; uid 0 = as we are.
  Owner reader;
  // Which of a bundle's parts are taken.
  bool disk = true, boot = true;
};

// The files are immutable (0444) and on disk when it returns. On an error the caller removes the directory.
absl::StatusOr<ImportedImage> FillLayer(const SourceFile& source, const LayerTarget& target);

}  // namespace brume::storage
