#include "lib/ec2/compute/instance_reconciler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/guest_user_table.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kSweepPeriod = absl::Seconds(30);
// A power button pressed before the guest listens is lost, so it is pressed again.
constexpr absl::Duration kPressPeriod = absl::Seconds(2);
constexpr absl::Duration kResumePeriod = absl::Seconds(5);
constexpr absl::Duration kTokenLife = absl::Hours(24);

}  // namespace

InstanceReconciler::InstanceReconciler(InstanceReconcilerParts parts)
    : parts_(std::move(parts)),
      turns_({.parallel = parts_.settings.restart_parallel > 0 ? parts_.settings.restart_parallel
                                                               : std::max(1, parts_.settings.host_cpus),
              .boot_time = parts_.settings.restart_boot_time},
             parts_.clock),
      loop_({.name = "instance", .threads = parts_.threads}, [this](const Key& key) { return Reconcile(key); }) {}

void InstanceReconciler::Start() {
  parts_.hypervisor.Watch([this](const GuestEvent& event) { OnEvent(event); }, [this] { loop_.Wake(Sweep()); });
  loop_.Start();
  loop_.Wake(Sweep());
}

void InstanceReconciler::Stop() {
  parts_.hypervisor.Watch(nullptr, nullptr);
  loop_.Stop();
}

void InstanceReconciler::Wake(const InstanceId& id) { loop_.Wake(id); }

std::vector<InstanceId> InstanceReconciler::Orphans() const {
  MutexLock lock(mutex_);
  return orphans_;
}

void InstanceReconciler::OnEvent(const GuestEvent& event) {
  Change(event.id, [&](Memory& memory) {
    switch (event.kind) {
      case GuestEventKind::kStarted:
        memory.ended_by_guest = memory.crashed = false;
        break;
      case GuestEventKind::kStopped:
        memory.ended_by_guest = event.by_guest;
        break;
      case GuestEventKind::kCrashed:
        memory.crashed = true;
        break;
      case GuestEventKind::kRebooted:
        memory.rebooted = true;
        break;
      case GuestEventKind::kPaused:
      case GuestEventKind::kDeviceRemoved:
        break;
    }
  });
  Wake(event.id);
}

InstanceReconciler::Memory InstanceReconciler::Remember(const InstanceId& id) const {
  MutexLock lock(mutex_);
  const auto it = memories_.find(id);
  return it == memories_.end() ? Memory{} : it->second;
}

void InstanceReconciler::Change(const InstanceId& id, const std::function<void(Memory&)>& change) {
  MutexLock lock(mutex_);
  change(memories_[id]);
}

void InstanceReconciler::Evict(const InstanceId& id) {
  MutexLock lock(mutex_);
  memories_.erase(id);
}

absl::StatusOr<InstanceReconciler::Guest> InstanceReconciler::Read(const InstanceId& id) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<Guest> {
    Guest guest;
    ASSIGN_OR_RETURN(guest.instance, InstanceTable(c).Get(id));
    ASSIGN_OR_RETURN(guest.user_id, GuestUserTable(c).Find(id));
    ASSIGN_OR_RETURN(guest.interfaces, network::ListInterfacesOf(c, {&id, 1}));
    ASSIGN_OR_RETURN(guest.volumes, storage::ListVolumesOf(c, {&id, 1}));
    // Only a terminated instance can outlive its image's row.
    if (guest.instance.state != InstanceState::kTerminated) {
      ASSIGN_OR_RETURN(guest.image, storage::GetImage(c, guest.instance.image_id));
    }
    return guest;
  });
}

InstanceReconciler::Next InstanceReconciler::Reconcile(const Key& key) {
  const InstanceId* const id = std::get_if<InstanceId>(&key);
  return id != nullptr ? ReconcileInstance(*id) : SweepAll();
}

InstanceReconciler::Next InstanceReconciler::ReconcileInstance(const InstanceId& id) {
  absl::StatusOr<Guest> guest = Read(id);
  if (absl::IsNotFound(guest.status())) {
    Evict(id);
    GiveUpTurn(id);
    return absl::InfiniteDuration();
  }
  RETURN_IF_ERROR(guest.status());
  Next next = absl::InfiniteDuration();
  absl::Duration again = absl::ZeroDuration();
  const absl::StatusOr<bool> taken = TakeSnapshots(*guest, &again);
  if (taken.ok() && *taken) return absl::ZeroDuration();
  // A launch must not open disks of which a snapshot is half taken; the end of a guest is not held up.
  const bool ends =
      guest->instance.state == InstanceState::kStopping || guest->instance.state == InstanceState::kShuttingDown;
  if (!ends && again > absl::ZeroDuration()) return again;
  if (!taken.ok() && !ends) return absl::IsAborted(taken.status()) ? Next(absl::ZeroDuration()) : taken.status();
  const absl::StatusOr<std::optional<absl::Duration>> replacing = FollowRootReplacement(*guest);
  if (!replacing.ok()) return absl::IsAborted(replacing.status()) ? Next(absl::ZeroDuration()) : replacing.status();
  if (replacing->has_value()) return **replacing;
  if (ends || guest->instance.state == InstanceState::kStopped) GiveUpTurn(id);
  switch (guest->instance.state) {
    case InstanceState::kPending:
      next = Launch(*guest);
      break;
    case InstanceState::kRunning:
      next = KeepRunning(*guest);
      break;
    case InstanceState::kStopping:
      next = StopGuest(*guest);
      break;
    case InstanceState::kShuttingDown:
      next = TerminateGuest(*guest);
      break;
    case InstanceState::kStopped:
      next = KeepStopped(*guest);
      break;
    case InstanceState::kTerminated:
      next = Purge(guest->instance);
      break;
  }
  if (parts_.on_reconciled) parts_.on_reconciled(id);
  // The wish changed while we worked: reconcile again at once, with the new one.
  if (absl::IsAborted(next.status())) return absl::ZeroDuration();
  if (!next.ok() && guest->instance.state != InstanceState::kTerminated) {
    const absl::Status noted = NoteError(id, next.status().message());
    if (!noted.ok()) log::Warn("{}: cannot note the error: {}", id.text(), noted.message());
  }
  return next;
}

// Finds what events missed: work left by an earlier life, guests that ended unseen, guests nobody knows.
InstanceReconciler::Next InstanceReconciler::SweepAll() {
  static constexpr InstanceState kWork[] = {InstanceState::kPending, InstanceState::kStopping,
                                            InstanceState::kShuttingDown};
  static constexpr InstanceState kOn[] = {InstanceState::kRunning};
  const absl::Time now = parts_.clock.Now();
  std::vector<InstanceId> work, running, purgeable, stopped;
  // Guests are listed before rows are read: a guest listed here whose row is missing then is a stranger.
  ASSIGN_OR_RETURN(const std::vector<InstanceId> guests, parts_.hypervisor.List());
  std::vector<InstanceId> orphans;
  RETURN_IF_ERROR(parts_.database.Read([&](store::Connection& c) -> absl::Status {
    InstanceTable instances(c);
    ASSIGN_OR_RETURN(work, instances.ListIdsInState(kWork));
    // Volumes come to and go from stopped instances too.
    ASSIGN_OR_RETURN(const std::vector<InstanceId> with_volumes, storage::ListInstancesWithVolumeWork(c));
    work.insert(work.end(), with_volumes.begin(), with_volumes.end());
    ASSIGN_OR_RETURN(const std::vector<InstanceId> with_tasks, RootReplacementTable(c).ListInstancesInWork());
    work.insert(work.end(), with_tasks.begin(), with_tasks.end());
    ASSIGN_OR_RETURN(running, instances.ListIdsInState(kOn));
    if (!turns_filled_) {
      ASSIGN_OR_RETURN(std::vector<InstanceId> interrupted, instances.ListIdsOfOtherBoots(parts_.host_boot_id));
      turns_.Fill(std::move(interrupted));
      turns_filled_ = true;
    }
    ASSIGN_OR_RETURN(purgeable, instances.ListTerminatedBefore(now - parts_.settings.terminated_visible));
    const absl::flat_hash_set<InstanceId> expected(running.begin(), running.end());
    for (const InstanceId& id : guests) {
      if (expected.contains(id)) continue;
      const absl::StatusOr<Instance> row = instances.Get(id);
      if (absl::IsNotFound(row.status())) {
        orphans.push_back(id);
      } else {
        RETURN_IF_ERROR(row.status());
      }
    }
    return absl::OkStatus();
  }));
  const absl::flat_hash_set<InstanceId> alive(guests.begin(), guests.end());
  for (const InstanceId& id : work) Wake(id);
  for (const InstanceId& id : purgeable) Wake(id);
  for (const InstanceId& id : running) {
    // Those that are on are reconciled as well, unless there are so many that this would be the load.
    constexpr size_t kFewEnough = 1000;
    if (!alive.contains(id) || running.size() <= kFewEnough) Wake(id);
  }
  for (const InstanceId& id : orphans) {
    log::Warn("guest {} runs on this host but has no row here; it is left alone (see `brume doctor`)", id.text());
  }
  {
    MutexLock lock(mutex_);
    orphans_ = std::move(orphans);
  }
  RETURN_IF_ERROR(parts_.database.Write(
      [&](store::Connection& c) { return InstanceTable(c).DeleteTokensBefore(now - kTokenLife); }));
  return kSweepPeriod;
}

absl::Status InstanceReconciler::Settle(Instance& instance, InstanceState state) {
  instance.state = state;
  instance.state_since = parts_.clock.Now();
  instance.last_error.clear();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return InstanceTable(c).Update(instance); }));
  log::Info("instance {} is {}", instance.id.text(), StateName(state));
  return absl::OkStatus();
}

absl::Status InstanceReconciler::NoteError(const InstanceId& id, absl::string_view error) {
  return parts_.database.Write([&](store::Connection& c) -> absl::Status {
    // Read anew: the copy a failed step worked on may hold changes that were never committed.
    ASSIGN_OR_RETURN(Instance instance, InstanceTable(c).Get(id));
    if (absl::string_view(instance.last_error) == error) return absl::OkStatus();
    instance.last_error = std::string(error);
    return InstanceTable(c).Update(instance);
  });
}

absl::Status InstanceReconciler::SwitchTops(const Instance& instance, const std::vector<storage::NewTop>& tops,
                                            absl::Duration* again) {
  const InstanceId& id = instance.id;
  ASSIGN_OR_RETURN(const Power power, parts_.hypervisor.Observe(id));
  if (power == Power::kOff) return absl::OkStatus();
  if (tops.front().snapshot.at_rest) {
    ASSIGN_OR_RETURN(const bool off,
                     PowerOff(instance, tops.front().snapshot.started + parts_.settings.shutdown_timeout, again));
    return off ? absl::OkStatus() : absl::UnavailableError("the guest is being powered off");
  }
  // A volume that is on its way to the guest or from it has no disk there, and nothing that writes to it.
  const absl::StatusOr<std::vector<ObservedDisk>> disks = parts_.hypervisor.DisksOf(id);
  if (absl::IsNotFound(disks.status())) return absl::UnavailableError(disks.status().message());
  RETURN_IF_ERROR(disks.status());
  std::vector<DiskSwitch> switches;
  for (const storage::NewTop& top : tops) {
    const std::string serial = SerialOf(top.volume.id);
    const bool is_there =
        std::any_of(disks->begin(), disks->end(), [&](const ObservedDisk& disk) { return disk.serial == serial; });
    if (!is_there) continue;
    ASSIGN_OR_RETURN(std::optional<DiskEncryption> encryption, parts_.disks.EncryptionOf(top.volume));
    switches.push_back({serial, top.path, encryption.has_value() ? std::move(encryption->key) : ""});
  }
  if (switches.empty()) return absl::OkStatus();
  const absl::Status switched = parts_.hypervisor.SwitchDisks(id, switches);
  // It went off since: reconcile again, as nothing writes to any top now.
  return absl::IsNotFound(switched) ? absl::UnavailableError(switched.message()) : switched;
}

absl::StatusOr<bool> InstanceReconciler::TakeSnapshots(const Guest& guest, absl::Duration* again) {
  if (guest.volumes.empty()) return false;
  const auto switch_tops = [&](const std::vector<storage::NewTop>& tops) {
    return SwitchTops(guest.instance, tops, again);
  };
  // A guest that was powered off for its snapshots is launched again, whatever happens to this process now.
  const auto restart = [&](store::Connection& c, const std::vector<storage::Taking>& round) -> absl::Status {
    Instance instance = guest.instance;
    if (!round.front().snapshot.at_rest || instance.state != InstanceState::kRunning) return absl::OkStatus();
    instance.state = InstanceState::kPending;
    instance.state_since = parts_.clock.Now();
    return InstanceTable(c).Update(instance);
  };
  return storage::TakeSnapshots({parts_.database, parts_.disks, parts_.clock}, guest.volumes, switch_tops, restart);
}

// running

InstanceReconciler::Next InstanceReconciler::KeepRunning(Guest& guest) {
  const InstanceId& id = guest.instance.id;
  ASSIGN_OR_RETURN(const Power power, parts_.hypervisor.Observe(id));
  if (power == Power::kOff) return FollowEnd(guest);
  GiveUpTurn(id);
  if (power == Power::kPaused) {
    // A full disk pauses a guest; it goes on when there is room again. Where there is none yet it is paused again at
    // once, and that event must not make a busy loop.
    const absl::Time now = parts_.clock.Now();
    const absl::Duration left = Remember(id).resumed + kResumePeriod - now;
    if (left > absl::ZeroDuration()) return left;
    Change(id, [now](Memory& memory) { memory.resumed = now; });
    RETURN_IF_ERROR(parts_.hypervisor.Resume(id));
    log::Warn("instance {} was paused, as by a full disk, and is resumed", id.text());
    return kResumePeriod;
  }
  const Next nics = FollowNics(guest), disks = FollowDisks(guest);
  RETURN_IF_ERROR(nics.status());
  RETURN_IF_ERROR(disks.status());
  const absl::Duration devices_next = std::min(*nics, *disks);
  ASSIGN_OR_RETURN(const bool modified, FollowModifications(guest, /*is_on=*/true));
  // Once more, for the next step and for the rates that go with a new shape.
  if (modified) return absl::ZeroDuration();
  if (!guest.instance.last_error.empty()) {
    RETURN_IF_ERROR(NoteError(id, ""));
    return absl::ZeroDuration();
  }
  if (!guest.instance.reboot_requested) return devices_next;
  ASSIGN_OR_RETURN(const absl::Duration reboot_next, FollowReboot(guest));
  return std::min(devices_next, reboot_next);
}

InstanceReconciler::Next InstanceReconciler::KeepStopped(Guest& guest) {
  RETURN_IF_ERROR(FollowNicsOff(guest));
  RETURN_IF_ERROR(FollowDisksOff(guest));
  ASSIGN_OR_RETURN(const bool modified, FollowModifications(guest, /*is_on=*/false));
  return modified ? absl::ZeroDuration() : absl::InfiniteDuration();
}

InstanceReconciler::Next InstanceReconciler::FollowReboot(Guest& guest) {
  Instance& instance = guest.instance;
  const Memory memory = Remember(instance.id);
  const absl::Duration left = *instance.reboot_requested + parts_.settings.reboot_timeout - parts_.clock.Now();
  if (!memory.rebooted && left > absl::ZeroDuration()) {
    if (!memory.reboot_asked) {
      RETURN_IF_ERROR(parts_.hypervisor.AskToReboot(instance.id));
      Change(instance.id, [](Memory& m) { m.reboot_asked = true; });
    }
    return left;
  }
  if (!memory.rebooted) {
    log::Info("instance {} did not restart when asked and is reset", instance.id.text());
    RETURN_IF_ERROR(parts_.hypervisor.Reset(instance.id));
  }
  RETURN_IF_ERROR(Failpoint("instance.rebooted"));
  instance.reboot_requested.reset();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return InstanceTable(c).Update(instance); }));
  Change(instance.id, [](Memory& m) { m.reboot_asked = m.rebooted = false; });
  return absl::InfiniteDuration();
}

// The guest of a running instance is gone and nobody asked for it.
InstanceReconciler::Next InstanceReconciler::FollowEnd(Guest& guest) {
  Instance& instance = guest.instance;
  if (instance.host_boot_id != parts_.host_boot_id && !instance.auto_recovery) {
    log::Info("instance {} ran when the host went down and is stopped: its auto recovery is disabled",
              instance.id.text());
    instance.reboot_requested.reset();
    instance.state_reason = {"Server.ScheduledStop", "The host went down and auto recovery is disabled"};
    RETURN_IF_ERROR(Settle(instance, InstanceState::kStopping));
    return absl::ZeroDuration();
  }
  if (instance.host_boot_id != parts_.host_boot_id) {
    log::Info("instance {} ran when the host went down and is started again", instance.id.text());
    instance.state_reason = {};
    RETURN_IF_ERROR(Settle(instance, InstanceState::kPending));
    return absl::ZeroDuration();
  }
  const Memory memory = Remember(instance.id);
  instance.reboot_requested.reset();
  if (memory.ended_by_guest) {
    instance.state_reason = {"Client.InstanceInitiatedShutdown", "The instance shut itself down"};
    instance.transition_reason =
        absl::StrCat("Instance initiated (",
                     absl::FormatTime("%Y-%m-%d %H:%M:%S", parts_.clock.Now(), absl::UTCTimeZone()), " GMT)");
    const bool terminate = instance.shutdown_behavior == ShutdownBehavior::kTerminate;
    RETURN_IF_ERROR(Settle(instance, terminate ? InstanceState::kShuttingDown : InstanceState::kStopping));
  } else {
    // A crash, or an end nobody saw. Never a reason to throw the machine away, whatever its shutdown behaviour.
    instance.state_reason = {"Server.InternalError", memory.crashed ? "The guest's process ended unexpectedly"
                                                                    : "The guest ended while nobody was watching"};
    RETURN_IF_ERROR(Settle(instance, InstanceState::kStopping));
  }
  return absl::ZeroDuration();
}

// stopping, shutting-down, terminated

absl::StatusOr<bool> InstanceReconciler::PowerOff(const Instance& instance, absl::Time deadline,
                                                  absl::Duration* again) {
  ASSIGN_OR_RETURN(const Power power, parts_.hypervisor.Observe(instance.id));
  if (power == Power::kOff) return true;
  const absl::Duration left = deadline - parts_.clock.Now();
  if (power == Power::kOn && left > absl::ZeroDuration()) {
    const absl::Status asked = parts_.hypervisor.AskToStop(instance.id);
    // A guest whose process hangs takes no request, and asking again takes a thread each time. What is left is its
    // deadline, which a step that failed would wait past.
    if (absl::IsDeadlineExceeded(asked)) {
      log::Warn("{}: {}; its power is cut at its deadline", instance.id.text(), asked.message());
      *again = std::max(deadline - parts_.clock.Now(), absl::ZeroDuration());
      return false;
    }
    if (!absl::IsNotFound(asked)) RETURN_IF_ERROR(asked);
    *again = absl::IsNotFound(asked) ? absl::ZeroDuration() : std::min(kPressPeriod, left);
    return false;
  }
  RETURN_IF_ERROR(parts_.hypervisor.CutPower(instance.id));
  return true;
}

absl::Status InstanceReconciler::Unplug(const Guest& guest) {
  for (const NetworkInterface& eni : guest.interfaces) {
    RETURN_IF_ERROR(parts_.network.UnplugPort(eni));
    RETURN_IF_ERROR(Failpoint("instance.unplugged"));
  }
  return absl::OkStatus();
}

InstanceReconciler::Next InstanceReconciler::StopGuest(Guest& guest) {
  Instance& instance = guest.instance;
  if (instance.hibernation == Hibernation::kSaving) {
    RETURN_IF_ERROR(SaveMemory(guest));
    return absl::ZeroDuration();
  }
  // One whose memory is saved must not go on.
  const bool at_once = instance.force_stop || instance.hibernation == Hibernation::kSaved;
  const absl::Duration patience = at_once ? absl::ZeroDuration() : parts_.settings.shutdown_timeout;
  absl::Duration again;
  ASSIGN_OR_RETURN(const bool off, PowerOff(instance, instance.state_since + patience, &again));
  if (!off) return again;
  RETURN_IF_ERROR(Failpoint("instance.powered_off"));
  RETURN_IF_ERROR(FollowNicsOff(guest));
  RETURN_IF_ERROR(Unplug(guest));
  RETURN_IF_ERROR(FollowDisksOff(guest));
  instance.state = InstanceState::kStopped;
  instance.state_since = parts_.clock.Now();
  instance.force_stop = false;
  instance.reboot_requested.reset();
  instance.last_error.clear();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    for (NetworkInterface& eni : guest.interfaces) {
      // An elastic address stays.
      if (eni.public_ip && !eni.elastic()) RETURN_IF_ERROR(network::SetPublicIp(c, eni, std::nullopt));
    }
    return InstanceTable(c).Update(instance);
  }));
  log::Info("instance {} is stopped", instance.id.text());
  Evict(instance.id);
  return absl::InfiniteDuration();
}

InstanceReconciler::Next InstanceReconciler::TerminateGuest(Guest& guest) {
  Instance& instance = guest.instance;
  const absl::Duration patience = instance.force_stop ? absl::ZeroDuration() : parts_.settings.terminate_timeout;
  absl::Duration again;
  ASSIGN_OR_RETURN(const bool off, PowerOff(instance, instance.state_since + patience, &again));
  if (!off) return again;
  RETURN_IF_ERROR(Failpoint("instance.powered_off"));
  // One that was to be detached is nobody's to delete.
  RETURN_IF_ERROR(FollowNicsOff(guest));
  RETURN_IF_ERROR(Unplug(guest));
  if (instance.hibernation != Hibernation::kUnsupported) {
    RETURN_IF_ERROR(parts_.hypervisor.DiscardMemory(parts_.disks.InstanceDirectory(instance.id)));
  }
  // One that was to be detached is nobody's to delete.
  RETURN_IF_ERROR(FollowDisksOff(guest));
  for (const Volume& volume : guest.volumes) {
    if (!volume.delete_on_termination) {
      RETURN_IF_ERROR(parts_.disks.GiveVolume(volume.id, 0));
      continue;
    }
    RETURN_IF_ERROR(parts_.disks.RemoveVolume(volume.id));
    RETURN_IF_ERROR(Failpoint("instance.volume_removed"));
  }
  instance.state = InstanceState::kTerminated;
  instance.state_since = parts_.clock.Now();
  if (instance.hibernation != Hibernation::kUnsupported) instance.hibernation = Hibernation::kConfigured;
  instance.reboot_requested.reset();
  instance.last_error.clear();
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    for (NetworkInterface eni : guest.interfaces) {
      if (eni.delete_on_termination) {
        RETURN_IF_ERROR(network::RemoveInterface(c, eni.id));
      } else {
        Release(eni);
        RETURN_IF_ERROR(network::SetAttachment(c, eni));
      }
    }
    for (Volume volume : guest.volumes) {
      if (volume.delete_on_termination) {
        RETURN_IF_ERROR(storage::RemoveVolume(c, volume.id));
      } else {
        Release(volume);
        RETURN_IF_ERROR(storage::UpdateVolume(c, volume));
      }
    }
    return InstanceTable(c).Update(instance);
  }));
  log::Info("instance {} is terminated", instance.id.text());
  Evict(instance.id);
  parts_.on_disks_freed();
  return parts_.settings.terminated_visible;
}

InstanceReconciler::Next InstanceReconciler::Purge(const Instance& instance) {
  const absl::Duration left = instance.state_since + parts_.settings.terminated_visible - parts_.clock.Now();
  if (left > absl::ZeroDuration()) return left;
  RETURN_IF_ERROR(parts_.disks.RemoveInstanceDirectory(instance.id));
  RETURN_IF_ERROR(Failpoint("instance.directory_removed"));
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(tagging::DeleteTags(c, instance.id.text()));
    return InstanceTable(c).Delete(instance.id);
  }));
  return absl::InfiniteDuration();
}

}  // namespace brume::compute
