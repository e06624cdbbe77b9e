// Snapshots. Source of behaviour: EC2 API reference, CreateSnapshot, CreateSnapshots, CopySnapshot, DeleteSnapshot,
// DescribeSnapshots, ModifySnapshotAttribute.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/model/recycle_bin.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/tables/list_query.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct SnapshotView {
  VolumeSnapshot snapshot;
  TagMap tags;
};

// CreateSnapshots: of an instance's volumes, all at one instant.
struct InstanceSnapshotRequest {
  InstanceId instance_id;  // which is there
  std::string root_device;
  std::string description;
  bool exclude_root = false;
  std::vector<VolumeId> excluded;  // not the root
  bool copy_tags = false;          // of the volumes
  TagMap tags;
};

struct CopyWish {
  std::string description = {};
  TagMap tags = {};
  std::optional<bool> encrypted = {};  // unset = as the source or the default
};

// Thread-safe.
class SnapshotService {
 public:
  // `wake`: a snapshot is there to be taken, or its layer to be removed; must not block.
  SnapshotService(store::Database& database, const Clock& clock, Random& random,
                  std::function<void(const SnapshotId&)> wake, Retention retention = {})
      : database_(database), clock_(clock), random_(random), wake_(std::move(wake)), retention_(retention) {}

  // Both answer when the wish is durable; the snapshot is pending until it was taken. Errors: InvalidVolume.NotFound,
  // IncorrectState, InvalidParameterValue.
  absl::StatusOr<SnapshotView> Create(const VolumeId& volume, const std::string& description, const TagMap& tags);
  absl::StatusOr<std::vector<SnapshotView>> CreateOf(const InstanceSnapshotRequest& request);
  // Another snapshot of the same bytes: none is copied, unless it is to be encrypted and the source is not. Errors:
  // InvalidSnapshot.NotFound, IncorrectState, InvalidParameterCombination.
  absl::StatusOr<SnapshotId> Copy(const SnapshotId& source, const CopyWish& wish);
  // Gone at once for every caller; its layer stays while a disk lies over it. One that is completed goes to the recycle
  // bin where those are retained. Errors: InvalidSnapshot.NotFound,
  // InvalidSnapshot.InUse while an image names it, IncorrectState while it is pending.
  absl::Status Delete(const SnapshotId& id);
  // No ids = all. Error: InvalidSnapshot.NotFound.
  absl::StatusOr<std::vector<SnapshotView>> List(absl::Span<const SnapshotId> ids);
  absl::StatusOr<std::vector<SnapshotView>> ListPage(const ListQuery& query);
  // Accounts that may make volumes of it, and "all". Errors: InvalidSnapshot.NotFound, OperationNotPermitted for an
  // encrypted one with anything to add, and for everybody where public access is blocked.
  absl::Status ChangeRestorable(const SnapshotId& id, const std::vector<std::string>& add,
                                const std::vector<std::string>& remove);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const SnapshotId&)> wake_;
  const Retention retention_;
};

// Inside a transaction of the caller's.

// What a volume is made of that is made of a snapshot.
struct SnapshotSource {
  std::string layer_id;  // empty = nothing: zeros
  int64_t size_gib = 0;
  bool encrypted = false;
  std::string data_key_id = {};
};
// Also of the snapshot that an imported image is. Errors: InvalidSnapshot.NotFound, IncorrectState while it is pending
// or in error.
absl::StatusOr<SnapshotSource> FindSource(store::Connection& connection, const SnapshotId& id);
// InvalidSnapshot.NotFound for a deleted one, too.
absl::StatusOr<VolumeSnapshot> GetSnapshot(store::Connection& connection, const SnapshotId& id);
// OK when it is a snapshot, or an image by another name.
absl::Status CheckSnapshot(store::Connection& connection, const SnapshotId& id);
// Whether a snapshot of the volume is still to be taken: its files must stay until then.
absl::StatusOr<bool> HasPendingSnapshot(store::Connection& connection, const VolumeId& id);
// One pending snapshot of each of the volumes, all of one instant. Errors: IncorrectState.
struct SnapshotWish {
  std::string description;
  absl::Time now;
  bool at_rest = false;
  std::optional<bool> encrypted = {};  // of a copy; unset = as the source or the default
};
absl::StatusOr<std::vector<VolumeSnapshot>> AddSnapshots(store::Connection& connection,
                                                         const std::vector<Volume>& volumes, const SnapshotWish& wish,
                                                         Random& random);
// Another snapshot of the same bytes; wake its reconciler afterwards. One that is encrypted where the source is not is
// pending until its bytes are copied. Errors: those of FindSource and of WillEncrypt.
absl::StatusOr<VolumeSnapshot> CopySnapshot(store::Connection& connection, const SnapshotId& source,
                                            const SnapshotWish& wish, Random& random);
// Removes a snapshot from every caller's eyes, in the caller's transaction; wake its reconciler afterwards. It can be
// restored for as long as `retained` says.
struct SnapshotRemoval {
  absl::Time now;
  absl::Duration retained;
};
absl::Status RemoveSnapshot(store::Connection& connection, const SnapshotId& id, const SnapshotRemoval& removal);

}  // namespace brume::storage
