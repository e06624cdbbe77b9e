#include "tests/simulation/simulation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace brume {
namespace {

// One directory for all of a process: the files of the database are in memory.
std::shared_ptr<TempDir> Directory() {
  static const auto directory = std::make_shared<TempDir>();
  return directory;
}

// A database of this schema, made once.
const store::VolatileDisk::Image& NewDatabase() {
  static const store::VolatileDisk::Image image = [] {
    store::VolatileDisk disk(Directory()->path());
    REQUIRE(store::Database::Open(*Directory() / "brume.db").ok());
    return disk.Now();
  }();
  return image;
}

Settings SettingsOf(uint64_t seed) {
  Settings settings = ComputeWorld::DefaultSettings();
  // Of every three hosts one is too small for what is asked of it.
  if (seed % 3 == 0) settings.host_memory_mib = settings.reserved_memory_mib + 1500;
  return settings;
}

constexpr char kMethods[][16] = {"CreatePaused", "Resume",   "Observe",     "AttachDisk", "DetachDisk",
                                 "AskToStop",    "CutPower", "SwitchDisks", "AttachNic",  "DetachNic",
                                 "DisksOf",      "NicsOf",   "List"};

}  // namespace

Simulation::Simulation(uint64_t seed)
    : random_(seed), settings_(SettingsOf(seed)), host_(std::make_shared<FakeHost>()) {
  host_->directory = Directory();
  disk_ = std::make_unique<store::VolatileDisk>(Directory()->path(), NewDatabase());
  Start();
  Call("CreateLaunchTemplate", absl::StrCat("launch_template_name: 'web' launch_template_data { image_id: '",
                                            world_->image.text(), "' instance_type: 'b1.tiny' }"));
}

Simulation::~Simulation() {
  if (world_) Crash();
}

void Simulation::Start() {
  host_->hypervisor.OnCall([this](const std::string&) {
    return disk_->failed() ? absl::UnavailableError("the daemon is gone") : absl::OkStatus();
  });
  world_ = std::make_unique<ApiWorld>(settings_, host_);
  world_->on_reconciled = [this](const InstanceId& id) { world_->scaling_loop.OnInstance(id); };
  world_->scaling_loop.Start();
}

void Simulation::Crash() {
  world_->on_reconciled = nullptr;
  world_->scaling_loop.Stop();
  world_.reset();
}

void Simulation::Restart(bool power_cut) {
  ++crashes_;
  // A kill of the daemon leaves what the kernel has; a cut of power what is on the disk.
  store::VolatileDisk::Image left = power_cut ? disk_->Cut(random_, 512) : disk_->Now();
  disk_->FailAfter(0);  // nothing that an orderly end would still write
  Crash();
  disk_.reset();
  disk_ = std::make_unique<store::VolatileDisk>(Directory()->path(), left);
  Start();
}

void Simulation::Note(const std::string& what) {
  for (const char c : what) trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  // Not the long way to rest.
  if (!resting_) trace_.push_back(what);
}

void Simulation::Advance(absl::Duration by) {
  schedule_.Advance(by);
  host_->clock.Advance(by);
}

bool Simulation::Step() {
  const uint64_t choice = random_.Below(100);
  const size_t due = schedule_.CountDue();
  if (choice < 3) {
    // It dies somewhere in the next steps' writes, or between two steps.
    if (random_.Below(2) == 0) {
      Note("crash");
      Restart(random_.Below(2) == 0);
    } else {
      Note("about to crash");
      disk_->FailAfter(random_.Below(24));
    }
  } else if (choice < 12) {
    Disturb();
  } else if (choice < 36) {
    CallSomething();
  } else if (choice < 48 || due == 0) {
    const absl::Duration next = schedule_.UntilNext();
    const absl::Duration by =
        random_.Below(4) == 0 ? absl::Seconds(random_.Below(40)) : std::min(next, absl::Seconds(60));
    Note(absl::StrCat("time goes on for ", absl::ToInt64Milliseconds(by), " ms"));
    Advance(by);
  } else {
    Note(schedule_.RunDue(random_.Below(due)));
  }
  if (disk_->failed()) {
    Note("crashed within");
    Restart(true);
  }
  return Check();
}

void Simulation::Disturb() {
  std::vector<InstanceId> guests;
  for (const auto& [id, spec] : host_->hypervisor.Specs()) guests.push_back(id);
  const auto any_guest = [&] { return guests[random_.Below(guests.size())]; };
  switch (random_.Below(6)) {
    case 0:
    case 1: {
      const std::string method = kMethods[random_.Below(std::size(kMethods))];
      const int times = 1 + static_cast<int>(random_.Below(3));
      Note(absl::StrCat(method, " fails"));
      host_->hypervisor.Fail(method, absl::UnavailableError("a fault"), times);
      return;
    }
    case 2:
      if (guests.empty()) return;
      Note("a guest ends");
      host_->hypervisor.EndGuest(any_guest(), random_.Below(2) == 0);
      return;
    case 3:
      if (guests.empty()) return;
      Note("a guest is lost");
      host_->hypervisor.LoseGuest(any_guest());
      return;
    case 4: {
      const bool deaf = random_.Below(2) == 0;
      host_->hypervisor.MakeDeaf(deaf);
      host_->hypervisor.HoldDisks(random_.Below(2) == 0);
      host_->hypervisor.HoldNics(random_.Below(2) == 0);
      Note("guests are of another temper");
      return;
    }
    default:
      host_->fabric.fail_plug = random_.Below(2) == 0;
      Note("ports fail or not");
  }
}

void Simulation::Heal() {
  for (const char* method : kMethods) host_->hypervisor.Fail(method, absl::OkStatus(), 0);
  host_->hypervisor.MakeDeaf(false);
  host_->hypervisor.HoldDisks(false);
  host_->hypervisor.HoldNics(false);
  host_->fabric.fail_plug = false;
}

bool Simulation::ComeToRest() {
  Heal();
  Restart(true);
  resting_ = true;
  const absl::Time limit = host_->clock.Now() + absl::Minutes(30);
  std::string unrest = "nothing was seen yet";
  while (host_->clock.Now() < limit) {
    for (int n = 0; n < 400 && schedule_.CountDue() > 0; ++n) {
      Note(schedule_.RunDue(random_.Below(schedule_.CountDue())));
      if (!Check()) return false;
    }
    unrest = FindUnrest();
    if (!problem_.empty()) return false;
    if (unrest.empty()) return true;
    Advance(std::clamp(schedule_.UntilNext(), absl::Milliseconds(100), absl::Seconds(30)));
  }
  problem_ = absl::StrCat("it does not come to rest: ", unrest);
  return false;
}

}  // namespace brume
