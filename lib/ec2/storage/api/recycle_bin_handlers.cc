#include "lib/ec2/storage/api/recycle_bin_handlers.h"

#include <utility>
#include <vector>

#include "brume/ec2/v1/recycle_bin.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/api/snapshot_render.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

template <typename Message>
void RenderTimes(const BinEntry& entry, Message& message) {
  message.set_recycle_bin_enter_time(gateway::RenderTime(entry.entered));
  message.set_recycle_bin_exit_time(gateway::RenderTime(entry.exits));
}

absl::StatusOr<v1::ListSnapshotsInRecycleBinResponse> ListSnapshotsInRecycleBin(
    const v1::ListSnapshotsInRecycleBinRequest& request, storage::RecycleBinService& bin) {
  static const gateway::Listing<v1::SnapshotRecycleBinInfo, v1::ListSnapshotsInRecycleBinResponse> listing = {
      "snapshots-in-recycle-bin", &v1::SnapshotRecycleBinInfo::snapshot_id,
      &v1::ListSnapshotsInRecycleBinResponse::mutable_snapshots};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<SnapshotId>(request, request.snapshot_ids(), "snapshotId"));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotInBin> found, bin.ListSnapshots(ids));
  std::vector<v1::SnapshotRecycleBinInfo> rendered;
  for (const storage::SnapshotInBin& each : found) {
    v1::SnapshotRecycleBinInfo& info = rendered.emplace_back();
    info.set_snapshot_id(each.entry.id);
    info.set_description(each.snapshot.description);
    info.set_volume_id(ShownVolume(each.snapshot));
    RenderTimes(each.entry, info);
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::ListImagesInRecycleBinResponse> ListImagesInRecycleBin(
    const v1::ListImagesInRecycleBinRequest& request, storage::RecycleBinService& bin) {
  static const gateway::Listing<v1::ImageRecycleBinInfo, v1::ListImagesInRecycleBinResponse> listing = {
      "images-in-recycle-bin", &v1::ImageRecycleBinInfo::image_id, &v1::ListImagesInRecycleBinResponse::mutable_images};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<ImageId>(request, request.image_ids(), "imageId"));
  ASSIGN_OR_RETURN(const std::vector<storage::ImageInBin> found, bin.ListImages(ids));
  std::vector<v1::ImageRecycleBinInfo> rendered;
  for (const storage::ImageInBin& each : found) {
    v1::ImageRecycleBinInfo& info = rendered.emplace_back();
    info.set_image_id(each.entry.id);
    info.set_name(each.image.name);
    if (!each.image.description.empty()) info.set_description(each.image.description);
    RenderTimes(each.entry, info);
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::RestoreSnapshotFromRecycleBinResponse> RestoreSnapshotFromRecycleBin(
    const v1::RestoreSnapshotFromRecycleBinRequest& request, storage::RecycleBinService& bin,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const VolumeSnapshot restored, bin.RestoreSnapshot(id));
  v1::RestoreSnapshotFromRecycleBinResponse response;
  FillSnapshot(restored, settings, response);
  return response;
}

absl::StatusOr<v1::RestoreImageFromRecycleBinResponse> RestoreImageFromRecycleBin(
    const v1::RestoreImageFromRecycleBinRequest& request, storage::RecycleBinService& bin) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  RETURN_IF_ERROR(bin.RestoreImage(id));
  v1::RestoreImageFromRecycleBinResponse response;
  response.set_return_(true);
  return response;
}

}  // namespace

void AddRecycleBinActions(gateway::Actions& actions, const StorageServices& services) {
  actions.Add(ListSnapshotsInRecycleBin, services.recycle_bin);
  actions.Add(ListImagesInRecycleBin, services.recycle_bin);
  actions.Add(RestoreSnapshotFromRecycleBin, services.recycle_bin, services.settings);
  actions.Add(RestoreImageFromRecycleBin, services.recycle_bin);
}

}  // namespace brume::ec2
