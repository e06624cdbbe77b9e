#include "lib/ec2/storage/api/image_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/api/image_attribute_handlers.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<v1::RegisterImageResponse> RegisterImage(const v1::RegisterImageRequest& request,
                                                        storage::ImageService& images) {
  storage::RegisterRequest image;
  image.name = request.name();
  image.description = request.description();
  image.location = request.image_location();
  image.architecture = request.architecture();
  image.root_device_name = request.root_device_name();
  image.boot_mode = FindBootMode(request.boot_mode());
  for (const v1::BlockDeviceMapping& mapping : request.block_device_mappings()) {
    if (!mapping.device_name().empty()) {
      if (!image.root_device_name.empty() && image.root_device_name != mapping.device_name()) {
        return ec2::Error("UnsupportedOperation",
                          "An image has its root volume alone: the block device mapped must be "
                          "the root device");
      }
      image.root_device_name = mapping.device_name();
    }
    if (mapping.has_no_device()) {
      return ec2::Error("UnsupportedOperation", "The root device of an image cannot be left out");
    }
    if (mapping.ebs().encrypted()) {
      return ec2::Error(
          "UnsupportedOperation",
          "An image is as encrypted as its files or its snapshot: encryption is asked for at its copy or launch");
    }
    if (!mapping.ebs().snapshot_id().empty()) {
      ASSIGN_OR_RETURN(image.root_snapshot_id, SnapshotId::Parse(mapping.ebs().snapshot_id()));
    }
    if (mapping.ebs().has_volume_size()) image.root_size_gib = mapping.ebs().volume_size();
    if (!image.root_snapshot_id && (mapping.ebs().has_volume_size() || mapping.ebs().has_volume_type())) {
      return ec2::Error("UnsupportedOperation",
                        "The size of an image is that of its files; size and type of a volume are given at its launch");
    }
    if (mapping.ebs().has_delete_on_termination()) {
      image.root_delete_on_termination = mapping.ebs().delete_on_termination();
    }
  }
  ASSIGN_OR_RETURN(const ImageId id, images.Register(image));
  v1::RegisterImageResponse response;
  response.set_image_id(id.text());
  return response;
}

constexpr char kHiddenReason[] = "The image cannot be imported from its location; brumed's administrator is told why";

v1::Image Render(const storage::ImageView& view, const Settings& settings, const Caller& caller) {
  const Image& image = view.image;
  v1::Image rendered;
  rendered.set_architecture(image.architecture);
  rendered.set_creation_date(gateway::RenderTime(image.created));
  rendered.set_image_id(image.id.text());
  rendered.set_image_location(image.location);
  rendered.set_image_type("machine");
  const auto& accounts = image.launchable_by;
  rendered.set_public_(std::find(accounts.begin(), accounts.end(), kEveryone) != accounts.end());
  rendered.set_owner_id(settings.account_id);
  rendered.set_platform_details("Linux/UNIX");
  rendered.set_usage_operation("RunInstances");
  rendered.set_state(std::string(StateName(image.state)));
  *rendered.mutable_block_device_mappings() = RenderDisks(view);
  if (!image.description.empty()) rendered.set_description(image.description);
  rendered.set_ena_support(true);
  rendered.set_hypervisor("xen");
  rendered.set_name(image.name);
  rendered.set_root_device_name(image.root_device_name);
  rendered.set_root_device_type("ebs");
  if (!image.state_reason.code.empty()) {
    rendered.mutable_state_reason()->set_code(image.state_reason.code);
    // Which files there are on the host, and what they are, is for its administrators.
    rendered.mutable_state_reason()->set_message(caller.administrator ? image.state_reason.message : kHiddenReason);
  }
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_virtualization_type("hvm");
  rendered.set_boot_mode(std::string(BootModeName(image.boot_mode)));
  if (image.deprecated_at) rendered.set_deprecation_time(gateway::RenderTime(*image.deprecated_at));
  if (!image.source_instance_id.empty()) rendered.set_source_instance_id(image.source_instance_id.text());
  if (!image.source_image_id.empty()) rendered.set_source_image_id(image.source_image_id.text());
  if (!image.owner_alias.empty()) rendered.set_image_owner_alias(image.owner_alias);
  return rendered;
}

bool OwnerSelected(const v1::DescribeImagesRequest& request, const Image& image, const Settings& settings) {
  const auto& owners = request.owners();
  return owners.empty() || std::any_of(owners.begin(), owners.end(), [&](const std::string& owner) {
           return owner == "self" || owner == settings.account_id ||
                  (!image.owner_alias.empty() && owner == image.owner_alias);
         });
}

absl::StatusOr<v1::DescribeImagesResponse> DescribeImages(const v1::DescribeImagesRequest& request,
                                                          const Caller& caller, storage::ImageService& images,
                                                          const Settings& settings) {
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  ASSIGN_OR_RETURN(std::vector<ImageId> ids, gateway::ParseIds<ImageId>(request.image_ids()));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ASSIGN_OR_RETURN(const std::vector<storage::ImageView> all, images.List(ids));
  v1::DescribeImagesResponse response;
  for (const storage::ImageView& view : all) {
    if (!OwnerSelected(request, view.image, settings)) continue;
    v1::Image image = Render(view, settings, caller);
    if (keep(image)) *response.add_images() = std::move(image);
  }
  return response;
}

absl::Status DeregisterImage(const v1::DeregisterImageRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  return images.Deregister(id, request.delete_associated_snapshots());
}

absl::StatusOr<v1::CreateImageResponse> CreateImage(const v1::CreateImageRequest& request,
                                                    const storage::FindMachine& machine_of,
                                                    storage::ImageService& images) {
  ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const storage::Machine machine, machine_of(instance));
  storage::ImageOfInstanceRequest wanted;
  wanted.instance_id = instance;
  wanted.image_id = machine.image_id;
  wanted.root_device = machine.root_device;
  wanted.name = request.name();
  wanted.description = request.description();
  wanted.at_rest = machine.runs && !request.no_reboot();
  RETURN_IF_ERROR(ParseTags(request.tag_specifications(),
                            {{&ImageId::kKind, &wanted.tags}, {&SnapshotId::kKind, &wanted.snapshot_tags}}));
  ASSIGN_OR_RETURN(const ImageId id, images.CreateOf(wanted));
  v1::CreateImageResponse response;
  response.set_image_id(id.text());
  return response;
}

absl::StatusOr<v1::CopyImageResponse> CopyImage(const v1::CopyImageRequest& request, storage::ImageService& images,
                                                const Settings& settings) {
  RETURN_IF_ERROR(CheckRegion("sourceRegion", request.source_region(), settings));
  RETURN_IF_ERROR(storage::CheckKmsKey(request.kms_key_id(), request.encrypted(), settings.account()));
  storage::CopyImageRequest wanted;
  ASSIGN_OR_RETURN(wanted.source, ImageId::Parse(request.source_image_id()));
  wanted.name = request.name();
  wanted.description = request.description();
  wanted.copy_tags = request.copy_image_tags();
  if (request.has_encrypted()) wanted.encrypted = request.encrypted();
  ASSIGN_OR_RETURN(const ImageId id, images.Copy(wanted));
  v1::CopyImageResponse response;
  response.set_image_id(id.text());
  return response;
}

}  // namespace

void AddImageActions(gateway::Actions& actions, const StorageServices& services) {
  actions.Add(RegisterImage, services.images);
  actions.Add(CreateImage, services.machine_of, services.images);
  actions.Add(CopyImage, services.images, services.settings);
  actions.Add(DescribeImages, services.images, services.settings);
  actions.Add(DeregisterImage, services.images);
}

}  // namespace brume::ec2
