// The disks of an instance while it lives: volumes that come and go. Part of InstanceReconciler, in a file of its own.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_service.h"

namespace brume::compute {
namespace {

// A guest that was not ready to let go of a disk is asked again; one that was asked so often is busy with it, and asked
// now and then.
constexpr absl::Duration kAskPeriod = absl::Seconds(5), kBusyAskPeriod = absl::Seconds(30);
constexpr int kAsksUntilBusy = 3;

DiskLimits DiskLimitsOf(const Volume& volume) {
  const VolumeLimits limits = LimitsOf(volume);
  return {.iops = limits.iops, .bytes_per_second = limits.bytes_per_second};
}

}  // namespace

absl::StatusOr<GuestDisk> InstanceReconciler::DiskOf(int64_t user_id, const Volume& volume) {
  ASSIGN_OR_RETURN(std::string path, parts_.disks.EnsureVolume(volume));
  RETURN_IF_ERROR(parts_.disks.GiveVolume(volume.id, user_id));
  GuestDisk disk{.path = std::move(path),
                 .device = volume.device_name,
                 .serial = SerialOf(volume.id),
                 .limits = DiskLimitsOf(volume)};
  ASSIGN_OR_RETURN(disk.encryption, parts_.disks.EncryptionOf(volume));
  return disk;
}

absl::Status InstanceReconciler::WriteVolume(Volume& volume) {
  return parts_.database.Write([&](store::Connection& c) { return storage::UpdateVolume(c, volume); });
}

absl::Status InstanceReconciler::NoteAttached(Volume& volume) {
  if (volume.attachment_state != AttachmentState::kAttaching) return absl::OkStatus();
  RETURN_IF_ERROR(Failpoint("instance.disk_attached"));
  volume.attachment_state = AttachmentState::kAttached;
  RETURN_IF_ERROR(WriteVolume(volume));
  log::Info("volume {} is attached to {} as {}", volume.id.text(), volume.instance_id.text(), volume.device_name);
  return absl::OkStatus();
}

absl::Status InstanceReconciler::NoteDetached(Volume volume) {
  RETURN_IF_ERROR(Failpoint("instance.disk_detached"));
  const InstanceId instance = volume.instance_id;
  Change(instance, [&](Memory& memory) { memory.detach_asks.erase(volume.id); });
  RETURN_IF_ERROR(parts_.disks.GiveVolume(volume.id, 0));
  Release(volume);
  RETURN_IF_ERROR(WriteVolume(volume));
  log::Info("volume {} is detached from {}", volume.id.text(), instance.text());
  return absl::OkStatus();
}

// Of a guest that is off, all that is asked for is done.
absl::Status InstanceReconciler::FollowDisksOff(Guest& guest) {
  for (Volume& volume : guest.volumes) {
    if (IsDetaching(volume)) {
      RETURN_IF_ERROR(NoteDetached(volume));
    } else if (volume.state == VolumeState::kInUse) {
      RETURN_IF_ERROR(NoteAttached(volume));
    }
  }
  std::erase_if(guest.volumes, IsDetaching);
  return absl::OkStatus();
}

InstanceReconciler::Next InstanceReconciler::FollowDisks(Guest& guest) {
  const absl::StatusOr<std::vector<ObservedDisk>> observed = parts_.hypervisor.DisksOf(guest.instance.id);
  // It ended since it was observed.
  if (absl::IsNotFound(observed.status())) return absl::ZeroDuration();
  RETURN_IF_ERROR(observed.status());
  absl::Duration soonest = absl::InfiniteDuration();
  absl::Status first_error;
  // One that cannot be attached does not stand in the way of the others.
  for (Volume& volume : guest.volumes) {
    const auto disk = std::find_if(observed->begin(), observed->end(),
                                   [&](const ObservedDisk& each) { return each.serial == SerialOf(volume.id); });
    const Next next = FollowDisk(guest.user_id, volume, disk == observed->end() ? nullptr : &*disk);
    first_error.Update(next.status());
    if (next.ok()) soonest = std::min(soonest, *next);
  }
  RETURN_IF_ERROR(first_error);
  return soonest;
}

InstanceReconciler::Next InstanceReconciler::FollowDisk(int64_t user_id, Volume& volume, const ObservedDisk* observed) {
  if (IsDetaching(volume)) {
    if (observed != nullptr) return AskToDetach(volume);
    RETURN_IF_ERROR(NoteDetached(volume));
    return absl::InfiniteDuration();
  }
  if (observed == nullptr) {
    ASSIGN_OR_RETURN(const GuestDisk disk, DiskOf(user_id, volume));
    RETURN_IF_ERROR(parts_.hypervisor.AttachDisk(volume.instance_id, disk));
  } else if (const DiskLimits limits = DiskLimitsOf(volume); observed->limits != limits) {
    RETURN_IF_ERROR(parts_.hypervisor.SetDiskLimits(volume.instance_id, observed->serial, limits));
  }
  RETURN_IF_ERROR(NoteAttached(volume));
  return absl::InfiniteDuration();
}

absl::StatusOr<bool> InstanceReconciler::FollowModifications(Guest& guest, bool is_on) {
  bool stepped = false;
  for (Volume& volume : guest.volumes) {
    // One that goes is modified by whom it comes to.
    if (volume.state != VolumeState::kInUse || IsDetaching(volume)) continue;
    ASSIGN_OR_RETURN(std::optional<VolumeModification> modification,
                     storage::FindModificationInWork(parts_.database, volume.id));
    if (!modification.has_value()) continue;
    RETURN_IF_ERROR(
        storage::StepModification(parts_.database, parts_.clock.Now(), volume, *modification, [&](int64_t size_gib) {
          return is_on ? parts_.hypervisor.ResizeDisk(guest.instance.id, SerialOf(volume.id), size_gib << 30)
                       : parts_.disks.GrowVolume(volume, size_gib);
        }));
    stepped = true;
  }
  return stepped;
}

InstanceReconciler::Next InstanceReconciler::AskToDetach(Volume& volume) {
  const InstanceId& id = volume.instance_id;
  const Memory memory = Remember(id);
  const auto found = memory.detach_asks.find(volume.id);
  DetachAsks asks = found == memory.detach_asks.end() ? DetachAsks() : found->second;
  const bool is_busy = volume.attachment_state == AttachmentState::kBusy;
  // Detaching once more after it was busy: somebody forces it.
  if (!is_busy && asks.count > kAsksUntilBusy) asks = {};
  const absl::Time now = parts_.clock.Now();
  const absl::Duration period = is_busy ? kBusyAskPeriod : kAskPeriod;
  if (const absl::Duration left = asks.last + period - now; left > absl::ZeroDuration()) return left;
  if (!is_busy && asks.count == kAsksUntilBusy) {
    log::Warn("the guest of {} does not let go of volume {}", id.text(), volume.id.text());
    volume.attachment_state = AttachmentState::kBusy;
    RETURN_IF_ERROR(WriteVolume(volume));
  }
  RETURN_IF_ERROR(parts_.hypervisor.DetachDisk(id, SerialOf(volume.id)));
  RETURN_IF_ERROR(Failpoint("instance.disk_detach_asked"));
  asks = {.count = asks.count + 1, .last = now};
  Change(id, [&](Memory& m) { m.detach_asks[volume.id] = asks; });
  return period;
}

}  // namespace brume::compute
