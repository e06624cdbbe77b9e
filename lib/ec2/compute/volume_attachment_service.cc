#include "lib/ec2/compute/volume_attachment_service.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

absl::Status CheckFree(const Volume& volume) {
  if (!volume.instance_id.empty()) {
    return ec2::Error("VolumeInUse", absl::StrCat(volume.id.text(), " is already attached to an instance, ",
                                                  volume.instance_id.text(), "; detach it there first"));
  }
  if (volume.state == VolumeState::kAvailable) return absl::OkStatus();
  return ec2::Error("IncorrectState", absl::StrCat("Volume '", volume.id.text(), "' is in the '",
                                                   StateName(volume.state), "' state; it must be available"));
}

absl::Status CheckRoom(store::Connection& c, const Instance& instance, const std::string& device) {
  RETURN_IF_ERROR(CheckDeviceName(device));
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes, storage::ListVolumesOf(c, {&instance.id, 1}));
  for (const Volume& volume : volumes) {
    if (volume.device_name != device) continue;
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Invalid value '", device, "' for unixDevice. Attachment point ", device,
                                   " is already in use by ", volume.id.text()));
  }
  const bool runs = instance.state == InstanceState::kRunning;
  if (volumes.size() < (runs ? kMaxVolumesWhileRunning : kMaxVolumesOfInstance)) return absl::OkStatus();
  return ec2::Error(
      "AttachmentLimitExceeded",
      absl::StrCat("The instance '", instance.id.text(), "' has ", volumes.size(), " volumes, as many as ",
                   runs ? "one can be given while it runs; stop it to attach more" : "one can have"));
}

// Names of the attachment that the request gives and the volume has otherwise.
absl::Status CheckNamed(const DetachRequest& request, const Volume& volume) {
  const bool same = (!request.instance_id || *request.instance_id == volume.instance_id) &&
                    (request.device.empty() || request.device == volume.device_name);
  if (same) return absl::OkStatus();
  return ec2::Error("InvalidAttachment.NotFound",
                    absl::StrCat("The volume '", volume.id.text(), "' is not attached to instance '",
                                 request.instance_id.value_or(volume.instance_id).text(), "'",
                                 request.device.empty() ? "" : absl::StrCat(" as device ", request.device)));
}

}  // namespace

absl::StatusOr<Volume> VolumeAttachmentService::Attach(const AttachRequest& request) {
  Volume volume;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(request.instance_id));
    ASSIGN_OR_RETURN(volume, storage::GetVolume(c, request.volume_id));
    RETURN_IF_ERROR(CheckFree(volume));
    // Who takes it has the disk's files to itself until then.
    ASSIGN_OR_RETURN(const bool is_frozen, storage::HasPendingSnapshot(c, volume.id));
    if (is_frozen) {
      return ec2::Error("IncorrectState", absl::StrCat("A snapshot of volume '", volume.id.text(),
                                                       "' is being taken; attach it in a moment"));
    }
    RETURN_IF_ERROR(CheckSteady(instance));
    RETURN_IF_ERROR(CheckNotHibernated(instance, "its disks"));
    if (volume.availability_zone != instance.availability_zone) {
      return ec2::Error(
          "InvalidVolume.ZoneMismatch",
          absl::StrCat("The volume '", volume.id.text(), "' is not in the same availability zone as ", "instance '",
                       instance.id.text(), "': ", volume.availability_zone, " and ", instance.availability_zone));
    }
    RETURN_IF_ERROR(CheckRoom(c, instance, request.device));
    volume.state = VolumeState::kInUse;
    volume.instance_id = instance.id;
    volume.device_name = request.device;
    volume.attachment_state = AttachmentState::kAttaching;
    volume.attach_time = clock_.Now();
    volume.delete_on_termination = false;
    return storage::UpdateVolume(c, volume);
  }));
  wake_instance_(volume.instance_id);
  return volume;
}

absl::StatusOr<Volume> VolumeAttachmentService::Detach(const DetachRequest& request) {
  Volume volume;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(volume, storage::GetVolume(c, request.volume_id));
    if (volume.instance_id.empty()) {
      return ec2::Error("IncorrectState", absl::StrCat("Volume '", volume.id.text(), "' is in the '",
                                                       StateName(volume.state), "' state: it is not attached"));
    }
    RETURN_IF_ERROR(CheckNamed(request, volume));
    const bool begun = IsDetaching(volume);
    // One that the guest did not let go of is asked for again.
    if (begun && !(request.force && volume.attachment_state == AttachmentState::kBusy)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(volume.instance_id));
    RETURN_IF_ERROR(CheckSteady(instance));
    RETURN_IF_ERROR(CheckNotHibernated(instance, "its disks"));
    if (volume.device_name == instance.root_device_name && instance.state != InstanceState::kStopped) {
      return ec2::Error("OperationNotPermitted",
                        absl::StrCat("Unable to detach root volume '", volume.id.text(), "' from instance '",
                                     instance.id.text(), "': stop the instance first"));
    }
    volume.attachment_state = AttachmentState::kDetaching;
    return storage::UpdateVolume(c, volume);
  }));
  wake_instance_(volume.instance_id);
  return volume;
}

absl::StatusOr<std::optional<InstanceId>> VolumeAttachmentService::InstanceOf(const VolumeId& id) {
  ASSIGN_OR_RETURN(const Volume volume,
                   database_.ReadFor([&](store::Connection& c) { return storage::GetVolume(c, id); }));
  return volume.instance_id.empty() ? std::nullopt : std::optional<InstanceId>(volume.instance_id);
}

}  // namespace brume::compute
