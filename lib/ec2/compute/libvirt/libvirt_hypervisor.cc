#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/base/periodic.h"
#include "lib/base/status_macros.h"
#include "lib/base/subreaper.h"
#include "lib/ec2/compute/libvirt/acceleration.h"
#include "lib/ec2/compute/libvirt/console_log.h"
#include "lib/ec2/compute/libvirt/deadline_pool.h"
#include "lib/ec2/compute/libvirt/disk_switch.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"
#include "lib/ec2/compute/libvirt/domains.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/firmware.h"
#include "lib/ec2/compute/libvirt/guest_disk_calls.h"
#include "lib/ec2/compute/libvirt/guest_events.h"
#include "lib/ec2/compute/libvirt/guest_freeze.h"
#include "lib/ec2/compute/libvirt/guest_keys.h"
#include "lib/ec2/compute/libvirt/guest_memory.h"
#include "lib/ec2/compute/libvirt/guest_nic_calls.h"
#include "lib/ec2/compute/libvirt/libvirt_connection.h"
#include "lib/ec2/compute/libvirt/qemu_process.h"
#include "lib/ec2/compute/libvirt/simulated_guest_disks.h"
#include "lib/ec2/compute/libvirt/simulated_guest_nics.h"
#include "lib/ec2/compute/libvirt/statistics.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {
namespace {

constexpr int kThreads = 16;
constexpr int kSpareThreads = 16;
constexpr absl::Duration kSettleDeadline = absl::Seconds(60);
constexpr absl::Duration kPollInterval = absl::Milliseconds(5);
// A guest that may be frozen stands still meanwhile. An agent that hangs is waited for by a thread of the pool alone.
constexpr absl::Duration kThawPeriod = absl::Seconds(1), kThawPatience = absl::Seconds(1);

bool KnowsDirectIo(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  return static_cast<bool>(fd);
}

std::vector<GuestKey> KeysOf(const std::vector<GuestDisk>& disks) {
  std::vector<GuestKey> keys;
  for (const GuestDisk& disk : disks) {
    if (disk.encryption.has_value()) keys.push_back({disk.serial, disk.encryption->key});
  }
  return keys;
}

absl::StatusOr<QemuUser> UserOf(int64_t user_id, const std::string& shared) {
  if (user_id == 0) return FindQemuUser(shared);
  return OwnUser(user_id);
}

// Whose a disk is: as whom the guest runs that is to open it.
absl::StatusOr<int64_t> OwnerOf(const std::string& path) {
  struct stat facts = {};
  if (lstat(path.c_str(), &facts) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  return facts.st_uid;
}

std::string VersionText(unsigned long version) {
  return absl::StrFormat("%d.%d.%d", version / 1000000, version / 1000 % 1000, version % 1000);
}

class LibvirtHypervisor final : public Hypervisor {
 public:
  explicit LibvirtHypervisor(const LibvirtOptions& options);
  // The watchers may be gone before the last event is.
  ~LibvirtHypervisor() override { events_->Watch(nullptr, nullptr); }

  absl::Status CreatePaused(const GuestSpec& spec) override;
  absl::Status Resume(const InstanceId& id) override;
  absl::StatusOr<Power> Observe(const InstanceId& id) override;
  absl::StatusOr<std::vector<InstanceId>> List() override;
  absl::StatusOr<std::vector<GuestStatistics>> Sample(const std::vector<InstanceId>& ids) override;
  absl::StatusOr<std::vector<ObservedDisk>> DisksOf(const InstanceId& id) override;
  absl::Status AttachDisk(const InstanceId& id, const GuestDisk& disk) override;
  absl::Status DetachDisk(const InstanceId& id, const std::string& serial) override;
  absl::Status SetDiskLimits(const InstanceId& id, const std::string& serial, const DiskLimits& limits) override;
  absl::Status ResizeDisk(const InstanceId& id, const std::string& serial, int64_t size_bytes) override;
  absl::StatusOr<std::vector<ObservedNic>> NicsOf(const InstanceId& id) override;
  absl::Status AttachNic(const InstanceId& id, const GuestNic& nic) override;
  absl::Status DetachNic(const InstanceId& id, const ObservedNic& nic) override;
  absl::Status AskToStop(const InstanceId& id) override;
  absl::Status CutPower(const InstanceId& id) override;
  absl::Status AskToReboot(const InstanceId& id) override;
  absl::Status Reset(const InstanceId& id) override;
  absl::Status SwitchDisks(const InstanceId& id, const std::vector<DiskSwitch>& switches) override;
  absl::Status SaveMemory(const InstanceId& id, const MemoryPlace& place) override;
  absl::Status DiscardMemory(const std::string& directory) override { return RemoveMemory(directory); }
  absl::StatusOr<UniqueFd> OpenConsole(const InstanceId& id) override;
  absl::StatusOr<std::string> ConsoleOutput(const std::string& directory, size_t max_bytes) override;
  absl::StatusOr<HypervisorInfo> Describe() override;
  compute::Acceleration Acceleration() override;
  void Watch(std::function<void(const GuestEvent&)> on_event, std::function<void()> on_reconnect) override {
    events_->Watch(std::move(on_event), std::move(on_reconnect));
  }

 private:
  template <typename T>
  // `deadline` unset = the one of the options.
  absl::StatusOr<T> CallFor(const std::string& what, std::function<absl::StatusOr<T>(virConnectPtr)> call,
                            std::optional<absl::Duration> deadline = std::nullopt);
  absl::Status Call(const std::string& what, std::function<absl::Status(virConnectPtr)> call,
                    std::optional<absl::Duration> deadline = std::nullopt);
  // Acts on a guest that is not off.
  absl::Status Act(const InstanceId& id, const std::string& what, std::function<int(virDomainPtr)> action,
                   std::optional<absl::Duration> deadline = std::nullopt);

  // Of a guest that is not off.
  absl::Status ChangeDevice(const InstanceId& id, const std::string& what,
                            std::function<absl::Status(virDomainPtr)> change);
  absl::Status Prepare();
  void OnOpen(const ConnectHandle& handle, bool again);
  // Guests that may have been left frozen.
  void ThawRest();
  FoundAcceleration FindAcceleration() const;
  // What the host decides about the guest; makes what only it can make beforehand.
  absl::StatusOr<DomainProfile> ProfileFor(const GuestSpec& spec);
  void WatchLogs(const std::string& guest, const std::string& directory);

  const LibvirtOptions options_;
  const bool simulated_;
  const std::optional<std::string> embedded_root_;
  const std::shared_ptr<GuestEvents> events_ = std::make_shared<GuestEvents>();
  // Shared with calls that were given up.
  const std::shared_ptr<StatisticsReader> statistics_;
  const std::shared_ptr<GuestKeys> keys_;
  const std::shared_ptr<GuestFreezes> freezes_ = std::make_shared<GuestFreezes>();
  const std::shared_ptr<SimulatedGuestDisks> simulated_disks_ = std::make_shared<SimulatedGuestDisks>();
  const std::shared_ptr<SimulatedGuestNics> simulated_nics_ = std::make_shared<SimulatedGuestNics>();
  LogTrimmer logs_;
  bool prepared_ = false;  // the connection's thread only
  std::shared_future<FoundAcceleration> acceleration_;
  DeadlinePool pool_{kThreads, kSpareThreads};
  LibvirtConnection connection_;                          // its thread calls into all above
  Periodic thawer_{kThawPeriod, [this] { ThawRest(); }};  // the last: its work uses the connection
};

LibvirtHypervisor::LibvirtHypervisor(const LibvirtOptions& options)
    : options_(options),
      simulated_(absl::StartsWith(options.uri, "test:")),
      embedded_root_(EmbeddedRoot(options.uri)),
      statistics_(std::make_shared<StatisticsReader>(options.disk_statistics_period)),
      keys_(std::make_shared<GuestKeys>(embedded_root_.value_or(""))),
      logs_(options.console_log_limit_bytes),
      acceleration_(std::async(std::launch::async, [this] { return FindAcceleration(); }).share()),
      connection_({.uri = options.uri,
                   .embedded = embedded_root_.has_value(),
                   .open_deadline = options.call_deadline,
                   .prepare = [this] { return Prepare(); },
                   .subscribe = [events = events_](virConnectPtr connection) { return events->Subscribe(connection); },
                   .on_open = [this](const ConnectHandle& handle, bool again) { OnOpen(handle, again); }},
                  pool_) {
  if (!simulated_) thawer_.Start();
}

absl::Status LibvirtHypervisor::Prepare() {
  if (!embedded_root_.has_value() || prepared_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const QemuUser user, FindQemuUser(options_.qemu_user));
  RETURN_IF_ERROR(PrepareEmbeddedRoot(*embedded_root_, user));
  prepared_ = true;
  return absl::OkStatus();
}

void LibvirtHypervisor::ThawRest() {
  if (!freezes_->has_rest()) return;
  const absl::Status thawed = Call(
      "thaw the file systems of guests",
      [freezes = freezes_](virConnectPtr connection) { return freezes->ThawRest(connection); }, kThawPatience);
  // Neither is news: libvirt is not there yet, or an agent does not answer.
  if (thawed.ok() || absl::IsUnavailable(thawed) || absl::IsDeadlineExceeded(thawed)) return;
  log::Warn("file systems of guests may be frozen: {}", thawed.message());
}

void LibvirtHypervisor::OnOpen(const ConnectHandle& handle, bool again) {
  if (!simulated_) {
    const absl::StatusOr<GuestDirectories> running = pool_.RunFor<GuestDirectories>(
        "list the running guests", options_.call_deadline, [handle] { return ListConsoles(handle.get()); });
    if (!running.ok()) log::Warn("consoles of running guests are not kept short: {}", running.status().message());
    if (running.ok()) {
      for (const auto& [guest, directory] : *running) WatchLogs(guest, directory);
    }
  }
  if (again) events_->Reconnected();
  // By the thread that does it, once guests were found again: an agent that hangs does not hold up the connection.
  freezes_->ListRest();
  if (!embedded_root_.has_value()) return;
  // Both are waited for, here and so in the destructor: guests that are being found again would die with this process,
  // and a QEMU that is being asked what it can do would be left behind.
  const absl::Status settled = pool_.Run("finding the running guests again", kSettleDeadline, [handle] {
    for (const absl::Time limit = absl::Now() + kSettleDeadline; absl::Now() < limit; absl::SleepFor(kPollInterval)) {
      const absl::StatusOr<bool> done = IsSettled(handle.get());
      if (!done.ok() || *done) return done.status();
    }
    return absl::DeadlineExceededError("libvirt is still busy");
  });
  if (!settled.ok()) log::Warn("it is not known whether all guests were found: {}", settled.message());
  const absl::Status warm = pool_.Run("asking QEMU what it can do", kSettleDeadline, [handle] {
    // The first start of a guest would do the same, and wait for it.
    char* capabilities = virConnectGetDomainCapabilities(handle.get(), nullptr, "x86_64", "q35", nullptr, 0);
    if (capabilities == nullptr) return LastVirtError("ask QEMU what it can do");
    free(capabilities);
    return absl::OkStatus();
  });
  if (!warm.ok()) log::Warn("{}", warm.message());
}

template <typename T>
absl::StatusOr<T> LibvirtHypervisor::CallFor(const std::string& what,
                                             std::function<absl::StatusOr<T>(virConnectPtr)> call,
                                             std::optional<absl::Duration> deadline) {
  ASSIGN_OR_RETURN(const ConnectHandle handle, connection_.Get());
  absl::StatusOr<T> result = pool_.RunFor<T>(what, deadline.value_or(options_.call_deadline),
                                             [handle, call = std::move(call)] { return call(handle.get()); });
  // What libvirtd cannot reach itself, its log daemon for one, is no fault of the connection.
  if (absl::IsUnavailable(result.status()) && !embedded_root_.has_value() && virConnectIsAlive(handle.get()) != 1) {
    connection_.ReportBroken(handle, result.status());
  }
  return result;
}

absl::Status LibvirtHypervisor::Call(const std::string& what, std::function<absl::Status(virConnectPtr)> call,
                                     std::optional<absl::Duration> deadline) {
  const auto wrapped = [call = std::move(call)](virConnectPtr connection) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(call(connection));
    return true;
  };
  const absl::StatusOr<bool> result = CallFor<bool>(what, wrapped, deadline);
  return result.status();
}

absl::Status LibvirtHypervisor::Act(const InstanceId& id, const std::string& what,
                                    std::function<int(virDomainPtr)> action, std::optional<absl::Duration> deadline) {
  const std::string sentence = absl::StrCat(what, " ", id.text());
  const auto act = [sentence, guest = id.text(), action = std::move(action)](virConnectPtr connection) {
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    if (!domain.ok()) return domain.status();
    return action(domain->get()) == 0 ? absl::OkStatus() : ActionError(sentence);
  };
  return Call(sentence, act, deadline);
}

FoundAcceleration LibvirtHypervisor::FindAcceleration() const {
  using compute::Acceleration;
  if (simulated_) return {Acceleration::kSimulated, "libvirt's test driver: no guest runs at all"};
  if (options_.acceleration == AccelerationWish::kKvm) return {Acceleration::kKvm, ""};
  if (options_.acceleration == AccelerationWish::kTcg) return {Acceleration::kTcg, "the configuration asks for TCG"};
  const absl::StatusOr<QemuUser> user = FindQemuUser(options_.qemu_user);
  if (!user.ok()) return {Acceleration::kTcg, std::string(user.status().message())};
  FoundAcceleration found = ChooseAcceleration(*user, options_.state_dir);
  if (found.acceleration != Acceleration::kKvm)
    log::Warn("guests are emulated (TCG), which is many times slower than KVM: {}", found.note);
  return found;
}

absl::StatusOr<DomainProfile> LibvirtHypervisor::ProfileFor(const GuestSpec& spec) {
  if (simulated_) {
    DomainProfile profile;
    profile.acceleration = compute::Acceleration::kSimulated;
    return profile;
  }
  ASSIGN_OR_RETURN(const QemuUser user, UserOf(spec.user_id, options_.qemu_user));
  for (const GuestDisk& disk : spec.disks) {
    RETURN_IF_ERROR(CheckReachable(std::filesystem::path(disk.path).parent_path(), user));
  }
  DomainProfile profile;
  profile.acceleration = acceleration_.get().acceleration;
  profile.uid = user.uid;
  profile.gid = user.gid;
  profile.direct_io = !spec.disks.empty() && KnowsDirectIo(spec.disks.front().path);
  if (NeedsFirmware(spec)) {
    RETURN_IF_ERROR(CheckReachable(spec.directory, user));
    ASSIGN_OR_RETURN(const Firmware firmware, FindFirmware());
    RETURN_IF_ERROR(EnsureVariables(firmware, absl::StrCat(spec.directory, "/", kFirmwareVariables), user));
    profile.firmware_code = firmware.code;
  }
  return profile;
}

void LibvirtHypervisor::WatchLogs(const std::string& guest, const std::string& directory) {
  const std::string qemu_log =
      embedded_root_.has_value() ? absl::StrCat(EmbeddedLogDirectory(*embedded_root_), "/", guest, ".log") : "";
  logs_.Watch(directory, kConsoleLog, qemu_log);
}

// What a disk that other guests write to as well does at least in a second.
static absl::Duration TimeForMemory(int64_t memory_mib) {
  constexpr int64_t kMibPerSecond = 20;
  return absl::Minutes(1) + absl::Seconds(memory_mib / kMibPerSecond);
}

absl::Status LibvirtHypervisor::SaveMemory(const InstanceId& id, const MemoryPlace& place) {
  const auto save = [guest = id.text(), place, name = options_.qemu_user,
                     simulated = simulated_](virConnectPtr connection) -> absl::Status {
    ASSIGN_OR_RETURN(const DomainHandle domain, FindOn(connection, guest));
    if (simulated) return virDomainSuspend(domain.get()) == 0 ? absl::OkStatus() : ActionError("pause a guest");
    ASSIGN_OR_RETURN(const QemuUser user, UserOf(place.user_id, name));
    return compute::SaveMemory(domain.get(), {place.directory, place.key}, place.memory_mib, user);
  };
  return Call(absl::StrCat("save the memory of ", id.text()), save, TimeForMemory(place.memory_mib));
}

absl::Status LibvirtHypervisor::CreatePaused(const GuestSpec& spec) {
  ASSIGN_OR_RETURN(const DomainProfile profile, ProfileFor(spec));
  ASSIGN_OR_RETURN(std::string xml, DomainXml(spec, profile));
  const bool has_memory = spec.memory_key.has_value() && !simulated_;
  if (has_memory) {
    ASSIGN_OR_RETURN(const std::string saved, ReadSavedDomain(spec.directory));
    ASSIGN_OR_RETURN(xml, SavedDomain(saved, xml));
    RETURN_IF_ERROR(GiveMemory(spec.directory, profile.uid, profile.gid));
  }
  if (!simulated_) WatchLogs(spec.id.text(), spec.directory);
  return Call(
      absl::StrCat("start ", spec.id.text()),
      [xml, spec, has_memory, simulated = simulated_, disks = simulated_disks_, nics = simulated_nics_, keys = keys_,
       freezes = freezes_](virConnectPtr connection) -> absl::Status {
        const std::string& guest = spec.id.text();
        ASSIGN_OR_RETURN(const Power power, ObservePower(connection, guest));
        if (power == Power::kOff && simulated) disks->Begin(guest, spec.disks);
        if (power == Power::kOff && simulated) nics->Begin(guest, spec.nics);
        if (power == Power::kOff && !simulated) freezes->Remove(spec.directory);
        RETURN_IF_ERROR(keys->With(connection, KeysOf(simulated ? std::vector<GuestDisk>() : spec.disks),
                                   [&] { return EnsurePaused(connection, xml, guest, spec.uuid, simulated); }));
        if (!has_memory) return absl::OkStatus();
        ASSIGN_OR_RETURN(const DomainHandle domain, FindOn(connection, guest));
        return LoadMemory(domain.get(), {spec.directory, *spec.memory_key});
      },
      has_memory ? std::optional(TimeForMemory(spec.memory_mib)) : std::nullopt);
}

absl::StatusOr<std::vector<ObservedDisk>> LibvirtHypervisor::DisksOf(const InstanceId& id) {
  return CallFor<std::vector<ObservedDisk>>(absl::StrCat("look at the disks of ", id.text()),
                                            [guest = id.text(), simulated = simulated_, disks = simulated_disks_](
                                                virConnectPtr connection) -> absl::StatusOr<std::vector<ObservedDisk>> {
                                              ASSIGN_OR_RETURN(const DomainHandle domain, FindOn(connection, guest));
                                              return simulated ? disks->Of(guest) : ObserveDisks(domain.get());
                                            });
}

absl::Status LibvirtHypervisor::ChangeDevice(const InstanceId& id, const std::string& what,
                                             std::function<absl::Status(virDomainPtr)> change) {
  return Call(absl::StrCat(what, " of ", id.text()), [guest = id.text(), change](virConnectPtr connection) {
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    return domain.ok() ? change(domain->get()) : domain.status();
  });
}

absl::Status LibvirtHypervisor::AttachDisk(const InstanceId& id, const GuestDisk& disk) {
  if (simulated_) {
    return ChangeDevice(id, "attach a disk", [guest = id.text(), disk, disks = simulated_disks_](virDomainPtr) {
      disks->Attach(guest, disk);
      return absl::OkStatus();
    });
  }
  ASSIGN_OR_RETURN(const int64_t owner, OwnerOf(disk.path));
  ASSIGN_OR_RETURN(const DomainProfile profile, ProfileFor({.id = id, .user_id = owner, .disks = {disk}}));
  return ChangeDevice(id, "attach a disk", [disk, profile, keys = keys_](virDomainPtr domain) {
    return keys->With(virDomainGetConnect(domain), KeysOf({disk}), [&] { return PlugDisk(domain, disk, profile); });
  });
}

absl::Status LibvirtHypervisor::DetachDisk(const InstanceId& id, const std::string& serial) {
  RETURN_IF_ERROR(ChangeDevice(id, "detach a disk",
                               [guest = id.text(), serial, simulated = simulated_,
                                disks = simulated_disks_](virDomainPtr domain) -> absl::Status {
                                 if (!simulated) return UnplugDisk(domain, serial);
                                 disks->Detach(guest, serial);
                                 return absl::OkStatus();
                               }));
  if (simulated_) events_->Emit({id, GuestEventKind::kDeviceRemoved});
  return absl::OkStatus();
}

absl::Status LibvirtHypervisor::SetDiskLimits(const InstanceId& id, const std::string& serial,
                                              const DiskLimits& limits) {
  return ChangeDevice(
      id, "limit a disk",
      [guest = id.text(), serial, limits, simulated = simulated_, disks = simulated_disks_](virDomainPtr domain) {
        return simulated ? disks->Limit(guest, serial, limits) : LimitDisk(domain, serial, limits);
      });
}

absl::Status LibvirtHypervisor::ResizeDisk(const InstanceId& id, const std::string& serial, int64_t size_bytes) {
  return ChangeDevice(
      id, "resize a disk",
      [guest = id.text(), serial, size_bytes, simulated = simulated_, disks = simulated_disks_](virDomainPtr domain) {
        return simulated ? disks->Find(guest, serial) : GrowDisk(domain, serial, size_bytes);
      });
}

absl::StatusOr<std::vector<ObservedNic>> LibvirtHypervisor::NicsOf(const InstanceId& id) {
  const auto observe = [guest = id.text(), simulated = simulated_,
                        nics = simulated_nics_](virConnectPtr connection) -> absl::StatusOr<std::vector<ObservedNic>> {
    ASSIGN_OR_RETURN(const DomainHandle domain, FindOn(connection, guest));
    return simulated ? nics->Of(guest) : ObserveNics(domain.get());
  };
  return CallFor<std::vector<ObservedNic>>(absl::StrCat("look at the network cards of ", id.text()), observe);
}

absl::Status LibvirtHypervisor::AttachNic(const InstanceId& id, const GuestNic& nic) {
  return ChangeDevice(id, "attach a network card",
                      [guest = id.text(), nic, simulated = simulated_, nics = simulated_nics_](virDomainPtr domain) {
                        if (!simulated) return PlugNic(domain, nic);
                        nics->Attach(guest, nic);
                        return absl::OkStatus();
                      });
}

absl::Status LibvirtHypervisor::DetachNic(const InstanceId& id, const ObservedNic& nic) {
  RETURN_IF_ERROR(ChangeDevice(
      id, "detach a network card",
      [guest = id.text(), nic, simulated = simulated_, nics = simulated_nics_](virDomainPtr domain) -> absl::Status {
        if (!simulated) return UnplugNic(domain, nic);
        nics->Detach(guest, nic);
        return absl::OkStatus();
      }));
  if (simulated_) events_->Emit({id, GuestEventKind::kDeviceRemoved});
  return absl::OkStatus();
}

absl::Status LibvirtHypervisor::Resume(const InstanceId& id) {
  return Call(absl::StrCat("resume ", id.text()), [guest = id.text()](virConnectPtr connection) {
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    if (!domain.ok()) return domain.status();
    const absl::StatusOr<Power> power = PowerOf(domain->get());
    if (!power.ok() || *power == Power::kOn) return power.status();
    if (virDomainResume(domain->get()) == 0) return absl::OkStatus();
    const absl::Status error = ActionError(absl::StrCat("resume ", guest));
    // It may have begun to run since it was observed: a call that was given up was late.
    const absl::StatusOr<Power> now = PowerOf(domain->get());
    return now.ok() && *now == Power::kOn ? absl::OkStatus() : error;
  });
}

absl::StatusOr<Power> LibvirtHypervisor::Observe(const InstanceId& id) {
  return CallFor<Power>(absl::StrCat("look at ", id.text()),
                        [guest = id.text()](virConnectPtr connection) { return ObservePower(connection, guest); });
}

absl::StatusOr<std::vector<InstanceId>> LibvirtHypervisor::List() {
  return CallFor<std::vector<InstanceId>>("list the guests", ListGuests);
}

absl::StatusOr<std::vector<GuestStatistics>> LibvirtHypervisor::Sample(const std::vector<InstanceId>& ids) {
  return CallFor<std::vector<GuestStatistics>>(
      "read the guests' statistics", [ids, reader = statistics_, simulated = simulated_](virConnectPtr connection) {
        return reader->Read(connection, ids, simulated);
      });
}

absl::Status LibvirtHypervisor::AskToStop(const InstanceId& id) {
  // QEMU answers at once or hangs, and its guest has a deadline.
  constexpr absl::Duration kPressDeadline = absl::Seconds(2);
  return Act(
      id, "press the power button of",
      [simulated = simulated_](virDomainPtr domain) {
        return virDomainShutdownFlags(domain, simulated ? 0 : VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
      },
      std::min(kPressDeadline, options_.call_deadline));
}

// Nothing to do where it has no process any more.
static void EndQemu(const std::string& root, const std::string& guest) {
  constexpr absl::Duration kPatience = absl::Seconds(2);
  const absl::StatusOr<UniqueFd> process =
      FindProcess(EmbeddedPidFile(root, guest), absl::StrCat("guest=", guest, ","));
  if (process.ok() && !EndProcess(*process, kPatience)) KillProcess(*process, kPatience);
}

absl::Status LibvirtHypervisor::CutPower(const InstanceId& id) {
  const absl::Duration deadline = options_.call_deadline;
  return Call(absl::StrCat("cut the power of ", id.text()), [guest = id.text(), events = events_, deadline,
                                                             root = embedded_root_](virConnectPtr connection) {
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    if (absl::IsNotFound(domain.status())) return absl::OkStatus();
    if (!domain.ok()) return domain.status();
    events->ExpectCut(guest);
    // A daemon that was killed while libvirt talked to this QEMU leaves the next one's libvirt waiting for an answer
    // that does not come, and deaf to virDomainDestroy. The end of the process ends that wait.
    if (root.has_value()) EndQemu(*root, guest);
    if (virDomainDestroy(domain->get()) != 0) {
      const absl::Status error = ActionError(absl::StrCat("cut the power of ", guest));
      if (!absl::IsNotFound(error)) {
        events->DoNotExpectCut(guest);
        return error;
      }
    }
    // libvirt may still be cleaning up after a QEMU that ended by itself; its files must be free when we return.
    for (const absl::Time limit = absl::Now() + deadline; absl::Now() < limit; absl::SleepFor(kPollInterval)) {
      const absl::StatusOr<Power> power = ObservePower(connection, guest);
      if (!power.ok()) return power.status();
      if (*power == Power::kOff) return absl::OkStatus();
    }
    return absl::DeadlineExceededError(absl::StrCat("libvirt does not let go of ", guest));
  });
}

absl::Status LibvirtHypervisor::AskToReboot(const InstanceId& id) {
  RETURN_IF_ERROR(Act(id, "ask for a reboot of", [simulated = simulated_](virDomainPtr domain) {
    return virDomainReboot(domain, simulated ? 0 : VIR_DOMAIN_REBOOT_ACPI_POWER_BTN);
  }));
  // The test driver's guests reboot at once, without an event.
  if (simulated_) events_->Emit({id, GuestEventKind::kRebooted});
  return absl::OkStatus();
}

absl::Status LibvirtHypervisor::Reset(const InstanceId& id) {
  RETURN_IF_ERROR(Act(id, "reset", [](virDomainPtr domain) { return virDomainReset(domain, 0); }));
  if (simulated_) events_->Emit({id, GuestEventKind::kRebooted});
  return absl::OkStatus();
}

absl::Status LibvirtHypervisor::SwitchDisks(const InstanceId& id, const std::vector<DiskSwitch>& switches) {
  const auto act = [guest = id.text(), switches, simulated = simulated_, keys = keys_,
                    freezes = freezes_](virConnectPtr connection) {
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    // In the test driver nothing is written to any file.
    if (!domain.ok() || simulated) return domain.status();
    std::vector<GuestKey> used;
    for (const DiskSwitch& each : switches) {
      if (!each.key.empty()) used.push_back({each.serial, each.key});
    }
    return keys->With(connection, used, [&] { return SwitchDisksOf(domain->get(), switches, *freezes); });
  };
  return Call(absl::StrCat("switch the disks of ", id.text()), act);
}

absl::StatusOr<UniqueFd> LibvirtHypervisor::OpenConsole(const InstanceId& id) {
  ASSIGN_OR_RETURN(const std::string directory,
                   CallFor<std::string>(absl::StrCat("find the console of ", id.text()),
                                        [guest = id.text()](virConnectPtr connection) -> absl::StatusOr<std::string> {
                                          ASSIGN_OR_RETURN(const DomainHandle domain, FindOn(connection, guest));
                                          return ConsoleDirectoryOf(domain.get());
                                        }));
  if (directory.empty()) return absl::UnimplementedError(absl::StrCat(id.text(), " has no serial console"));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat(directory, "/", kConsoleSocket);
  if (path.size() >= sizeof address.sun_path) return absl::InternalError(absl::StrCat(path, " is too long"));
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // Non-blocking: connecting to a console that has others waiting already would wait, too.
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return absl::ErrnoToStatus(errno, "cannot make a socket");
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EAGAIN) return absl::UnavailableError(absl::StrCat("the console of ", id.text(), " is in use"));
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot connect to ", path));
  }
  if (fcntl(fd.get(), F_SETFL, 0) != 0) return absl::ErrnoToStatus(errno, "cannot set up a socket");
  return fd;
}

absl::StatusOr<std::string> LibvirtHypervisor::ConsoleOutput(const std::string& directory, size_t max_bytes) {
  return logs_.Read(directory, kConsoleLog, max_bytes);
}

compute::Acceleration LibvirtHypervisor::Acceleration() { return acceleration_.get().acceleration; }

absl::StatusOr<HypervisorInfo> LibvirtHypervisor::Describe() {
  HypervisorInfo info;
  info.uri = options_.uri;
  info.acceleration = acceleration_.get().acceleration;
  info.acceleration_note = acceleration_.get().note;
  ASSIGN_OR_RETURN(
      info.version,
      CallFor<std::string>("ask libvirt for its version", [](virConnectPtr connection) -> absl::StatusOr<std::string> {
        unsigned long library = 0, driver = 0;
        if (virConnectGetLibVersion(connection, &library) != 0 || virConnectGetVersion(connection, &driver) != 0) {
          return LastVirtError("ask libvirt for its version");
        }
        const char* type = virConnectGetType(connection);
        return absl::StrCat("libvirt ", VersionText(library), ", ", type == nullptr ? "" : type, " ",
                            VersionText(driver));
      }));
  return info;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Hypervisor>> NewLibvirtHypervisor(const LibvirtOptions& options) {
  if (options.console_log_limit_bytes < 4096) {
    return absl::InvalidArgumentError("a console's log needs at least 4096 bytes");
  }
  if (options.uri.empty()) return absl::InvalidArgumentError("the libvirt URI is empty");
  StartEventLoop();
  if (EmbeddedRoot(options.uri).has_value()) {
    static const absl::Status subreaper = BecomeSubreaper();
    // Without it guests only take longer to stop, where PID 1 is slow.
    if (!subreaper.ok()) log::Warn("{}", subreaper.message());
  }
  return std::make_unique<LibvirtHypervisor>(options);
}

}  // namespace brume::compute
