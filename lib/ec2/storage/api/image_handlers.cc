#include "lib/ec2/storage/api/image_handlers.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/call_token.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/api/image_attribute_handlers.h"
#include "lib/ec2/storage/api/image_disk_messages.h"
#include "lib/ec2/storage/api/storage_facts.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::ec2 {
namespace {

// Makes the mapping of the root device, among `image.disks`, what the image says of its root.
absl::Status TakeRoot(storage::RegisterRequest& image) {
  if (image.root_device_name.empty() && image.disks.size() > 1) {
    return ec2::Error(ec2::kMissingParameter, "rootDeviceName, as it has several block device mappings");
  }
  // One mapping alone is the root's.
  if (image.root_device_name.empty() && !image.disks.empty()) image.root_device_name = image.disks.front().device;
  const auto found = std::find_if(image.disks.begin(), image.disks.end(), [&](const storage::ImageMapping& mapping) {
    return mapping.device == image.root_device_name;
  });
  if (found == image.disks.end()) return absl::OkStatus();
  const storage::ImageMapping root = *found;
  image.disks.erase(found);
  if (root.none) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("The root device ", root.device, " of an image cannot be left out"));
  }
  if (root.disk.encrypted && root.disk.snapshot_id) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("The encrypted flag cannot be specified since device ", root.device,
                                   " has a snapshot specified: an image is as encrypted as its snapshot"));
  }
  image.encrypted = root.disk.encrypted;
  if (root.disk.snapshot_id) image.root_snapshot_id = SnapshotId::FromTrusted(*root.disk.snapshot_id);
  if (root.disk.size_gib) image.root_size_gib = *root.disk.size_gib;
  if (!image.root_snapshot_id && (root.disk.size_gib || root.disk.volume_type)) {
    return ec2::Error("UnsupportedOperation",
                      "The size of an image is that of its files; size and type of a volume are given at its launch");
  }
  image.root_delete_on_termination = root.disk.delete_on_termination;
  image.root = root.disk;
  return absl::OkStatus();
}

absl::StatusOr<v1::RegisterImageResponse> RegisterImage(const v1::RegisterImageRequest& request,
                                                        storage::ImageService& images, const Settings& settings) {
  storage::RegisterRequest image;
  image.name = request.name();
  image.description = request.description();
  image.location = request.image_location();
  image.architecture = request.architecture();
  image.root_device_name = request.root_device_name();
  image.boot_mode = FindBootMode(request.boot_mode());
  image.imds_v2 = request.has_imds_support();
  if (request.has_tpm_support()) {
    return ec2::Error("UnsupportedOperation", "Guests have no TPM: an image cannot have TpmSupport");
  }
  if (request.has_uefi_data()) {
    return ec2::Error("UnsupportedOperation",
                      "Each instance begins with the firmware's own variables: an image cannot have UefiData");
  }
  ASSIGN_OR_RETURN(image.tags, ParseTags(request.tag_specifications(), ImageId::kKind));
  ASSIGN_OR_RETURN(image.disks, ParseMappings(request.block_device_mappings(), settings.account()));
  RETURN_IF_ERROR(TakeRoot(image));
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
  if (!image.source_image_id.empty()) {
    rendered.set_source_image_id(image.source_image_id.text());
    rendered.set_source_image_region(settings.region);
  }
  if (!image.owner_alias.empty()) rendered.set_image_owner_alias(image.owner_alias);
  if (image.imds_v2) rendered.set_imds_support(kImdsV2);
  rendered.set_deregistration_protection(std::string(ProtectionName(image.protection)));
  if (image.last_launched) rendered.set_last_launched_time(gateway::RenderTime(*image.last_launched));
  rendered.set_free_tier_eligible(false);
  return rendered;
}

bool OwnerSelected(const v1::DescribeImagesRequest& request, const Image& image, const Settings& settings) {
  const auto& owners = request.owners();
  return owners.empty() || std::any_of(owners.begin(), owners.end(), [&](const std::string& owner) {
           return owner == "self" || owner == settings.account_id ||
                  (!image.owner_alias.empty() && owner == image.owner_alias);
         });
}

// By its explicit permissions, which its owner needs none of.
bool UserSelected(const v1::DescribeImagesRequest& request, const Image& image, const Settings& settings) {
  const auto& users = request.executable_users();
  const auto& permitted = image.launchable_by;
  return users.empty() || std::any_of(users.begin(), users.end(), [&](const std::string& user) {
           const std::string& account = user == "self" ? settings.account_id : user;
           return std::find(permitted.begin(), permitted.end(), account) != permitted.end();
         });
}

// Aliases are those of AWS, of the catalogue, and of what was imported by it when it had other entries.
absl::Status CheckOwners(const v1::DescribeImagesRequest& request, storage::ImageService& images,
                         const storage::ImageNameService& names) {
  std::vector<std::string> given;
  for (const std::string& owner : request.owners()) {
    if (!names.HasOwner(owner)) given.push_back(owner);
  }
  static constexpr std::initializer_list<absl::string_view> kAws = {"self", "amazon", "aws-marketplace",
                                                                    "aws-backup-vault"};
  if (CheckAccounts(given, kAws).ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<storage::ImageView> all, images.List());
  std::erase_if(given, [&](const std::string& owner) {
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& view) { return !owner.empty() && view.image.owner_alias == owner; });
  });
  return CheckAccounts(given, kAws);
}

absl::StatusOr<v1::DescribeImagesResponse> DescribeImages(const v1::DescribeImagesRequest& request,
                                                          const Caller& caller, storage::ImageService& images,
                                                          const storage::ImageNameService& names,
                                                          const Settings& settings) {
  static const gateway::Listing<v1::Image, v1::DescribeImagesResponse> listing = {
      "images", &v1::Image::image_id, &v1::DescribeImagesResponse::mutable_images};
  ASSIGN_OR_RETURN(std::vector<ImageId> ids, gateway::NamedIds<ImageId>(request, request.image_ids(), "imageId"));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  RETURN_IF_ERROR(CheckOwners(request, images, names));
  RETURN_IF_ERROR(CheckAccounts(request.executable_users(), {"self", kEveryone}));
  ASSIGN_OR_RETURN(const std::vector<storage::ImageView> all,
                   images.List(ids, TagsAskedFor(request.filters(), ImageId::kKind.prefix)));
  std::vector<v1::Image> rendered;
  for (const storage::ImageView& view : all) {
    const bool hidden = view.image.state == ImageState::kDisabled && !request.include_disabled();
    if (hidden || !OwnerSelected(request, view.image, settings) || !UserSelected(request, view.image, settings))
      continue;
    rendered.push_back(Render(view, settings, caller));
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::DeregisterImageResponse> DeregisterImage(const v1::DeregisterImageRequest& request,
                                                            storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotDeletion> deleted,
                   images.Deregister(id, request.delete_associated_snapshots()));
  v1::DeregisterImageResponse response;
  response.set_return_(true);
  for (const storage::SnapshotDeletion& each : deleted) {
    v1::DeleteSnapshotReturnCode& result = *response.add_delete_snapshot_results();
    result.set_snapshot_id(each.id.text());
    result.set_return_code(std::string(each.code));
  }
  return response;
}

// Whoever has an image's snapshots deleted must be allowed to delete each of them.
std::vector<AccessQuestion> DeletionsOf(const v1::DeregisterImageRequest& request, storage::ImageService& images,
                                        const Account& account) {
  std::vector<AccessQuestion> questions;
  const absl::StatusOr<ImageId> id = ImageId::Parse(request.image_id());
  if (!request.delete_associated_snapshots() || !id.ok()) return questions;
  const absl::StatusOr<storage::ImageView> view = images.Get(*id);
  if (!view.ok()) return questions;  // the handler tells what is wrong
  std::vector<SnapshotId> snapshots = SnapshotsOf(view->image);
  if (!view->image.disk_file.empty()) snapshots.push_back(SnapshotOf(*id));
  for (const SnapshotId& snapshot : snapshots) {
    AccessQuestion& question = questions.emplace_back();
    question.action = "ec2:DeleteSnapshot";
    question.resources = {ArnOf(account, snapshot)};
  }
  return questions;
}

absl::StatusOr<v1::CreateImageResponse> CreateImage(const v1::CreateImageRequest& request,
                                                    const storage::FindMachine& machine_of,
                                                    storage::ImageService& images, const Settings& settings) {
  ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const storage::Machine machine, machine_of(instance));
  storage::ImageOfInstanceRequest wanted;
  wanted.instance_id = instance;
  wanted.image_id = machine.image_id;
  wanted.root_device = machine.root_device;
  wanted.name = request.name();
  wanted.description = request.description();
  wanted.at_rest = machine.runs && !request.no_reboot();
  if (request.snapshot_location() == "regional") {
    return ec2::Error("UnsupportedOperation",
                      "Snapshots lie on this host: SnapshotLocation must be local, where given");
  }
  ASSIGN_OR_RETURN(wanted.mappings, ParseMappings(request.block_device_mappings(), settings.account()));
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
  ASSIGN_OR_RETURN(wanted.token, ParseCallToken(request));
  ASSIGN_OR_RETURN(wanted.source, ImageId::Parse(request.source_image_id()));
  wanted.name = request.name();
  wanted.description = request.description();
  wanted.copy_tags = request.copy_image_tags();
  if (request.has_encrypted()) wanted.encrypted = request.encrypted();
  RETURN_IF_ERROR(ParseTags(request.tag_specifications(),
                            {{&ImageId::kKind, &wanted.tags}, {&SnapshotId::kKind, &wanted.snapshot_tags}}));
  ASSIGN_OR_RETURN(const ImageId id, images.Copy(wanted));
  v1::CopyImageResponse response;
  response.set_image_id(id.text());
  return response;
}

}  // namespace

void AddImageActions(gateway::Actions& actions, const StorageServices& services) {
  actions.Add(RegisterImage, services.images, services.settings);
  actions.Add(CreateImage, services.machine_of, services.images, services.settings)
      .DescribedBy([services](const v1::CreateImageRequest& request, AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(request.instance_id()));
        ASSIGN_OR_RETURN(const std::vector<Volume> volumes, services.volumes.ListOf(instance));
        question.AddMade(ArnOf(services.settings.account(), SnapshotId::kKind, "*"),
                         FactsOfSnapshotsOf(volumes, services.settings.account()));
        return absl::OkStatus();
      });
  actions.Add(CopyImage, services.images, services.settings)
      .DescribedBy([services](const v1::CopyImageRequest& request, AccessQuestion& question) -> absl::Status {
        if (!request.copy_image_tags()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const ImageId source, ImageId::Parse(request.source_image_id()));
        ASSIGN_OR_RETURN(const storage::ImageView view, services.images.Get(source));
        question.GiveTags(ArnOf(services.settings.account(), ImageId::kKind, "*"), view.tags);
        return absl::OkStatus();
      });
  actions.Add(DescribeImages, services.images, services.image_names, services.settings);
  actions.Add(DeregisterImage, services.images)
      .Implies([&images = services.images, account = services.settings.account()](
                   const v1::DeregisterImageRequest& request) { return DeletionsOf(request, images, account); });
}

}  // namespace brume::ec2
