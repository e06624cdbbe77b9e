#include "lib/ec2/storage/model/storage.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kImageStateNames({std::pair{ImageState::kPending, "pending"},
                                      {ImageState::kAvailable, "available"},
                                      {ImageState::kFailed, "failed"},
                                      {ImageState::kDeregistered, "deregistered"}});
constexpr EnumNames kBootModeNames({std::pair{BootMode::kBios, "legacy-bios"}, {BootMode::kUefi, "uefi"}});
constexpr EnumNames kVolumeStateNames({std::pair{VolumeState::kCreating, "creating"},
                                       {VolumeState::kInUse, "in-use"},
                                       {VolumeState::kAvailable, "available"},
                                       {VolumeState::kDeleting, "deleting"}});

}  // namespace

absl::string_view StateName(ImageState state) { return kImageStateNames.Of(state); }

absl::string_view BootModeName(BootMode mode) { return kBootModeNames.Of(mode); }

std::optional<BootMode> FindBootMode(absl::string_view name) { return kBootModeNames.Find(name); }

absl::string_view StateName(VolumeState state) { return kVolumeStateNames.Of(state); }

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
