#include "lib/ec2/storage/model/storage.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::string_view StateName(ImageState state) {
  switch (state) {
    case ImageState::kPending:
      return "pending";
    case ImageState::kAvailable:
      return "available";
    case ImageState::kFailed:
      return "failed";
    case ImageState::kDeregistered:
      return "deregistered";
  }
  return "";
}

absl::StatusOr<ImageState> ParseImageState(absl::string_view name) {
  for (const ImageState state :
       {ImageState::kPending, ImageState::kAvailable, ImageState::kFailed, ImageState::kDeregistered}) {
    if (StateName(state) == name) return state;
  }
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", name, "' is not an image state"));
}

absl::string_view BootModeName(BootMode mode) { return mode == BootMode::kBios ? "legacy-bios" : "uefi"; }

absl::string_view AttachmentStatus(const Volume& volume) {
  switch (volume.state) {
    case VolumeState::kCreating:
      return "attaching";
    case VolumeState::kDeleting:
      return "detaching";
    default:
      return "attached";
  }
}

}  // namespace brume
