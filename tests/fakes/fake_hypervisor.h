// A hypervisor in memory with guests that do as the test says: deaf ones, crashing ones, ones that do not start. Held
// to the same contract as the real one by tests/ec2/compute/hypervisor_contract.cc.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/ec2/compute/hypervisor.h"

namespace brume {

class FakeHypervisor final : public compute::Hypervisor {
 public:
  // The next `times` calls of `method` fail with `status`.
  void Fail(const std::string& method, absl::Status status, int times = 1) {
    std::lock_guard lock(mutex_);
    failures_[method] = {std::move(status), times};
  }
  // Guests made from now on do not react to the power button.
  void MakeDeaf(bool deaf) {
    std::lock_guard lock(mutex_);
    deaf_ = deaf;
  }
  // The guest powers itself off, or its process dies.
  void EndGuest(const InstanceId& id, bool by_itself) {
    {
      std::lock_guard lock(mutex_);
      guests_.erase(id);
    }
    Notify({.id = id,
            .kind = by_itself ? compute::GuestEventKind::kStopped : compute::GuestEventKind::kCrashed,
            .by_guest = by_itself});
  }
  // As EndGuest, but the event is lost.
  void LoseGuest(const InstanceId& id) {
    std::lock_guard lock(mutex_);
    guests_.erase(id);
  }
  void Pause(const InstanceId& id) {
    std::lock_guard lock(mutex_);
    guests_[id].power = compute::Power::kPaused;
  }
  // What the guest has used from now on; its counters begin anew with each start of it.
  void SetStatistics(const InstanceId& id, compute::GuestStatistics statistics) {
    std::lock_guard lock(mutex_);
    statistics.id = id;
    guests_[id].statistics = std::move(statistics);
  }
  // What every guest has printed, or why it cannot be told.
  void SetConsole(absl::StatusOr<std::string> console) {
    std::lock_guard lock(mutex_);
    console_ = std::move(console);
  }
  // Asked before a guest is made, whose making fails with what is not OK: what QEMU finds when it opens its taps.
  void OnCreate(std::function<absl::Status(const compute::GuestSpec&)> check) {
    std::lock_guard lock(mutex_);
    on_create_ = std::move(check);
  }
  // Asked before each call, which fails with what is not OK.
  void OnCall(std::function<absl::Status(const std::string& method)> check) {
    std::lock_guard lock(mutex_);
    on_call_ = std::move(check);
  }
  int CallsOf(const std::string& method) {
    std::lock_guard lock(mutex_);
    return calls_[method];
  }
  std::optional<compute::GuestSpec> SpecOf(const InstanceId& id) {
    std::lock_guard lock(mutex_);
    const auto it = guests_.find(id);
    if (it == guests_.end()) return std::nullopt;
    return it->second.spec;
  }

  // Of every guest that is on.
  std::map<InstanceId, compute::GuestSpec> Specs() {
    std::lock_guard lock(mutex_);
    std::map<InstanceId, compute::GuestSpec> specs;
    for (const auto& [id, guest] : guests_) specs.emplace(id, guest.spec);
    return specs;
  }

  absl::Status CreatePaused(const compute::GuestSpec& spec) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("CreatePaused"); !failed.ok()) return failed;
    if (guests_.contains(spec.id)) return absl::OkStatus();
    if (spec.memory_key.has_value()) {
      const auto memory = memories_.find(spec.directory);
      if (memory == memories_.end()) return absl::NotFoundError("no memory");
      if (memory->second != *spec.memory_key) return absl::FailedPreconditionError("memory of another key");
    }
    if (on_create_) {
      if (absl::Status failed = on_create_(spec); !failed.ok()) return failed;
    }
    guests_.try_emplace(spec.id, Guest{.spec = spec, .deaf = deaf_});
    return absl::OkStatus();
  }
  absl::Status Resume(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("Resume"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    it->second.power = compute::Power::kOn;
    return absl::OkStatus();
  }
  absl::StatusOr<compute::Power> Observe(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("Observe"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    return it == guests_.end() ? compute::Power::kOff : it->second.power;
  }
  absl::StatusOr<std::vector<InstanceId>> List() override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("List"); !failed.ok()) return failed;
    std::vector<InstanceId> ids;
    for (const auto& [id, guest] : guests_) ids.push_back(id);
    return ids;
  }
  absl::StatusOr<std::vector<compute::GuestStatistics>> Sample(const std::vector<InstanceId>& ids) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("Sample"); !failed.ok()) return failed;
    std::vector<compute::GuestStatistics> samples;
    for (auto& [id, guest] : guests_) {
      if (!ids.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
      samples.push_back(guest.statistics);
      samples.back().id = id;
    }
    return samples;
  }
  // Guests do not let go of their disks.
  void HoldDisks(bool hold) {
    std::lock_guard lock(mutex_);
    hold_disks_ = hold;
  }

  absl::StatusOr<std::vector<compute::ObservedDisk>> DisksOf(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("DisksOf"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    std::vector<compute::ObservedDisk> observed;
    for (const compute::GuestDisk& disk : it->second.spec.disks)
      observed.push_back({disk.serial, disk.path, disk.limits});
    return observed;
  }
  absl::Status AttachDisk(const InstanceId& id, const compute::GuestDisk& disk) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("AttachDisk"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    if (FindDisk(id, disk.serial) == nullptr) it->second.spec.disks.push_back(disk);
    return absl::OkStatus();
  }
  absl::Status DetachDisk(const InstanceId& id, const std::string& serial) override {
    {
      std::lock_guard lock(mutex_);
      if (absl::Status failed = Call("DetachDisk"); !failed.ok()) return failed;
      const auto it = guests_.find(id);
      if (it == guests_.end()) return absl::NotFoundError("no guest");
      if (hold_disks_) return absl::OkStatus();
      std::erase_if(it->second.spec.disks, [&](const compute::GuestDisk& disk) { return disk.serial == serial; });
    }
    Notify({.id = id, .kind = compute::GuestEventKind::kDeviceRemoved});
    return absl::OkStatus();
  }
  absl::Status SetDiskLimits(const InstanceId& id, const std::string& serial,
                             const compute::DiskLimits& limits) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("SetDiskLimits"); !failed.ok()) return failed;
    compute::GuestDisk* const disk = FindDisk(id, serial);
    if (disk == nullptr) return absl::NotFoundError("no such disk");
    disk->limits = limits;
    return absl::OkStatus();
  }
  absl::Status ResizeDisk(const InstanceId& id, const std::string& serial, int64_t size_bytes) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("ResizeDisk"); !failed.ok()) return failed;
    if (FindDisk(id, serial) == nullptr) return absl::NotFoundError("no such disk");
    sizes_[serial] = size_bytes;
    return absl::OkStatus();
  }
  // Guests do not let go of their network cards.
  void HoldNics(bool hold) {
    std::lock_guard lock(mutex_);
    hold_nics_ = hold;
  }
  absl::StatusOr<std::vector<compute::ObservedNic>> NicsOf(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("NicsOf"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    std::vector<compute::ObservedNic> observed;
    for (const compute::GuestNic& nic : it->second.spec.nics) observed.push_back({nic.mac, nic.attachment_id});
    return observed;
  }
  absl::Status AttachNic(const InstanceId& id, const compute::GuestNic& nic) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("AttachNic"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    std::vector<compute::GuestNic>& nics = it->second.spec.nics;
    const bool has_it = std::any_of(nics.begin(), nics.end(),
                                    [&](const auto& each) { return each.attachment_id == nic.attachment_id; });
    if (!has_it) nics.push_back(nic);
    return absl::OkStatus();
  }
  absl::Status DetachNic(const InstanceId& id, const compute::ObservedNic& nic) override {
    {
      std::lock_guard lock(mutex_);
      if (absl::Status failed = Call("DetachNic"); !failed.ok()) return failed;
      const auto it = guests_.find(id);
      if (it == guests_.end()) return absl::NotFoundError("no guest");
      if (hold_nics_) return absl::OkStatus();
      std::erase_if(it->second.spec.nics, [&](const compute::GuestNic& each) {
        return each.mac == nic.mac && each.attachment_id == nic.attachment_id;
      });
    }
    Notify({.id = id, .kind = compute::GuestEventKind::kDeviceRemoved});
    return absl::OkStatus();
  }
  // What the guest was told of a disk that grew; 0 = nothing.
  int64_t SizeOf(const std::string& serial) {
    std::lock_guard lock(mutex_);
    return sizes_[serial];
  }

  absl::Status AskToStop(const InstanceId& id) override {
    {
      std::lock_guard lock(mutex_);
      if (absl::Status failed = Call("AskToStop"); !failed.ok()) return failed;
      const auto it = guests_.find(id);
      if (it == guests_.end()) return absl::NotFoundError("no guest");
      if (it->second.deaf) return absl::OkStatus();
      guests_.erase(it);
    }
    Notify({.id = id, .kind = compute::GuestEventKind::kStopped, .by_guest = true});
    return absl::OkStatus();
  }
  absl::Status CutPower(const InstanceId& id) override {
    {
      std::lock_guard lock(mutex_);
      if (absl::Status failed = Call("CutPower"); !failed.ok()) return failed;
      if (guests_.erase(id) == 0) return absl::OkStatus();
    }
    Notify({.id = id, .kind = compute::GuestEventKind::kStopped, .by_guest = false});
    return absl::OkStatus();
  }
  absl::Status AskToReboot(const InstanceId& id) override {
    {
      std::lock_guard lock(mutex_);
      if (absl::Status failed = Call("AskToReboot"); !failed.ok()) return failed;
      const auto it = guests_.find(id);
      if (it == guests_.end()) return absl::NotFoundError("no guest");
      if (it->second.deaf) return absl::OkStatus();
    }
    Notify({.id = id, .kind = compute::GuestEventKind::kRebooted});
    return absl::OkStatus();
  }
  absl::Status Reset(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("Reset"); !failed.ok()) return failed;
    return guests_.contains(id) ? absl::OkStatus() : absl::NotFoundError("no guest");
  }
  absl::Status SwitchDisks(const InstanceId& id, const std::vector<compute::DiskSwitch>& switches) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("SwitchDisks"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    std::vector<compute::GuestDisk>& disks = it->second.spec.disks;
    for (const compute::DiskSwitch& wanted : switches) {
      const auto disk = std::find_if(disks.begin(), disks.end(),
                                     [&](const compute::GuestDisk& each) { return each.serial == wanted.serial; });
      if (disk == disks.end()) return absl::NotFoundError("no disk");
      disk->path = wanted.path;
    }
    return absl::OkStatus();
  }
  absl::Status SaveMemory(const InstanceId& id, const compute::MemoryPlace& place) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("SaveMemory"); !failed.ok()) return failed;
    const auto it = guests_.find(id);
    if (it == guests_.end()) return absl::NotFoundError("no guest");
    it->second.power = compute::Power::kPaused;
    memories_[place.directory] = place.key;
    return absl::OkStatus();
  }
  absl::Status DiscardMemory(const std::string& directory) override {
    std::lock_guard lock(mutex_);
    if (absl::Status failed = Call("DiscardMemory"); !failed.ok()) return failed;
    memories_.erase(directory);
    return absl::OkStatus();
  }
  // How many guests' memories are kept.
  size_t Memories() {
    std::lock_guard lock(mutex_);
    return memories_.size();
  }
  absl::StatusOr<UniqueFd> OpenConsole(const InstanceId&) override { return absl::NotFoundError("no console"); }
  absl::StatusOr<std::string> ConsoleOutput(const std::string&, size_t max_bytes) override {
    std::lock_guard lock(mutex_);
    if (!console_.ok()) return console_;
    return console_->substr(console_->size() - std::min(console_->size(), max_bytes));
  }
  absl::StatusOr<compute::HypervisorInfo> Describe() override {
    return compute::HypervisorInfo{"fake:///", "fake", compute::Acceleration::kSimulated, ""};
  }
  compute::Acceleration Acceleration() override { return compute::Acceleration::kSimulated; }
  void Watch(std::function<void(const compute::GuestEvent&)> on_event, std::function<void()>) override {
    std::lock_guard lock(mutex_);
    on_event_ = std::move(on_event);
  }

 private:
  struct Guest {
    compute::GuestSpec spec;
    compute::Power power = compute::Power::kPaused;
    bool deaf = false;
    compute::GuestStatistics statistics = {};
  };

  // Requires mutex_. Null when the guest is off or has none of this serial.
  compute::GuestDisk* FindDisk(const InstanceId& id, const std::string& serial) {
    const auto it = guests_.find(id);
    if (it == guests_.end()) return nullptr;
    for (compute::GuestDisk& disk : it->second.spec.disks) {
      if (disk.serial == serial) return &disk;
    }
    return nullptr;
  }
  // Requires mutex_.
  absl::Status Call(const std::string& method) {
    ++calls_[method];
    if (on_call_) {
      if (absl::Status refused = on_call_(method); !refused.ok()) return refused;
    }
    const auto it = failures_.find(method);
    if (it == failures_.end() || it->second.second == 0) return absl::OkStatus();
    --it->second.second;
    return it->second.first;
  }
  void Notify(const compute::GuestEvent& event) {
    std::function<void(const compute::GuestEvent&)> on_event;
    {
      std::lock_guard lock(mutex_);
      on_event = on_event_;
    }
    if (on_event) on_event(event);
  }

  std::mutex mutex_;
  absl::StatusOr<std::string> console_ = std::string("hello from the guest\n");
  bool deaf_ = false;
  bool hold_disks_ = false;
  bool hold_nics_ = false;
  std::map<std::string, int64_t> sizes_;
  std::map<InstanceId, Guest> guests_;
  std::map<std::string, std::string> memories_;  // keys, by directory
  std::map<std::string, int> calls_;
  std::map<std::string, std::pair<absl::Status, int>> failures_;
  std::function<void(const compute::GuestEvent&)> on_event_;
  std::function<absl::Status(const compute::GuestSpec&)> on_create_;
  std::function<absl::Status(const std::string& method)> on_call_;
};

}  // namespace brume
