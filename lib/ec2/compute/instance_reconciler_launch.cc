// The launch: from a pending row to a running guest. Part of InstanceReconciler, in a file of its own.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/failure_kind.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/compute/tables/guest_user_table.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/storage/volume_service.h"

namespace brume::compute {
namespace {

// The root first: the firmware boots from the first disk. The others by their devices, as EC2 has them.
std::vector<Volume> InBootOrder(std::vector<Volume> volumes, const std::string& root_device) {
  std::sort(volumes.begin(), volumes.end(), [&](const Volume& a, const Volume& b) {
    return std::pair(a.device_name != root_device, a.device_name) <
           std::pair(b.device_name != root_device, b.device_name);
  });
  return volumes;
}

}  // namespace

InstanceReconciler::Next InstanceReconciler::Launch(Guest& guest) {
  Instance& instance = guest.instance;
  ASSIGN_OR_RETURN(const absl::Duration wait, AwaitTurn(instance));
  if (wait > absl::ZeroDuration()) return wait;
  const absl::Status started = PowerOn(guest);
  // A row that changed meanwhile is read anew; nothing failed.
  if (absl::IsAborted(started)) return started;
  if (!started.ok()) return LaunchFailed(guest, started);
  RETURN_IF_ERROR(Failpoint("instance.resumed"));
  instance.host_boot_id = parts_.host_boot_id;
  const absl::Status settled = Settle(instance, InstanceState::kRunning);
  if (!settled.ok()) return settled;
  turns_.Started(instance.id);
  WakeNextTurns();
  // The guest may have ended between Resume and now, its event seen while the row was still pending.
  return absl::ZeroDuration();
}

InstanceReconciler::Next InstanceReconciler::AwaitTurn(Instance& instance) {
  const RestartTurns::Answer answer = turns_.Take(instance.id);
  if (answer.turn == RestartTurns::Turn::kNotNeeded) return absl::ZeroDuration();
  if (answer.turn == RestartTurns::Turn::kWaits) return answer.wait;
  WakeNextTurns();
  // Its launch has the whole of its time from here on.
  instance.state_since = parts_.clock.Now();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return InstanceTable(c).Update(instance); }));
  return absl::ZeroDuration();
}

void InstanceReconciler::GiveUpTurn(const InstanceId& id) {
  if (turns_.Leave(id)) WakeNextTurns();
}

void InstanceReconciler::WakeNextTurns() {
  for (const InstanceId& id : turns_.Front()) Wake(id);
}

absl::Status InstanceReconciler::PowerOn(Guest& guest) {
  const InstanceId& id = guest.instance.id;
  Instance& instance = guest.instance;
  ASSIGN_OR_RETURN(Power power, parts_.hypervisor.Observe(id));
  const bool hibernated = instance.hibernation == Hibernation::kSaved;
  if (hibernated && power == Power::kPaused) {
    // An earlier life may have ended before it had its memory.
    RETURN_IF_ERROR(parts_.hypervisor.CutPower(id));
    power = Power::kOff;
  }
  if (power == Power::kOff) {
    Change(id, [](Memory& memory) { memory = {}; });
    RETURN_IF_ERROR(EnsureUserId(guest));
    RETURN_IF_ERROR(FollowNicsOff(guest));
    for (const NetworkInterface& eni : guest.interfaces) {
      // A guest that died after its port was plugged left its tap in the VPC, where no other can open it.
      RETURN_IF_ERROR(parts_.network.UnplugPort(eni));
      RETURN_IF_ERROR(parts_.network.PreparePort(eni));
    }
    RETURN_IF_ERROR(Failpoint("instance.ports_prepared"));
    RETURN_IF_ERROR(FollowDisksOff(guest));
    ASSIGN_OR_RETURN(const GuestSpec spec, MakeSpec(guest));
    RETURN_IF_ERROR(Failpoint("instance.disks_made"));
    const absl::Status created = parts_.hypervisor.CreatePaused(spec);
    if (hibernated && !created.ok() && FailureKindOf(created) != FailureKind::kTransient)
      return GiveUpMemory(instance, created);
    RETURN_IF_ERROR(created);
    power = Power::kPaused;
    RETURN_IF_ERROR(Failpoint("instance.created"));
  }
  // Also when it is on already: an earlier life may have ended between Resume and Settle.
  for (const NetworkInterface& eni : guest.interfaces) RETURN_IF_ERROR(parts_.network.PlugPort(eni));
  RETURN_IF_ERROR(Failpoint("instance.plugged"));
  if (hibernated) RETURN_IF_ERROR(UseMemory(instance));
  if (power != Power::kOn) RETURN_IF_ERROR(parts_.hypervisor.Resume(id));
  return hibernated ? parts_.hypervisor.DiscardMemory(parts_.disks.InstanceDirectory(id)) : absl::OkStatus();
}

// Of a guest that is off: what it had before is given to its user with the launch.
absl::Status InstanceReconciler::EnsureUserId(Guest& guest) {
  const UserIdRange& range = parts_.guest_user_ids;
  if (range.empty() || range.Contains(guest.user_id)) return absl::OkStatus();
  ASSIGN_OR_RETURN(guest.user_id, parts_.database.WriteFor([&](store::Connection& c) -> absl::StatusOr<int64_t> {
    GuestUserTable table(c);
    ASSIGN_OR_RETURN(const std::vector<int64_t> taken, table.List());
    const auto is_taken = [&](int64_t id) {
      return std::binary_search(taken.begin(), taken.end(), id) || parts_.strange_user_ids.contains(id);
    };
    int64_t id = range.first;
    while (id <= range.last && is_taken(id)) ++id;
    if (id > range.last) {
      return absl::ResourceExhaustedError(
          absl::StrCat("all ids of guests' users (compute.guest_user_ids, ", range.text(), ") are taken"));
    }
    RETURN_IF_ERROR(table.Set(guest.instance.id, id));
    return id;
  }));
  return Failpoint("instance.user_chosen");
}

absl::StatusOr<GuestSpec> InstanceReconciler::MakeSpec(const Guest& guest) {
  const Instance& instance = guest.instance;
  const InstanceType* type = parts_.types.Find(instance.instance_type);
  if (type == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("instance type ", instance.instance_type, " is no longer in the configuration"));
  }
  GuestSpec spec{.id = instance.id,
                 .uuid = instance.uuid,
                 .user_id = guest.user_id,
                 .vcpus = type->vcpus,
                 .memory_mib = type->memory_mib,
                 .boot_mode = CurrentBootMode(guest.image.boot_mode, parts_.settings.has_uefi)};
  if (!guest.image.kernel_file.empty()) {
    const storage::ImagePaths paths = parts_.disks.PathsOf(guest.image);
    spec.direct_boot = DirectBoot{paths.kernel, paths.initrd, guest.image.command_line};
  }
  for (Volume volume : InBootOrder(guest.volumes, instance.root_device_name)) {
    ASSIGN_OR_RETURN(GuestDisk disk, DiskOf(guest.user_id, volume));
    if (volume.state == VolumeState::kCreating) {
      // From here on a missing disk is a loss, not something to make.
      volume.state = VolumeState::kInUse;
      volume.attachment_state = AttachmentState::kAttached;
      RETURN_IF_ERROR(WriteVolume(volume));
    }
    spec.disks.push_back(std::move(disk));
  }
  for (const NetworkInterface& eni : guest.interfaces) spec.nics.push_back(NicOf(eni, instance.instance_type));
  spec.max_nics = InterfaceLimitsOf(instance.instance_type).interfaces;
  if (instance.hibernation == Hibernation::kSaved) {
    ASSIGN_OR_RETURN(spec.memory_key, MemoryKeyOf(guest));
  }
  ASSIGN_OR_RETURN(spec.directory, parts_.disks.EnsureInstanceDirectory(instance.id, guest.user_id));
  return spec;
}

// Tries again until `launch_timeout`, while that may help; else the instance goes where EC2 sends it: a new one to
// terminated, one that ran before back to stopped. Both paths give back everything it held.
InstanceReconciler::Next InstanceReconciler::LaunchFailed(Guest& guest, const absl::Status& why) {
  Instance& instance = guest.instance;
  const bool late = parts_.clock.Now() >= instance.state_since + parts_.settings.launch_timeout;
  if (!late && FailureKindOf(why) != FailureKind::kPermanent) return why;

  log::Error("instance {} cannot be started: {}", instance.id.text(), why.message());
  ASSIGN_OR_RETURN(const bool restored, RestoreRootOf(guest));
  if (restored) return absl::ZeroDuration();
  const bool ran_before = !instance.host_boot_id.empty();
  instance.force_stop = true;
  instance.state_reason = {"Server.InternalError", ToUtf8(absl::StrCat("The launch failed: ", why.message()))};
  RETURN_IF_ERROR(Settle(instance, ran_before ? InstanceState::kStopping : InstanceState::kShuttingDown));
  return absl::ZeroDuration();
}

}  // namespace brume::compute
