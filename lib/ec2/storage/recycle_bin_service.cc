#include "lib/ec2/storage/recycle_bin_service.h"

#include <optional>
#include <string>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/recycle_bin_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {
namespace {

// In the bin and not past its time. Error: the kind's NotFound.
template <typename IdType>
absl::StatusOr<BinEntry> GetEntry(store::Connection& c, const IdType& id, absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<BinEntry> entry, RecycleBinTable(c).Find(id.text()));
  if (!entry.has_value() || entry->exits <= now) return id.NotFound();
  return *std::move(entry);
}

template <typename IdType>
absl::StatusOr<std::vector<BinEntry>> EntriesOf(store::Connection& c, absl::Span<const IdType> ids, absl::Time now) {
  std::vector<BinEntry> entries;
  if (ids.empty()) {
    ASSIGN_OR_RETURN(entries, RecycleBinTable(c).List(IdType::kKind.prefix));
    std::erase_if(entries, [&](const BinEntry& entry) { return entry.exits <= now; });
  }
  for (const IdType& id : ids) {
    ASSIGN_OR_RETURN(entries.emplace_back(), GetEntry(c, id, now));
  }
  return entries;
}

absl::Status TakeOut(store::Connection& c, const BinEntry& entry) {
  RETURN_IF_ERROR(RecycleBinTable(c).Delete(entry.id));
  return tagging::SetTags(c, entry.id, entry.tags);
}

}  // namespace

absl::StatusOr<std::vector<SnapshotInBin>> RecycleBinService::ListSnapshots(absl::Span<const SnapshotId> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SnapshotInBin>> {
    ASSIGN_OR_RETURN(std::vector<BinEntry> entries, EntriesOf(c, ids, clock_.Now()));
    std::vector<SnapshotInBin> found;
    for (BinEntry& entry : entries) {
      ASSIGN_OR_RETURN(VolumeSnapshot snapshot, SnapshotTable(c).Get(SnapshotId::FromTrusted(entry.id)));
      found.push_back({std::move(snapshot), std::move(entry)});
    }
    return found;
  });
}

absl::StatusOr<std::vector<ImageInBin>> RecycleBinService::ListImages(absl::Span<const ImageId> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<ImageInBin>> {
    ASSIGN_OR_RETURN(std::vector<BinEntry> entries, EntriesOf(c, ids, clock_.Now()));
    std::vector<ImageInBin> found;
    for (BinEntry& entry : entries) {
      ASSIGN_OR_RETURN(Image image, ImageTable(c).Get(ImageId::FromTrusted(entry.id)));
      found.push_back({std::move(image), std::move(entry)});
    }
    return found;
  });
}

absl::StatusOr<VolumeSnapshot> RecycleBinService::RestoreSnapshot(const SnapshotId& id) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<VolumeSnapshot> {
    ASSIGN_OR_RETURN(const BinEntry entry, GetEntry(c, id, clock_.Now()));
    ASSIGN_OR_RETURN(VolumeSnapshot snapshot, SnapshotTable(c).Get(id));
    snapshot.state = SnapshotState::kCompleted;
    RETURN_IF_ERROR(SnapshotTable(c).Update(snapshot));
    RETURN_IF_ERROR(TakeOut(c, entry));
    return snapshot;
  });
}

absl::Status RecycleBinService::RestoreImage(const ImageId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const BinEntry entry, GetEntry(c, id, clock_.Now()));
    ASSIGN_OR_RETURN(Image image, ImageTable(c).Get(id));
    for (const SnapshotId& snapshot : SnapshotsOf(image)) RETURN_IF_ERROR(CheckSnapshot(c, snapshot));
    image.state = entry.disabled ? ImageState::kDisabled : ImageState::kAvailable;
    RETURN_IF_ERROR(ImageTable(c).Update(image));
    return TakeOut(c, entry);
  });
}

absl::Status KeepInBin(store::Connection& c, BinEntry entry) {
  if (entry.exits <= entry.entered) return absl::OkStatus();
  ASSIGN_OR_RETURN(entry.tags, tagging::GetTags(c, entry.id));
  return RecycleBinTable(c).Insert(entry);
}

absl::StatusOr<absl::Duration> RemainingInBin(store::Connection& c, const std::string& id, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<BinEntry> entry, RecycleBinTable(c).Find(id));
  return entry.has_value() && entry->exits > now ? entry->exits - now : absl::ZeroDuration();
}

absl::Status LeaveBin(store::Connection& c, const std::string& id, absl::Time now) {
  return RecycleBinTable(c).DeleteExpired(id, now);
}

}  // namespace brume::storage
