// The small JSON files that lie beside disks and say whose they are, should the database be lost.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

// volume.json: id, image, size and what else is needed to make the volume's row again.
std::string VolumeManifest(const Volume& volume, int64_t size_bytes);

// layer.json: what the import found, and from where.
std::string LayerManifest(const ImageId& id, const std::string& location, const ImportedImage& imported);
// DataLoss when it is damaged.
absl::StatusOr<ImportedImage> ParseLayerManifest(const std::string& json);

}  // namespace brume::storage
