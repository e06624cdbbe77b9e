#include "lib/ec2/compute/status_monitor.h"

#include <catch2/catch.hpp>
#include <functional>

#include "lib/ec2/network/simulated_fabric.h"
#include "tests/ec2/compute/service_fixture.h"
#include "tests/fakes/fake_hypervisor.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(20);

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kDeadline;
  while (absl::Now() < deadline) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return condition();
}

// Holds every probe until the test lets them go.
class HeldFabric final : public network::SimulatedFabric {
 public:
  absl::StatusOr<bool> Probe(const NetworkInterface& eni, absl::Duration timeout) override {
    std::unique_lock lock(mutex_);
    max_inside_ = std::max(max_inside_, ++inside_);
    ++probes_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    --inside_;
    lock.unlock();
    return SimulatedFabric::Probe(eni, timeout);
  }
  bool WaitForInside(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoSeconds(kDeadline), [&] { return inside_ >= count; });
  }
  void Release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  int max_inside() {
    std::lock_guard lock(mutex_);
    return max_inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = true;
  int inside_ = 0, max_inside_ = 0, probes_ = 0;
};

template <typename FabricType>
struct MonitorFixture : ServiceFixture {
  MonitorFixture() { EnsureNetwork(); }
  FakeHypervisor hypervisor;
  FabricType fabric;
  StatusMonitorOptions options{.period = absl::Milliseconds(2),
                               .probe_timeout = absl::Milliseconds(10),
                               .initial_grace = absl::Minutes(2),
                               .failures_to_fail = 3,
                               .threads = 4};

  network::PortSpec PortOf(const Instance& instance) { return {.eni = InterfaceOf(instance.id), .hostname = "h"}; }
  void Plug(const Instance& instance) {
    Must(fabric.PreparePort(PortOf(instance)));
    Must(fabric.PlugPort(PortOf(instance)));
  }
  void PowerOn(const Instance& instance) {
    Must(hypervisor.CreatePaused({.id = instance.id}));
    Must(hypervisor.Resume(instance.id));
  }
  Instance AddGuest(bool answers) {
    const Instance instance = AddInstance();
    PowerOn(instance);
    if (answers) Plug(instance);
    return instance;
  }
};
using Fixture = MonitorFixture<network::SimulatedFabric>;

}  // namespace

TEST_CASE("a guest that runs and answers passes both checks", "[status]") {
  Fixture f;
  const Instance guest = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  CHECK(monitor.StatusOf(guest).system == CheckStatus::kInitializing);
  CHECK(monitor.StatusOf(guest).instance == CheckStatus::kInitializing);
  monitor.Start();
  CHECK(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  CHECK(monitor.StatusOf(guest).system == CheckStatus::kPassed);
  CHECK(monitor.StatusOf(guest).impaired_since == absl::InfiniteFuture());
}

TEST_CASE("only running instances have checks", "[status]") {
  Fixture f;
  Instance guest = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  for (const InstanceState state : kAllInstanceStates) {
    guest.state = state;
    const bool runs = state == InstanceState::kRunning;
    CHECK((monitor.StatusOf(guest).system == CheckStatus::kNotApplicable) == !runs);
    CHECK((monitor.StatusOf(guest).instance == CheckStatus::kNotApplicable) == !runs);
  }
}

TEST_CASE("a guest that stops answering fails after several checks, and passes again when it answers", "[status]") {
  Fixture f;
  const Instance guest = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  f.clock.Advance(absl::Minutes(1));
  const absl::Time broke = f.clock.Now();
  f.Must(f.fabric.UnplugPort(f.InterfaceOf(guest.id)));
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kFailed; }));
  CHECK(monitor.StatusOf(guest).system == CheckStatus::kPassed);
  f.clock.Advance(absl::Minutes(5));
  CHECK(monitor.StatusOf(guest).impaired_since == broke);
  f.Plug(guest);
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  CHECK(monitor.StatusOf(guest).impaired_since == absl::InfiniteFuture());
}

TEST_CASE("a guest that never answered is initializing during its grace, then failed", "[status]") {
  Fixture f;
  const Instance deaf = f.AddGuest(false), fine = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  REQUIRE(Eventually([&] { return monitor.StatusOf(fine).instance == CheckStatus::kPassed; }));
  CHECK(monitor.StatusOf(deaf).instance == CheckStatus::kInitializing);
  f.clock.Advance(absl::Minutes(2) - absl::Seconds(1));
  CHECK(monitor.StatusOf(deaf).instance == CheckStatus::kInitializing);
  f.clock.Advance(absl::Seconds(1));
  CHECK(Eventually([&] { return monitor.StatusOf(deaf).instance == CheckStatus::kFailed; }));
  CHECK(monitor.StatusOf(deaf).system == CheckStatus::kPassed);
}

TEST_CASE("a guest that is paused or off fails the system check until it is on again", "[status]") {
  Fixture f;
  const Instance paused = f.AddGuest(true), off = f.AddGuest(true), fine = f.AddGuest(true);
  f.hypervisor.Pause(paused.id);
  f.hypervisor.LoseGuest(off.id);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  for (const Instance& guest : {paused, off}) {
    CHECK(Eventually([&] { return monitor.StatusOf(guest).system == CheckStatus::kFailed; }));
    CHECK(monitor.StatusOf(guest).impaired_since == f.clock.Now());
    f.PowerOn(guest);
    CHECK(Eventually([&] { return monitor.StatusOf(guest).system == CheckStatus::kPassed; }));
  }
  CHECK(monitor.StatusOf(fine).system == CheckStatus::kPassed);
}

TEST_CASE("a hypervisor that cannot be asked fails the system check of all its guests", "[status]") {
  for (const absl::Status& error : {absl::UnavailableError("away"), absl::DeadlineExceededError("hangs")}) {
    Fixture f;
    const Instance one = f.AddGuest(true), two = f.AddGuest(true);
    constexpr int kAlways = 1'000'000'000;
    f.hypervisor.Fail("Observe", error, kAlways);
    StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
    monitor.Start();
    for (const Instance& guest : {one, two}) {
      CHECK(Eventually([&] { return monitor.StatusOf(guest).system == CheckStatus::kFailed; }));
    }
    f.hypervisor.Fail("Observe", absl::OkStatus(), 0);
    for (const Instance& guest : {one, two}) {
      CHECK(Eventually([&] { return monitor.StatusOf(guest).system == CheckStatus::kPassed; }));
    }
  }
}

TEST_CASE("an instance started again begins anew, whatever was seen before", "[status]") {
  Fixture f;
  Instance guest = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  f.Must(f.fabric.UnplugPort(f.InterfaceOf(guest.id)));
  f.clock.Advance(absl::Hours(1));
  guest = f.ChangeInstance(guest.id, [&](Instance& i) { i.launch_time = i.state_since = f.clock.Now(); });
  CHECK(monitor.StatusOf(guest).instance == CheckStatus::kInitializing);
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).system == CheckStatus::kPassed; }));
  CHECK(monitor.StatusOf(guest).instance == CheckStatus::kInitializing);
}

TEST_CASE("what was seen of an instance that no longer runs is forgotten", "[status]") {
  Fixture f;
  const Instance guest = f.AddGuest(true), other = f.AddGuest(true);
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  REQUIRE(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  f.ChangeInstance(guest.id, [](Instance& i) { i.state = InstanceState::kStopped; });
  // Asked with the row it had: nothing is known of it any more.
  CHECK(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kInitializing; }));
  CHECK(monitor.StatusOf(other).instance == CheckStatus::kPassed);
}

TEST_CASE("deaf guests are probed side by side, and answers are given meanwhile", "[status]") {
  MonitorFixture<HeldFabric> f;
  std::vector<Instance> guests;
  for (int i = 0; i < 8; ++i) guests.push_back(f.AddGuest(true));
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  REQUIRE(f.fabric.WaitForInside(f.options.threads));
  for (const Instance& guest : guests) CHECK(monitor.StatusOf(guest).instance == CheckStatus::kInitializing);
  f.fabric.Release();
  for (const Instance& guest : guests) {
    CHECK(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
  }
  CHECK(f.fabric.max_inside() == f.options.threads);
}

TEST_CASE("every guest is checked, however many portions they make", "[status]") {
  for (const size_t many : {100, 3}) {  // in one go; spread out
    Fixture f;
    f.options.portion = 2;
    f.options.many = many;
    std::vector<Instance> guests;
    for (int i = 0; i < 7; ++i) guests.push_back(f.AddGuest(true));
    const Instance deaf = f.AddGuest(false);
    StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
    monitor.Start();
    for (const Instance& guest : guests) {
      CHECK(Eventually([&] { return monitor.StatusOf(guest).instance == CheckStatus::kPassed; }));
    }
    CHECK(Eventually([&] { return monitor.StatusOf(deaf).system == CheckStatus::kPassed; }));
    CHECK(monitor.StatusOf(deaf).instance != CheckStatus::kPassed);
  }
}

TEST_CASE("the monitor stops at once, also before it started and twice", "[status]") {
  Fixture f;
  f.options.period = absl::Hours(1);
  f.AddGuest(true);
  {
    StatusMonitor never(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
    never.Stop();
    never.Start();  // stopped for good
  }
  StatusMonitor monitor(*f.database, f.hypervisor, f.fabric, f.clock, f.options);
  monitor.Start();
  monitor.Start();
  const absl::Time before = absl::Now();
  monitor.Stop();
  monitor.Stop();
  CHECK(absl::Now() - before < kDeadline);
}

}  // namespace brume::compute
