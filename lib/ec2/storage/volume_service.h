// Volumes. Source of behaviour: EC2 API reference, CreateVolume, DeleteVolume, DescribeVolumes, ModifyVolumeAttribute.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/tables/list_query.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct VolumeView {
  Volume volume;
  TagMap tags;
};

// What CreateVolume asks for.
struct NewVolume {
  std::string availability_zone;
  VolumeType type = VolumeType::kGp3;
  std::optional<int64_t> size_gib = {};  // unset = the snapshot's
  std::optional<SnapshotId> snapshot_id = {};
  std::optional<bool> encrypted = {};             // unset = as the snapshot or the default
  std::optional<int> iops = {}, throughput = {};  // MiB/s
  std::optional<int> initialization_rate = {};    // MiB/s
  std::string client_token = {};                  // empty = none
  // Of all parameters but the token; the same token with another digest is IdempotentParameterMismatch.
  std::string parameters_digest = {};
  TagMap tags = {};
};

struct VolumeServiceParts {
  store::Database& database;
  const Settings& settings;
  const Clock& clock;
  Random& random;
  // A volume without an instance has work. Called after the commit; must not block.
  std::function<void(const VolumeId& id)> wake_volume;
};

// Thread-safe.
class VolumeService {
 public:
  explicit VolumeService(VolumeServiceParts parts) : parts_(std::move(parts)) {}

  // Those of `ids`, or all when there are none. Error: InvalidVolume.NotFound.
  absl::StatusOr<std::vector<VolumeView>> List(absl::Span<const VolumeId> ids);
  absl::StatusOr<std::vector<VolumeView>> ListPage(const ListQuery& query);
  // Without their tags; empty when there is no such instance.
  absl::StatusOr<std::vector<Volume>> ListOf(const InstanceId& instance);
  // Errors: InvalidZone.NotFound, InvalidSnapshot.NotFound, IncorrectState, MissingParameter, InvalidParameterValue,
  // InvalidParameterCombination, IdempotentParameterMismatch.
  absl::StatusOr<VolumeView> Create(const NewVolume& wanted);
  // Errors: InvalidVolume.NotFound, also for one that is being deleted; VolumeInUse; IncorrectState.
  absl::Status Delete(const VolumeId& id);
  // Error: InvalidVolume.NotFound.
  absl::Status SetAutoEnableIo(const VolumeId& id, bool enabled);

 private:
  absl::StatusOr<Volume> Plan(store::Connection& connection, const NewVolume& wanted);

  const VolumeServiceParts parts_;
};

// Inside a transaction of the caller's.

// The instance it names must be there (FailedPrecondition).
absl::Status AddVolume(store::Connection& connection, const Volume& volume, const TagMap& tags);
// GiB that all volumes have together, full or not; of those that are to grow what they are to have.
absl::StatusOr<int64_t> SumOfSizes(store::Connection& connection);
// Once a volume is added or is to grow. Error: VolumeLimitExceeded where that makes more than settings.max_volumes_gib.
absl::Status CheckSumOfSizes(store::Connection& connection, const Settings& settings);
// Aborted unless the row still has volume.version; sets the next version in `volume`. InvalidVolume.NotFound.
absl::Status UpdateVolume(store::Connection& connection, Volume& volume);
// With its tags; OK when there is none.
absl::Status RemoveVolume(store::Connection& connection, const VolumeId& id);
absl::StatusOr<Volume> GetVolume(store::Connection& connection, const VolumeId& id);  // InvalidVolume.NotFound
absl::StatusOr<std::vector<Volume>> ListVolumes(store::Connection& connection);
// Instances with volumes that are being attached, detached or modified.
absl::StatusOr<std::vector<InstanceId>> ListInstancesWithVolumeWork(store::Connection& connection);
// In the order of `instances`.
absl::StatusOr<std::vector<Volume>> ListVolumesOf(store::Connection& connection,
                                                  absl::Span<const InstanceId> instances);

}  // namespace brume::storage
