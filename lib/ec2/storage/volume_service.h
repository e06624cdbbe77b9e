// Volumes. Source of behaviour: EC2 API reference, DescribeVolumes.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct VolumeView {
  Volume volume;
  TagMap tags;
};

// Thread-safe.
class VolumeService {
 public:
  explicit VolumeService(store::Database& database) : database_(database) {}

  // Those of `ids`, or all when there are none. Error: InvalidVolume.NotFound.
  absl::StatusOr<std::vector<VolumeView>> List(absl::Span<const VolumeId> ids);

 private:
  store::Database& database_;
};

// Inside a transaction of the caller's.

// The instance it names must be there (FailedPrecondition).
absl::Status AddVolume(store::Connection& connection, const Volume& volume, const TagMap& tags);
// Aborted unless the row still has volume.version; sets the next version in `volume`. InvalidVolume.NotFound.
absl::Status UpdateVolume(store::Connection& connection, Volume& volume);
// With its tags; OK when there is none.
absl::Status RemoveVolume(store::Connection& connection, const VolumeId& id);
absl::StatusOr<std::vector<Volume>> ListVolumes(store::Connection& connection);
// In the order of `instances`.
absl::StatusOr<std::vector<Volume>> ListVolumesOf(store::Connection& connection,
                                                  absl::Span<const InstanceId> instances);

}  // namespace brume::storage
