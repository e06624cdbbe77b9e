// Volumes. Source of behaviour: EC2 API reference, DescribeVolumes.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
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

}  // namespace brume::storage
