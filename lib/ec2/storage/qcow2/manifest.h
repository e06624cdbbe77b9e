// The small JSON files that lie beside disks and say whose they are, should the database be lost.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/disks.h"

namespace brume::storage {

// The name of a snapshot's disk in its layer's directory.
inline constexpr char kLayerDisk[] = "disk.qcow2";

// volume.json: id, image, size and what else is needed to make the volume's row again.
std::string VolumeManifest(const Volume& volume, int64_t size_bytes);

// layer.json of a snapshot: read by ParseLayerManifest too, and enough to make the snapshot's row again.
std::string SnapshotManifest(const VolumeSnapshot& snapshot, int64_t virtual_size_bytes);

// layer.json: what the import found, and from where.
std::string LayerManifest(const ImageId& id, const std::string& location, const ImportedImage& imported);
// DataLoss when it is damaged.
absl::StatusOr<ImportedImage> ParseLayerManifest(const std::string& json);

}  // namespace brume::storage
