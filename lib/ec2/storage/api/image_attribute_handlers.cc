#include "lib/ec2/storage/api/image_attribute_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<v1::DescribeImageAttributeResponse> DescribeImageAttribute(
    const v1::DescribeImageAttributeRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const storage::ImageView view, images.Get(id));
  const std::string& attribute = request.attribute();
  v1::DescribeImageAttributeResponse response;
  response.set_image_id(id.text());
  if (attribute == "description") {
    response.mutable_description()->set_value(view.image.description);
  } else if (attribute == "kernel") {
    response.mutable_kernel_id();
  } else if (attribute == "ramdisk") {
    response.mutable_ramdisk_id();
  } else if (attribute == "blockDeviceMapping") {
    *response.mutable_block_device_mappings() = RenderDisks(view);
  } else if (attribute == "launchPermission") {
    RenderPermissions(view.image.launchable_by, *response.mutable_launch_permissions());
  } else if (attribute == "sriovNetSupport") {
    response.mutable_sriov_net_support();
  } else if (attribute == "bootMode") {
    response.mutable_boot_mode()->set_value(std::string(BootModeName(view.image.boot_mode)));
  }
  return response;
}

absl::Status ModifyImageAttribute(const v1::ModifyImageAttributeRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  storage::ImageChange change;
  if (request.has_description()) change.description = request.description().value();
  if (request.attribute() == "description" && request.has_value()) change.description = request.value();
  ASSIGN_OR_RETURN(PermissionChange accounts,
                   ParsePermissions(request, request.launch_permission(), request.user_groups()));
  change.allow = std::move(accounts.add);
  change.forbid = std::move(accounts.remove);
  if (!change.description && change.allow.empty() && change.forbid.empty()) {
    return ec2::Error("InvalidParameterCombination", "No attributes specified.");
  }
  return images.Change(id, change);
}

absl::Status ResetImageAttribute(const v1::ResetImageAttributeRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const storage::ImageView view, images.Get(id));
  storage::ImageChange change;
  change.forbid = view.image.launchable_by;
  return images.Change(id, change);
}

absl::StatusOr<v1::EnableImageDeprecationResponse> EnableImageDeprecation(
    const v1::EnableImageDeprecationRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const absl::Time at, gateway::ParseTime(request.deprecate_at()));
  RETURN_IF_ERROR(images.Deprecate(id, at));
  v1::EnableImageDeprecationResponse response;
  response.set_return_(true);
  return response;
}

absl::StatusOr<v1::DisableImageDeprecationResponse> DisableImageDeprecation(
    const v1::DisableImageDeprecationRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  RETURN_IF_ERROR(images.Deprecate(id, std::nullopt));
  v1::DisableImageDeprecationResponse response;
  response.set_return_(true);
  return response;
}

v1::BlockDeviceMapping RenderRoot(const storage::ImageView& view) {
  const Image& image = view.image;
  v1::BlockDeviceMapping mapping;
  mapping.set_device_name(image.root_device_name);
  mapping.mutable_ebs()->set_delete_on_termination(image.root_delete_on_termination);
  if (image.virtual_size_bytes > 0) {
    mapping.mutable_ebs()->set_volume_size(static_cast<int>(RootSizeGib(image)));
  }
  mapping.mutable_ebs()->set_volume_type("gp3");
  const SnapshotId snapshot = RootSnapshot(image);
  mapping.mutable_ebs()->set_encrypted(view.encrypted.contains(snapshot.text()));
  mapping.mutable_ebs()->set_snapshot_id(snapshot.empty() ? SnapshotOf(image.id).text() : snapshot.text());
  return mapping;
}

v1::BlockDeviceMapping RenderDisk(const ImageDisk& disk, bool encrypted) {
  v1::BlockDeviceMapping mapping;
  mapping.set_device_name(disk.device_name.value_or(""));
  v1::EbsBlockDevice& ebs = *mapping.mutable_ebs();
  if (disk.snapshot_id) ebs.set_snapshot_id(*disk.snapshot_id);
  if (disk.volume_type) ebs.set_volume_type(*disk.volume_type);
  if (disk.size_gib) ebs.set_volume_size(*disk.size_gib);
  if (disk.iops) ebs.set_iops(*disk.iops);
  if (disk.throughput) ebs.set_throughput(*disk.throughput);
  ebs.set_delete_on_termination(disk.delete_on_termination.value_or(true));
  ebs.set_encrypted(encrypted);
  return mapping;
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::BlockDeviceMapping> RenderDisks(const storage::ImageView& view) {
  google::protobuf::RepeatedPtrField<v1::BlockDeviceMapping> mappings;
  *mappings.Add() = RenderRoot(view);
  for (const ImageDisk& disk : view.image.data_disks.disks) {
    *mappings.Add() = RenderDisk(disk, view.encrypted.contains(disk.snapshot_id.value_or("")));
  }
  return mappings;
}

void AddImageAttributeActions(gateway::Actions& actions, const StorageServices& services) {
  actions.Add(DescribeImageAttribute, services.images);
  actions.Add(ModifyImageAttribute, services.images);
  actions.Add(ResetImageAttribute, services.images);
  actions.Add(EnableImageDeprecation, services.images);
  actions.Add(DisableImageDeprecation, services.images);
}

}  // namespace brume::ec2
