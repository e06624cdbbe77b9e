#include "lib/cloudwatch/sampler.h"

#include <catch2/catch.hpp>

#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/tagging/tag_table.h"
#include "tests/ec2/compute/service_fixture.h"
#include "tests/fakes/fake_hypervisor.h"

namespace brume::cloudwatch {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(10);

// Whose ports count what the test says.
class CountingFabric final : public network::SimulatedFabric {
 public:
  absl::StatusOr<std::vector<network::PortCounters>> Counters(const VpcId&) override {
    std::lock_guard lock(mutex_);
    ++reads_;
    if (!error_.ok()) return error_;
    return counters_;
  }
  void Set(std::vector<network::PortCounters> counters) {
    std::lock_guard lock(mutex_);
    counters_ = std::move(counters);
  }
  void Fail(absl::Status error) {
    std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }

 private:
  std::mutex mutex_;
  int reads_ = 0;
  absl::Status error_;
  std::vector<network::PortCounters> counters_;
};

struct Fixture : ServiceFixture {
  FakeHypervisor hypervisor;
  CountingFabric fabric;
  MetricService metrics{*database, clock};
  compute::InstanceStatus status{.system = compute::CheckStatus::kPassed, .instance = compute::CheckStatus::kPassed};
  Sampler sampler{{.database = *database,
                   .guests = hypervisor,
                   .fabric = fabric,
                   .clock = clock,
                   .metrics = metrics,
                   .status_of = [this](const Instance&) { return status; }},
                  {}};

  Fixture() { EnsureNetwork(); }

  Instance AddGuest(int vcpus = 1, const std::string& group = "") {
    Instance instance = AddInstance();
    Must(database->Write([&](store::Connection& c) -> absl::Status {
      RETURN_IF_ERROR(compute::InstanceTable(c).SetCapacity(instance.id, 128, vcpus));
      if (group.empty()) return absl::OkStatus();
      return tagging::TagTable(c).Set(instance.id.text(), "aws:autoscaling:groupName", group);
    }));
    Must(hypervisor.CreatePaused({.id = instance.id}));
    Must(hypervisor.Resume(instance.id));
    return instance;
  }
  void Use(const InstanceId& id, absl::Duration cpu) { hypervisor.SetStatistics(id, {.cpu_time = cpu}); }
  void Sample(bool all = true) { Must(sampler.Sample(all)); }
  void SampleAfter(absl::Duration time, bool all = true) {
    clock.Advance(time);
    Sample(all);
  }
  std::vector<StatisticSet> Read(const std::string& name, std::vector<Dimension> dimensions,
                                 absl::Duration period = kPeriod, const std::string& metric_namespace = kEc2Namespace) {
    return metrics
        .Read({metric_namespace, name, std::move(dimensions)}, clock.Now() - absl::Hours(1),
              clock.Now() + absl::Hours(1), period)
        .value();
  }
  std::vector<StatisticSet> ReadOf(const InstanceId& id, const std::string& name, absl::Duration period = kPeriod) {
    return Read(name, {{"InstanceId", id.text()}}, period);
  }
};

}  // namespace

TEST_CASE("CPUUtilization is the share of an instance's own vCPUs that it used", "[sampler]") {
  Fixture f;
  const Instance one = f.AddGuest(1), two = f.AddGuest(2);
  f.Use(one.id, absl::Seconds(100));
  f.Use(two.id, absl::Seconds(100));
  f.Sample();
  CHECK(f.metrics.Latest(one.id, "CPUUtilization") == std::nullopt);
  f.Use(one.id, absl::Seconds(105));
  f.Use(two.id, absl::Seconds(105));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(one.id, "CPUUtilization")->value == Approx(50));
  CHECK(f.metrics.Latest(one.id, "CPUUtilization")->time == f.clock.Now());
  CHECK(f.metrics.Latest(two.id, "CPUUtilization")->value == Approx(25));
  REQUIRE(f.ReadOf(one.id, "CPUUtilization").size() == 1);
  // It is of the time that it covers.
  CHECK(f.ReadOf(one.id, "CPUUtilization")[0].start == f.clock.Now() - kPeriod);
  // More than all: QEMU's own work.
  f.Use(one.id, absl::Seconds(130));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(one.id, "CPUUtilization")->value == 100);
}

TEST_CASE("disk and network are what was counted between two samples, of all disks and interfaces", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  const std::string tap = TapName(f.InterfaceOf(guest.id).id);
  f.hypervisor.SetStatistics(guest.id, {.disk = compute::GuestStatistics::Disk{1000, 2000, 10, 20}});
  f.fabric.Set({{tap, 100, 200, 1, 2}, {"bm0000000000000", 5, 5, 5, 5}});
  f.Sample();
  f.hypervisor.SetStatistics(guest.id, {.disk = compute::GuestStatistics::Disk{1500, 2600, 17, 28}});
  f.fabric.Set({{tap, 190, 300, 11, 13}});
  f.SampleAfter(kPeriod);
  const std::map<std::string, double> expected = {
      {"DiskReadBytes", 500}, {"DiskWriteBytes", 600}, {"DiskReadOps", 7},       {"DiskWriteOps", 8},
      {"NetworkIn", 90},      {"NetworkOut", 100},     {"NetworkPacketsIn", 10}, {"NetworkPacketsOut", 11}};
  for (const auto& [name, value] : expected) {
    INFO(name);
    REQUIRE(f.metrics.Latest(guest.id, name).has_value());
    CHECK(f.metrics.Latest(guest.id, name)->value == value);
    REQUIRE(f.ReadOf(guest.id, name).size() == 1);
    CHECK(f.ReadOf(guest.id, name)[0].sum == value);
  }
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization") == std::nullopt);
  CHECK(f.metrics.Latest(guest.id, "MemoryUtilization") == std::nullopt);
}

TEST_CASE("disks that are told of in some samples only are counted whole, and from when they were told before",
          "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest(1, "web");
  const auto report = [&](std::optional<int64_t> operations, absl::Duration after) {
    compute::GuestStatistics statistics{.cpu_time = absl::ZeroDuration()};
    if (operations.has_value()) statistics.disk = compute::GuestStatistics::Disk{.read_operations = *operations};
    f.hypervisor.SetStatistics(guest.id, statistics);
    f.SampleAfter(after);
  };
  report(std::nullopt, absl::ZeroDuration());
  report(100, kPeriod);
  const absl::Time reported = f.clock.Now();
  report(std::nullopt, kPeriod);
  CHECK(f.metrics.Latest(guest.id, "DiskReadOps") == std::nullopt);
  report(std::nullopt, kPeriod);
  report(130, kPeriod);
  for (const auto& sets :
       {f.ReadOf(guest.id, "DiskReadOps"), f.Read("DiskReadOps", {{"AutoScalingGroupName", "web"}})}) {
    REQUIRE(sets.size() == 1);
    CHECK(sets[0].sum == 30);
  }
  CHECK(f.ReadOf(guest.id, "DiskReadOps")[0].start == reported);
  CHECK(f.metrics.Latest(guest.id, "DiskReadOps")->value == 30);
  report(std::nullopt, kPeriod);
  CHECK(f.metrics.Latest(guest.id, "DiskReadOps")->value == 30);
  REQUIRE(f.sampler.Snapshot().size() == 1);
  CHECK(f.sampler.Snapshot()[0].counters.disk->read_operations == 130);
  // Fewer than before: the guest began anew, unseen.
  report(5, kPeriod);
  report(9, kPeriod);
  CHECK(f.ReadOf(guest.id, "DiskReadOps").size() == 2);
  CHECK(f.metrics.Latest(guest.id, "DiskReadOps")->value == 4);
}

TEST_CASE("memory is known where the guest tells its balloon", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  f.hypervisor.SetStatistics(guest.id, {.memory = compute::GuestStatistics::Memory{1000, 250}});
  f.Sample();
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "MemoryUtilization")->value == 75);
  CHECK(f.metrics.Latest(guest.id, "MemoryUsed")->value == 750);
  CHECK(f.metrics.Latest(guest.id, "MemoryAvailable")->value == 250);
  const std::vector<Dimension> dimensions = {{"InstanceId", guest.id.text()}};
  CHECK(f.Read("MemoryUtilization", dimensions, kPeriod, kBrumeNamespace).size() == 1);
  CHECK(f.Read("MemoryUtilization", dimensions).empty());
}

TEST_CASE("status checks are 0 or 1, and nothing while they are not known", "[sampler]") {
  using compute::CheckStatus;
  struct Case {
    CheckStatus system, instance;
    std::optional<double> any, of_system, of_instance;
  };
  for (const Case& c :
       std::initializer_list<Case>{{CheckStatus::kPassed, CheckStatus::kPassed, 0, 0, 0},
                                   {CheckStatus::kPassed, CheckStatus::kFailed, 1, 0, 1},
                                   {CheckStatus::kFailed, CheckStatus::kInitializing, 1, 1, std::nullopt},
                                   {CheckStatus::kPassed, CheckStatus::kInitializing, std::nullopt, 0, std::nullopt}}) {
    Fixture f;
    const Instance guest = f.AddGuest();
    f.status = {.system = c.system, .instance = c.instance};
    f.Sample();
    f.SampleAfter(kPeriod);
    const auto value = [&](const char* name) -> std::optional<double> {
      const auto sample = f.metrics.Latest(guest.id, name);
      return sample.has_value() ? std::optional(sample->value) : std::nullopt;
    };
    CHECK(value("StatusCheckFailed") == c.any);
    CHECK(value("StatusCheckFailed_System") == c.of_system);
    CHECK(value("StatusCheckFailed_Instance") == c.of_instance);
  }
}

TEST_CASE("guests are also counted together: by group, type, image and all", "[sampler]") {
  Fixture f;
  const Instance a = f.AddGuest(1, "web"), b = f.AddGuest(1, "web"), c = f.AddGuest(1);
  f.ChangeInstance(c.id, [](Instance& i) { i.instance_type = "b1.small"; });
  for (const Instance& guest : {a, b, c}) f.Use(guest.id, absl::ZeroDuration());
  f.Sample();
  f.Use(a.id, absl::Seconds(1));
  f.Use(b.id, absl::Seconds(3));
  f.Use(c.id, absl::Seconds(8));
  f.SampleAfter(kPeriod);
  const auto check = [&](std::vector<Dimension> dimensions, double count, double average, double max) {
    const auto sets = f.Read("CPUUtilization", std::move(dimensions));
    REQUIRE(sets.size() == 1);
    CHECK(sets[0].count == count);
    CHECK(sets[0].average() == Approx(average));
    CHECK(sets[0].max == Approx(max));
  };
  check({{"AutoScalingGroupName", "web"}}, 2, 20, 30);
  check({{"InstanceType", "b1.tiny"}}, 2, 20, 30);
  check({{"InstanceType", "b1.small"}}, 1, 80, 80);
  check({}, 3, 40, 80);
}

TEST_CASE("instances with detailed monitoring are sampled in between, and weigh the same in their group", "[sampler]") {
  Fixture f;
  const Instance detailed = f.AddGuest(1, "web"), basic = f.AddGuest(1, "web");
  f.ChangeInstance(detailed.id, [](Instance& i) { i.monitoring = true; });
  f.Use(detailed.id, absl::ZeroDuration());
  f.Use(basic.id, absl::ZeroDuration());
  f.Sample();
  for (int second = 1; second < 10; ++second) {
    f.Use(detailed.id, second * absl::Milliseconds(100));
    f.SampleAfter(absl::Seconds(1), /*all=*/false);
  }
  CHECK(f.ReadOf(detailed.id, "CPUUtilization", absl::Seconds(1)).size() == 9);
  CHECK(f.ReadOf(basic.id, "CPUUtilization", absl::Seconds(1)).empty());
  f.Use(detailed.id, absl::Seconds(1));
  f.Use(basic.id, absl::Seconds(3));
  f.SampleAfter(absl::Seconds(1));
  CHECK(f.ReadOf(detailed.id, "CPUUtilization", absl::Seconds(1)).size() == 10);
  const auto group = f.Read("CPUUtilization", {{"AutoScalingGroupName", "web"}});
  REQUIRE(group.size() == 1);
  CHECK(group[0].count == 2);
  CHECK(group[0].average() == Approx(20));
}

TEST_CASE("a guest that began anew is counted from its new beginning", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  f.Use(guest.id, absl::Seconds(50));
  f.Sample();
  // Restarted by itself: its counters say so.
  f.Use(guest.id, absl::Seconds(2));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization") == std::nullopt);
  f.Use(guest.id, absl::Seconds(3));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization")->value == Approx(10));
  // Stopped and started between two samples, and already beyond where it was.
  f.clock.Advance(absl::Seconds(5));
  f.ChangeInstance(guest.id, [&](Instance& i) { i.state_since = f.clock.Now(); });
  f.Use(guest.id, absl::Seconds(4));
  f.SampleAfter(absl::Seconds(5));
  CHECK(f.ReadOf(guest.id, "CPUUtilization").size() == 1);
}

TEST_CASE("an instance that no longer runs has no newest sample, and its history stays", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest(), other = f.AddGuest();
  f.Use(guest.id, absl::ZeroDuration());
  f.Use(other.id, absl::ZeroDuration());
  f.Sample();
  f.SampleAfter(kPeriod);
  REQUIRE(f.metrics.Latest(guest.id, "CPUUtilization").has_value());
  f.ChangeInstance(guest.id, [](Instance& i) { i.state = InstanceState::kStopped; });
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization") == std::nullopt);
  CHECK(f.metrics.Latest(other.id, "CPUUtilization").has_value());
  CHECK(f.ReadOf(guest.id, "CPUUtilization").size() == 1);
}

TEST_CASE("a guest that cannot be told of in one sample is made up for in the next", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  f.Use(guest.id, absl::ZeroDuration());
  f.Sample();
  f.hypervisor.LoseGuest(guest.id);
  f.SampleAfter(kPeriod);
  f.Must(f.hypervisor.CreatePaused({.id = guest.id}));
  f.Use(guest.id, absl::Seconds(10));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization")->value == Approx(50));
}

TEST_CASE("a hypervisor that cannot be asked is an error, and a network that cannot be costs only its metrics",
          "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  f.Use(guest.id, absl::ZeroDuration());
  f.Sample();
  f.hypervisor.Fail("Sample", absl::UnavailableError("away"));
  CHECK(absl::IsUnavailable(f.sampler.Sample(true)));
  f.fabric.Fail(absl::UnavailableError("away"));
  f.SampleAfter(kPeriod);
  CHECK(f.metrics.Latest(guest.id, "CPUUtilization").has_value());
  CHECK(f.metrics.Latest(guest.id, "NetworkIn") == std::nullopt);
}

TEST_CASE("the sampler measures by itself once it is started, and stops at once", "[sampler]") {
  Fixture f;
  const Instance guest = f.AddGuest();
  f.Use(guest.id, absl::Seconds(1));
  f.sampler.Start();
  f.sampler.Start();
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (f.hypervisor.CallsOf("Sample") == 0 && absl::Now() < deadline) std::this_thread::yield();
  CHECK(f.hypervisor.CallsOf("Sample") == 1);
  f.sampler.Stop();
  f.sampler.Stop();
  CHECK(absl::Now() < deadline);
}

}  // namespace brume::cloudwatch
