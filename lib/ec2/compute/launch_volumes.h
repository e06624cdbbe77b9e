// The volumes that a launch makes: the image's root and what block device mappings ask for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::compute {

// One mapping. Of the image's root device it says how the root volume differs from the image; of another it asks for
// one more volume.
struct BlockDevice {
  std::string device;
  bool none = false;                     // no volume, whatever the image has there
  bool asked = true;                     // false: the mapping says nothing of a volume
  std::optional<int64_t> size_gib = {};  // unset = the snapshot's
  std::optional<bool> delete_on_termination = {};
  std::optional<VolumeType> type = {};            // unset = gp3
  std::optional<int> iops = {}, throughput = {};  // MiB/s
  std::optional<int> initialization_rate = {};    // MiB/s
  std::optional<SnapshotId> snapshot_id = {};     // of the root it must be the image's
  std::optional<bool> encrypted = {};             // unset = as the snapshot or the default
  std::string kms_key_id = {};
};

// The root first, where the image has a disk, then those of the image and of `devices` by their devices; without ids,
// keys, instance and times, but for the keys of encrypted snapshots. Reads inside the caller's transaction. Errors:
// InvalidBlockDeviceMapping, InvalidSnapshot.NotFound, IncorrectState, MissingParameter, InvalidParameterValue,
// InvalidParameterCombination.
absl::StatusOr<std::vector<Volume>> PlanVolumes(store::Connection& connection, const Image& image,
                                                absl::Span<const BlockDevice> devices);

}  // namespace brume::compute
