#include "tests/ec2/compute/hypervisor_contract.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "absl/time/clock.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

bool Lists(Hypervisor& hypervisor, const InstanceId& id) {
  const std::vector<InstanceId> ids = Value(hypervisor.List());
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void CheckLife(Hypervisor& hypervisor, EventLog& events, const GuestSpec& guest) {
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kOff);
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kPaused);
  CHECK(Lists(hypervisor, guest.id));
  REQUIRE_OK(hypervisor.Resume(guest.id));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kOn);
  CHECK(events.Await(guest.id, GuestEventKind::kStarted));

  REQUIRE_OK(hypervisor.Reset(guest.id));
  CHECK(events.Await(guest.id, GuestEventKind::kRebooted));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kOn);

  REQUIRE_OK(hypervisor.CutPower(guest.id));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kOff);
  CHECK_FALSE(Lists(hypervisor, guest.id));
  REQUIRE(events.Await(guest.id, GuestEventKind::kStopped));
  for (const GuestEvent& event : events.Of(guest.id)) {
    CHECK_FALSE(event.by_guest);
    CHECK(event.kind != GuestEventKind::kCrashed);
  }
  CHECK(hypervisor.ConsoleOutput(guest.directory, 1000).ok());
}

bool Samples(Hypervisor& hypervisor, const std::vector<InstanceId>& of, const InstanceId& id) {
  const std::vector<GuestStatistics> guests = Value(hypervisor.Sample(of));
  return std::any_of(guests.begin(), guests.end(), [&](const auto& guest) { return guest.id == id; });
}

void CheckStatistics(Hypervisor& hypervisor, const GuestSpec& guest, const GuestSpec& other) {
  CHECK(Value(hypervisor.Sample({})).empty());
  CHECK(Value(hypervisor.Sample({guest.id})).empty());
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  REQUIRE_OK(hypervisor.CreatePaused(other));
  REQUIRE_OK(hypervisor.Resume(guest.id));
  for (const GuestSpec& each : {guest, other}) {
    CHECK(Samples(hypervisor, {}, each.id));
    CHECK(Samples(hypervisor, {each.id}, each.id));
    CHECK(Samples(hypervisor, {guest.id, other.id}, each.id));
  }
  CHECK_FALSE(Samples(hypervisor, {guest.id}, other.id));
  REQUIRE_OK(hypervisor.CutPower(other.id));
  // One that went off meanwhile is no error.
  CHECK(Samples(hypervisor, {guest.id, other.id}, guest.id));
  CHECK_FALSE(Samples(hypervisor, {guest.id, other.id}, other.id));
  REQUIRE_OK(hypervisor.CutPower(guest.id));
}

void CheckRepetition(Hypervisor& hypervisor, const GuestSpec& guest) {
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kPaused);
  GuestSpec impostor = guest;
  impostor.uuid = "ec2b0000-0000-4000-8000-00000000ffff";
  CHECK(absl::IsAlreadyExists(hypervisor.CreatePaused(impostor)));
  REQUIRE_OK(hypervisor.Resume(guest.id));
  REQUIRE_OK(hypervisor.Resume(guest.id));
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  CHECK(Value(hypervisor.Observe(guest.id)) == Power::kOn);
  REQUIRE_OK(hypervisor.CutPower(guest.id));
  REQUIRE_OK(hypervisor.CutPower(guest.id));
  // A guest that was stopped starts again.
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  REQUIRE_OK(hypervisor.CutPower(guest.id));
}

void CheckAbsence(Hypervisor& hypervisor, const InstanceId& nobody) {
  CHECK(Value(hypervisor.Observe(nobody)) == Power::kOff);
  CHECK(absl::IsNotFound(hypervisor.Resume(nobody)));
  CHECK(absl::IsNotFound(hypervisor.AskToStop(nobody)));
  CHECK(absl::IsNotFound(hypervisor.AskToReboot(nobody)));
  CHECK(absl::IsNotFound(hypervisor.Reset(nobody)));
  CHECK(absl::IsNotFound(hypervisor.DisksOf(nobody).status()));
  CHECK(absl::IsNotFound(hypervisor.AttachDisk(nobody, {.path = "/disk", .device = "/dev/sdf", .serial = "vol0"})));
  CHECK(absl::IsNotFound(hypervisor.DetachDisk(nobody, "vol0")));
  CHECK(absl::IsNotFound(hypervisor.SetDiskLimits(nobody, "vol0", {})));
  CHECK(absl::IsNotFound(hypervisor.ResizeDisk(nobody, "vol0", 1 << 20)));
  CHECK(absl::IsNotFound(hypervisor.NicsOf(nobody).status()));
  CHECK(absl::IsNotFound(hypervisor.AttachNic(nobody, {.tap = "bm0", .mac = "02:b0:00:00:00:05"})));
  CHECK(absl::IsNotFound(hypervisor.DetachNic(nobody, {.mac = "02:b0:00:00:00:05", .attachment_id = ""})));
  CHECK(absl::IsNotFound(hypervisor.OpenConsole(nobody).status()));
  CHECK(absl::IsNotFound(hypervisor.SaveMemory(nobody, {.directory = "/nowhere", .key = "key"})));
  CHECK(absl::IsNotFound(hypervisor.SwitchDisks(nobody, {{.serial = "vol1", .path = "/nowhere"}})));
  REQUIRE_OK(hypervisor.CutPower(nobody));
}

void CheckManyAtOnce(Hypervisor& hypervisor, const std::string& directory) {
  std::vector<GuestSpec> guests;
  for (const char* id : {"i-0000000a", "i-0000000b", "i-0000000c", "i-0000000d"}) {
    guests.push_back(DisklessGuest(directory, id));
  }
  std::vector<absl::Status> results(guests.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < guests.size(); ++i) {
    threads.emplace_back([&, i] {
      results[i] = hypervisor.CreatePaused(guests[i]);
      results[i].Update(hypervisor.Resume(guests[i].id));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < guests.size(); ++i) {
    REQUIRE_OK(results[i]);
    CHECK(Lists(hypervisor, guests[i].id));
    REQUIRE_OK(hypervisor.CutPower(guests[i].id));
  }
}

std::vector<std::string> SerialsOf(Hypervisor& hypervisor, const InstanceId& id) {
  std::vector<std::string> serials;
  for (const ObservedDisk& disk : Value(hypervisor.DisksOf(id))) serials.push_back(disk.serial);
  return serials;
}

std::vector<std::string> AttachmentsOf(Hypervisor& hypervisor, const InstanceId& id) {
  std::vector<std::string> attachments;
  for (const ObservedNic& nic : Value(hypervisor.NicsOf(id))) attachments.push_back(nic.attachment_id);
  return attachments;
}

}  // namespace

void CheckGuestNicsContract(Hypervisor& hypervisor, const GuestSpec& guest, const GuestNic& nic) {
  EventLog events(hypervisor);
  const InstanceId& id = guest.id;
  std::vector<std::string> own;
  for (const GuestNic& each : guest.nics) own.push_back(each.attachment_id);
  std::vector<std::string> both = own;
  both.push_back(nic.attachment_id);
  CHECK(AttachmentsOf(hypervisor, id) == own);
  REQUIRE_OK(hypervisor.AttachNic(id, nic));
  REQUIRE_OK(hypervisor.AttachNic(id, nic));
  CHECK(AttachmentsOf(hypervisor, id) == both);
  CHECK(Value(hypervisor.NicsOf(id)).back().mac == nic.mac);

  // One of another attachment is another.
  REQUIRE_OK(hypervisor.DetachNic(id, {.mac = nic.mac, .attachment_id = "eni-attach-0"}));
  CHECK(AttachmentsOf(hypervisor, id) == both);
  const ObservedNic observed = {.mac = nic.mac, .attachment_id = nic.attachment_id};
  REQUIRE_OK(hypervisor.DetachNic(id, observed));
  CHECK(events.Await(id, GuestEventKind::kDeviceRemoved));
  CHECK(AttachmentsOf(hypervisor, id) == own);
  REQUIRE_OK(hypervisor.DetachNic(id, observed));
  hypervisor.Watch(nullptr, nullptr);
}

void CheckGuestDisksContract(Hypervisor& hypervisor, const GuestSpec& guest, const GuestDisk& disk) {
  EventLog events(hypervisor);
  const InstanceId& id = guest.id;
  const std::string own = guest.disks.front().serial;
  CHECK(SerialsOf(hypervisor, id) == std::vector{own});
  REQUIRE_OK(hypervisor.AttachDisk(id, disk));
  REQUIRE_OK(hypervisor.AttachDisk(id, disk));
  CHECK(SerialsOf(hypervisor, id) == std::vector{own, disk.serial});
  CHECK(Value(hypervisor.DisksOf(id)).back().path == disk.path);
  CHECK(Value(hypervisor.DisksOf(id)).back().limits == disk.limits);

  const DiskLimits limits = {.iops = 500, .bytes_per_second = 10 << 20};
  for (const DiskLimits& wanted : {limits, limits, DiskLimits()}) {
    REQUIRE_OK(hypervisor.SetDiskLimits(id, disk.serial, wanted));
    CHECK(Value(hypervisor.DisksOf(id)).back().limits == wanted);
  }
  CHECK(absl::IsNotFound(hypervisor.SetDiskLimits(id, "nobody", limits)));
  CHECK(absl::IsNotFound(hypervisor.ResizeDisk(id, "nobody", int64_t{1} << 30)));

  REQUIRE_OK(hypervisor.DetachDisk(id, disk.serial));
  CHECK(events.Await(id, GuestEventKind::kDeviceRemoved));
  CHECK(Eventually([&] { return SerialsOf(hypervisor, id) == std::vector{own}; }));
  REQUIRE_OK(hypervisor.DetachDisk(id, disk.serial));
  hypervisor.Watch(nullptr, nullptr);
}

EventLog::EventLog(Hypervisor& hypervisor) {
  hypervisor.Watch(
      [this](const GuestEvent& event) {
        std::lock_guard lock(mutex_);
        events_.push_back(event);
      },
      [this] {
        std::lock_guard lock(mutex_);
        ++reconnects_;
      });
}

std::vector<GuestEvent> EventLog::Of(const InstanceId& id) {
  std::lock_guard lock(mutex_);
  std::vector<GuestEvent> found;
  std::copy_if(events_.begin(), events_.end(), std::back_inserter(found), [&](const auto& e) { return e.id == id; });
  return found;
}

bool EventLog::Await(const InstanceId& id, GuestEventKind kind) {
  return Eventually([&] {
    const std::vector<GuestEvent> events = Of(id);
    return std::any_of(events.begin(), events.end(), [&](const GuestEvent& event) { return event.kind == kind; });
  });
}

int EventLog::reconnects() {
  std::lock_guard lock(mutex_);
  return reconnects_;
}

bool Eventually(const std::function<bool()>& condition) {
  for (const absl::Time limit = absl::Now() + absl::Minutes(1); absl::Now() < limit;
       absl::SleepFor(absl::Milliseconds(5))) {
    if (condition()) return true;
  }
  return condition();
}

GuestSpec DisklessGuest(const std::string& directory, const std::string& id) {
  GuestSpec guest;
  guest.id = *InstanceId::Parse(id);
  const std::string digits = id.substr(id.size() - 8);
  guest.uuid = "ec2b0000-0000-4000-8000-0000" + digits;
  guest.directory = directory + "/" + id;
  std::filesystem::create_directories(guest.directory);
  return guest;
}

void CheckHypervisorContract(Hypervisor& hypervisor, const std::string& directory) {
  EventLog events(hypervisor);
  CHECK(Value(hypervisor.List()).empty());
  CheckLife(hypervisor, events, DisklessGuest(directory, "i-0123456789abcdef0"));
  CheckRepetition(hypervisor, DisklessGuest(directory, "i-0123456789abcdef1"));
  CheckStatistics(hypervisor, DisklessGuest(directory, "i-0123456789abcdef3"),
                  DisklessGuest(directory, "i-0123456789abcdef4"));
  CheckAbsence(hypervisor, *InstanceId::Parse("i-0123456789abcdef2"));
  CheckManyAtOnce(hypervisor, directory);
  CHECK(Value(hypervisor.List()).empty());
  CHECK(Value(hypervisor.Describe()).version.find("libvirt") == 0);
  hypervisor.Watch(nullptr, nullptr);
}

}  // namespace brume::compute
