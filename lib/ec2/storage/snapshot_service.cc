#include "lib/ec2/storage/snapshot_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/ec2/storage/public_access_service.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_lock_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

constexpr size_t kMaxDescription = 255;

absl::Status CheckDescription(const std::string& description) {
  if (description.size() <= kMaxDescription) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("The snapshot description is too long: ", description.size(),
                                                          " bytes of at most ", kMaxDescription));
}

// The image whose snapshot this would be.
absl::StatusOr<Image> ImageOf(store::Connection& c, const SnapshotId& id) {
  const std::string text = absl::StrCat(ImageId::kKind.prefix, id.text().substr(id.text().find('-')));
  const absl::StatusOr<Image> image = ImageTable(c).Get(ImageId::FromTrusted(text));
  if (!image.ok()) return ImageId::NotFound(text);
  if (!IsWhole(*image) || image->disk_file.empty()) return id.NotFound();
  return *image;
}

absl::Status CheckUnused(store::Connection& c, const SnapshotId& id) {
  ASSIGN_OR_RETURN(std::vector<Image> users, ImageTable(c).ListOver(id));
  if (const absl::StatusOr<Image> image = ImageOf(c, id); image.ok()) users.push_back(*image);
  if (users.empty()) return absl::OkStatus();
  return ec2::Error("InvalidSnapshot.InUse",
                    absl::StrCat("The snapshot ", id.text(), " is currently in use by ", users.front().id.text()));
}

absl::Status NotCompleted(const VolumeSnapshot& snapshot) {
  return ec2::Error("IncorrectState", absl::StrCat("The snapshot '", snapshot.id.text(), "' is ",
                                                   StateName(snapshot.state), " and must be completed"));
}

// Everything of `volumes` but what the request excludes, which must be among them.
absl::StatusOr<std::vector<Volume>> Chosen(const InstanceSnapshotRequest& request, std::vector<Volume> volumes) {
  for (const VolumeId& id : request.excluded) {
    const auto found =
        std::find_if(volumes.begin(), volumes.end(), [&](const Volume& volume) { return volume.id == id; });
    if (found == volumes.end() || found->device_name == request.root_device) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The volume '", id.text(), "' is no data volume of '",
                                                              request.instance_id.text(), "'"));
    }
    volumes.erase(found);
  }
  if (request.exclude_root) {
    std::erase_if(volumes, [&](const Volume& volume) { return volume.device_name == request.root_device; });
  }
  if (!volumes.empty()) return volumes;
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("No volume of '", request.instance_id.text(), "' is left to make a snapshot of"));
}

}  // namespace

absl::StatusOr<VolumeSnapshot> GetSnapshot(store::Connection& c, const SnapshotId& id) {
  ASSIGN_OR_RETURN(VolumeSnapshot snapshot, SnapshotTable(c).Get(id));
  if (snapshot.state == SnapshotState::kDeleted) return id.NotFound();
  return snapshot;
}

absl::Status CheckSnapshot(store::Connection& c, const SnapshotId& id) {
  return GetSnapshot(c, id).ok() || ImageOf(c, id).ok() ? absl::OkStatus() : id.NotFound();
}

absl::StatusOr<bool> HasPendingSnapshot(store::Connection& c, const VolumeId& id) {
  ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> pending, SnapshotTable(c).ListPending({&id, 1}));
  return !pending.empty();
}

absl::StatusOr<SnapshotSource> FindSource(store::Connection& c, const SnapshotId& id) {
  if (const absl::StatusOr<Image> image = ImageOf(c, id); image.ok()) {
    return SnapshotSource{.layer_id = image->id.text(), .size_gib = RootSizeGib(*image)};
  }
  ASSIGN_OR_RETURN(const VolumeSnapshot snapshot, GetSnapshot(c, id));
  if (snapshot.state != SnapshotState::kCompleted) return NotCompleted(snapshot);
  return SnapshotSource{.layer_id = snapshot.layer_id,
                        .size_gib = snapshot.size_gib,
                        .encrypted = snapshot.encrypted,
                        .data_key_id = snapshot.data_key_id};
}

absl::StatusOr<std::vector<VolumeSnapshot>> AddSnapshots(store::Connection& c, const std::vector<Volume>& volumes,
                                                         const SnapshotWish& wish, Random& random) {
  std::vector<VolumeSnapshot> snapshots;
  for (const Volume& volume : volumes) {
    if (volume.state != VolumeState::kInUse && volume.state != VolumeState::kAvailable) {
      return ec2::Error("IncorrectState", absl::StrCat("The volume '", volume.id.text(), "' is ",
                                                       StateName(volume.state), " and must be available or in-use"));
    }
    VolumeSnapshot& snapshot = snapshots.emplace_back();
    snapshot.id = SnapshotId::New(random);
    snapshot.volume_id = volume.id;
    snapshot.description = wish.description;
    snapshot.started = wish.now;
    snapshot.at_rest = wish.at_rest;
    snapshot.size_gib = volume.size_gib;
    snapshot.encrypted = volume.encrypted;
    snapshot.data_key_id = volume.data_key_id;
    snapshot.layer_id = snapshot.id.text();
    RETURN_IF_ERROR(SnapshotTable(c).Insert(snapshot));
  }
  return snapshots;
}

absl::StatusOr<VolumeSnapshot> CopySnapshot(store::Connection& c, const SnapshotId& source, const SnapshotWish& wish,
                                            Random& random) {
  ASSIGN_OR_RETURN(const SnapshotSource from, FindSource(c, source));
  VolumeSnapshot copy;
  copy.id = SnapshotId::New(random);
  copy.description = wish.description;
  copy.started = wish.now;
  copy.size_gib = from.size_gib;
  ASSIGN_OR_RETURN(copy.encrypted, WillEncrypt(c, wish.encrypted, from));
  if (copy.encrypted) copy.data_key_id = DataKeyOf(from, random);
  if (copy.encrypted && !from.encrypted) {
    copy.layer_id = copy.id.text();
    copy.below = from.layer_id;
  } else {
    copy.state = SnapshotState::kCompleted;
    copy.layer_id = from.layer_id;
  }
  RETURN_IF_ERROR(SnapshotTable(c).Insert(copy));
  return copy;
}

absl::Status RemoveSnapshot(store::Connection& c, const SnapshotId& id, const SnapshotRemoval& removal) {
  RETURN_IF_ERROR(CheckUnused(c, id));
  ASSIGN_OR_RETURN(VolumeSnapshot snapshot, GetSnapshot(c, id));
  RETURN_IF_ERROR(CheckUnlocked(c, id, removal.now));
  // One that a client puts together ends with it.
  const bool of_volume = !snapshot.volume_id.empty();
  if (snapshot.state == SnapshotState::kPending && of_volume) return NotCompleted(snapshot);
  const bool whole = snapshot.state == SnapshotState::kCompleted;
  snapshot.state = SnapshotState::kDeleted;
  RETURN_IF_ERROR(SnapshotTable(c).Update(snapshot));
  if (whole) {
    RETURN_IF_ERROR(KeepInBin(c, {.id = id.text(), .entered = removal.now, .exits = removal.now + removal.retained}));
  }
  RETURN_IF_ERROR(DropFastRestores(c, id));
  // The row outlives this call while its layer does; its tags must not be listed that long.
  return tagging::DeleteTags(c, id.text());
}

absl::StatusOr<SnapshotView> SnapshotService::Create(const VolumeId& id, const std::string& description,
                                                     const TagMap& tags) {
  RETURN_IF_ERROR(CheckDescription(description));
  RETURN_IF_ERROR(CheckTags(tags));
  SnapshotView view{.snapshot = {}, .tags = tags};
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Volume volume, VolumeTable(c).Get(id));
    ASSIGN_OR_RETURN(std::vector<VolumeSnapshot> made, AddSnapshots(c, {volume}, {description, clock_.Now()}, random_));
    view.snapshot = std::move(made.front());
    return tagging::SetTags(c, view.snapshot.id.text(), tags);
  }));
  wake_(view.snapshot.id);
  return view;
}

absl::StatusOr<std::vector<SnapshotView>> SnapshotService::CreateOf(const InstanceSnapshotRequest& request) {
  RETURN_IF_ERROR(CheckDescription(request.description));
  RETURN_IF_ERROR(CheckTags(request.tags));
  std::vector<SnapshotView> views;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    views.clear();
    ASSIGN_OR_RETURN(std::vector<Volume> volumes, VolumeTable(c).ListOf({&request.instance_id, 1}));
    ASSIGN_OR_RETURN(volumes, Chosen(request, std::move(volumes)));
    ASSIGN_OR_RETURN(std::vector<VolumeSnapshot> made,
                     AddSnapshots(c, volumes, {request.description, clock_.Now()}, random_));
    for (VolumeSnapshot& snapshot : made) {
      SnapshotView& view = views.emplace_back();
      if (request.copy_tags) {
        ASSIGN_OR_RETURN(view.tags, tagging::GetTags(c, snapshot.volume_id.text()));
      }
      for (const auto& [key, value] : request.tags) view.tags[key] = value;
      RETURN_IF_ERROR(tagging::SetTags(c, snapshot.id.text(), view.tags));
      view.snapshot = std::move(snapshot);
    }
    return absl::OkStatus();
  }));
  for (const SnapshotView& view : views) wake_(view.snapshot.id);
  return views;
}

absl::StatusOr<SnapshotId> SnapshotService::Copy(const SnapshotId& source, const CopyWish& wish) {
  RETURN_IF_ERROR(CheckDescription(wish.description));
  RETURN_IF_ERROR(CheckTags(wish.tags));
  VolumeSnapshot copy;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(
        copy,
        CopySnapshot(c, source, {.description = wish.description, .now = clock_.Now(), .encrypted = wish.encrypted},
                     random_));
    return tagging::SetTags(c, copy.id.text(), wish.tags);
  }));
  if (IsPendingCopy(copy)) wake_(copy.id);
  return copy.id;
}

absl::Status SnapshotService::Delete(const SnapshotId& id) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) {
    return RemoveSnapshot(c, id, {clock_.Now(), retention_.snapshots});
  }));
  wake_(id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SnapshotView>> SnapshotService::List(absl::Span<const SnapshotId> ids) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SnapshotView>> {
    ASSIGN_OR_RETURN(std::vector<VolumeSnapshot> rows,
                     tagging::ChooseRows<SnapshotId>(
                         c, ids, std::nullopt, [&](const SnapshotId& id) { return GetSnapshot(c, id); },
                         [&] { return SnapshotTable(c).List(); }));
    return tagging::WithTags(c, std::move(rows), &SnapshotView::snapshot);
  });
}

absl::StatusOr<std::vector<SnapshotView>> SnapshotService::ListPage(const ListQuery& query) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SnapshotView>> {
    ASSIGN_OR_RETURN(std::vector<VolumeSnapshot> rows, SnapshotTable(c).ListPage(query));
    return tagging::WithTags(c, std::move(rows), &SnapshotView::snapshot);
  });
}

absl::Status SnapshotService::ChangeRestorable(const SnapshotId& id, const std::vector<std::string>& add,
                                               const std::vector<std::string>& remove) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(VolumeSnapshot snapshot, GetSnapshot(c, id));
    if (snapshot.encrypted && !add.empty()) {
      return ec2::Error("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared");
    }
    RETURN_IF_ERROR(CheckPublicAccess(c, SharedKind::kSnapshots, add));
    std::vector<std::string>& accounts = snapshot.restorable_by;
    for (const std::string& account : remove) std::erase(accounts, account);
    for (const std::string& account : add) {
      if (std::find(accounts.begin(), accounts.end(), account) == accounts.end()) accounts.push_back(account);
    }
    return SnapshotTable(c).Update(snapshot);
  });
}

}  // namespace brume::storage
