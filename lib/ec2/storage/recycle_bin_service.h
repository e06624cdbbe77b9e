// What was deleted and can be restored. Source of behaviour: EC2 API reference, ListSnapshotsInRecycleBin,
// ListImagesInRecycleBin, RestoreSnapshotFromRecycleBin, RestoreImageFromRecycleBin; EBS user guide, Recycle Bin.
//
// As at EC2, a snapshot may be deleted while an image in the bin names it, and the image is restored only once the
// snapshot is there again.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/recycle_bin.h"
#include "lib/ec2/storage/model/snapshot.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

struct SnapshotInBin {
  VolumeSnapshot snapshot;
  BinEntry entry;
};
struct ImageInBin {
  Image image;
  BinEntry entry;
};

// Thread-safe.
class RecycleBinService {
 public:
  RecycleBinService(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // No ids = all. Errors: InvalidSnapshot.NotFound, InvalidAMIID.NotFound for what is not in the bin.
  absl::StatusOr<std::vector<SnapshotInBin>> ListSnapshots(absl::Span<const SnapshotId> ids);
  absl::StatusOr<std::vector<ImageInBin>> ListImages(absl::Span<const ImageId> ids);
  // As it was, with its tags. Errors: as of the lists.
  absl::StatusOr<VolumeSnapshot> RestoreSnapshot(const SnapshotId& id);
  // Errors also: InvalidSnapshot.NotFound when one of its snapshots is deleted or in the bin itself,
  // InvalidAMIName.Duplicate.
  absl::Status RestoreImage(const ImageId& id);

 private:
  store::Database& database_;
  const Clock& clock_;
};

// The clock may be set meanwhile: what waits for its end is checked so often.
inline constexpr absl::Duration kBinPoll = absl::Minutes(1);

// Inside a transaction of the caller's.

// Puts what the caller deletes into the bin, with the tags it has. Nothing where it would leave it at once.
absl::Status KeepInBin(store::Connection& connection, BinEntry entry);

// How long the deleted snapshot or image can still be restored; zero for what is not in the bin, or for no time more.
absl::StatusOr<absl::Duration> RemainingInBin(store::Connection& connection, const std::string& id, absl::Time now);
// What is no more to be restored leaves the bin; its row can be deleted then.
absl::Status LeaveBin(store::Connection& connection, const std::string& id, absl::Time now);

// The same, in a transaction of its own, of a deleted row as it was read. Aborted when the row has changed since: one
// that was restored is not in the bin either.
template <typename Table, typename Row>
absl::StatusOr<absl::Duration> RemainingInBin(store::Database& database, const Row& row, absl::Time now) {
  return database.ReadFor([&](store::Connection& c) -> absl::StatusOr<absl::Duration> {
    ASSIGN_OR_RETURN(const Row present, Table(c).Get(row.id));
    if (present.version == row.version) return RemainingInBin(c, row.id.text(), now);
    return absl::AbortedError(absl::StrCat(row.id.text(), " was changed"));
  });
}

}  // namespace brume::storage
