#include "lib/ec2/storage/api/image_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
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
    if (mapping.ebs().encrypted()) return ec2::Error("UnsupportedOperation", "Encrypted volumes are not supported");
    if (mapping.ebs().has_volume_size() || mapping.ebs().has_volume_type()) {
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

v1::BlockDeviceMapping RenderRoot(const Image& image) {
  v1::BlockDeviceMapping mapping;
  mapping.set_device_name(image.root_device_name);
  mapping.mutable_ebs()->set_delete_on_termination(image.root_delete_on_termination);
  if (image.virtual_size_bytes > 0) {
    mapping.mutable_ebs()->set_volume_size(static_cast<int>(RootSizeGib(image)));
  }
  mapping.mutable_ebs()->set_volume_type("gp3");
  mapping.mutable_ebs()->set_encrypted(false);
  mapping.mutable_ebs()->set_snapshot_id(SnapshotOf(image.id).text());
  return mapping;
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
  rendered.set_public_(false);
  rendered.set_owner_id(settings.account_id);
  rendered.set_platform_details("Linux/UNIX");
  rendered.set_usage_operation("RunInstances");
  rendered.set_state(std::string(StateName(image.state)));
  *rendered.add_block_device_mappings() = RenderRoot(image);
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
  return rendered;
}

bool OwnerSelected(const v1::DescribeImagesRequest& request, const Settings& settings) {
  const auto& owners = request.owners();
  return owners.empty() || std::any_of(owners.begin(), owners.end(), [&](const std::string& owner) {
           return owner == "self" || owner == settings.account_id;
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
  if (!OwnerSelected(request, settings)) return response;
  for (const storage::ImageView& view : all) {
    v1::Image image = Render(view, settings, caller);
    if (keep(image)) *response.add_images() = std::move(image);
  }
  return response;
}

absl::Status DeregisterImage(const v1::DeregisterImageRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  return images.Deregister(id);
}

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
    *response.add_block_device_mappings() = RenderRoot(view.image);
  } else if (attribute == "sriovNetSupport") {
    response.mutable_sriov_net_support();
  } else if (attribute == "bootMode") {
    response.mutable_boot_mode()->set_value(std::string(BootModeName(view.image.boot_mode)));
  }
  return response;
}

}  // namespace

void AddImageActions(gateway::Actions& actions, storage::ImageService& images, const Settings& settings) {
  actions.Add(RegisterImage, images);
  actions.Add(DescribeImages, images, settings);
  actions.Add(DeregisterImage, images);
  actions.Add(DescribeImageAttribute, images);
}

}  // namespace brume::ec2
