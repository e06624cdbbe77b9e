#include "lib/ec2/storage/api/image_attribute_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/api/image_disk_messages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

template <typename Response, typename Return>
Response Answered(Return value) {
  Response response;
  response.set_return_(std::move(value));
  return response;
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
    *response.mutable_block_device_mappings() = RenderDisks(view);
  } else if (attribute == "launchPermission") {
    RenderPermissions(view.image.launchable_by, *response.mutable_launch_permissions());
  } else if (attribute == "sriovNetSupport") {
    response.mutable_sriov_net_support();
  } else if (attribute == "bootMode") {
    response.mutable_boot_mode()->set_value(std::string(BootModeName(view.image.boot_mode)));
  } else if (attribute == "tpmSupport") {
    response.mutable_tpm_support();
  } else if (attribute == "uefiData") {
    response.mutable_uefi_data();
  } else if (attribute == "lastLaunchedTime") {
    v1::AttributeValue& last = *response.mutable_last_launched_time();
    if (view.image.last_launched) last.set_value(gateway::RenderTime(*view.image.last_launched));
  } else if (attribute == "imdsSupport") {
    v1::AttributeValue& support = *response.mutable_imds_support();
    if (view.image.imds_v2) support.set_value(kImdsV2);
  } else if (attribute == "deregistrationProtection") {
    response.mutable_deregistration_protection()->set_value(std::string(ProtectionName(view.image.protection)));
  }
  return response;
}

// The attribute that the request gives by its own member, or by Attribute and Value; unset where it gives none.
std::optional<std::string> GivenValue(const v1::ModifyImageAttributeRequest& request, const char* attribute,
                                      bool has_member, const v1::AttributeValue& member) {
  if (request.attribute() == attribute && request.has_value()) return request.value();
  return has_member ? std::optional<std::string>(member.value()) : std::nullopt;
}

absl::Status ModifyImageAttribute(const v1::ModifyImageAttributeRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  storage::ImageChange change;
  change.description = GivenValue(request, "description", request.has_description(), request.description());
  const std::optional<std::string> imds =
      GivenValue(request, "imdsSupport", request.has_imds_support(), request.imds_support());
  if (imds && *imds != kImdsV2) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Value (", absl::CHexEscape(imds->substr(0, 100)),
                                   ") for parameter imdsSupport is invalid. It must be ", kImdsV2, "."));
  }
  change.imds_v2 = imds.has_value();
  ASSIGN_OR_RETURN(PermissionChange accounts,
                   ParsePermissions(request, request.launch_permission(), request.user_groups()));
  change.allow = std::move(accounts.add);
  change.forbid = std::move(accounts.remove);
  if (!change.description && !imds && change.allow.empty() && change.forbid.empty()) {
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
  return Answered<v1::EnableImageDeprecationResponse>(true);
}

absl::StatusOr<v1::DisableImageDeprecationResponse> DisableImageDeprecation(
    const v1::DisableImageDeprecationRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  RETURN_IF_ERROR(images.Deprecate(id, std::nullopt));
  return Answered<v1::DisableImageDeprecationResponse>(true);
}

absl::StatusOr<v1::EnableImageResponse> EnableImage(const v1::EnableImageRequest& request,
                                                    storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  RETURN_IF_ERROR(images.SetEnabled(id, true));
  return Answered<v1::EnableImageResponse>(true);
}

absl::StatusOr<v1::DisableImageResponse> DisableImage(const v1::DisableImageRequest& request,
                                                      storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  RETURN_IF_ERROR(images.SetEnabled(id, false));
  return Answered<v1::DisableImageResponse>(true);
}

absl::StatusOr<v1::EnableImageDeregistrationProtectionResponse> EnableImageDeregistrationProtection(
    const v1::EnableImageDeregistrationProtectionRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const DeregistrationProtection protection,
                   images.Protect(id, request.with_cooldown() ? DeregistrationProtection::kEnabledWithCooldown
                                                              : DeregistrationProtection::kEnabled));
  return Answered<v1::EnableImageDeregistrationProtectionResponse>(std::string(ProtectionName(protection)));
}

absl::StatusOr<v1::DisableImageDeregistrationProtectionResponse> DisableImageDeregistrationProtection(
    const v1::DisableImageDeregistrationProtectionRequest& request, storage::ImageService& images) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const DeregistrationProtection protection, images.Protect(id, DeregistrationProtection::kDisabled));
  return Answered<v1::DisableImageDeregistrationProtectionResponse>(std::string(ProtectionName(protection)));
}

}  // namespace

void AddImageAttributeActions(gateway::Actions& actions, const StorageServices& services) {
  actions.Add(DescribeImageAttribute, services.images);
  actions.Add(ModifyImageAttribute, services.images)
      .DescribedBy([](const v1::ModifyImageAttributeRequest& request, AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const PermissionChange change,
                         ParsePermissions(request, request.launch_permission(), request.user_groups()));
        AddPermissionFacts(change, question);
        return absl::OkStatus();
      });
  actions.Add(ResetImageAttribute, services.images);
  actions.Add(EnableImageDeprecation, services.images);
  actions.Add(DisableImageDeprecation, services.images);
  actions.Add(EnableImage, services.images);
  actions.Add(DisableImage, services.images);
  actions.Add(EnableImageDeregistrationProtection, services.images);
  actions.Add(DisableImageDeregistrationProtection, services.images);
}

}  // namespace brume::ec2
