// What it costs to measure guests: processor time of this process for one sample of them all, and for writing it. By
// hand, as root:
//
//   tests/isolated build/release/bin/sampling_bench
//
// Real QEMUs behind the embedded libvirt, each with a disk and without anything to boot, real taps in a VPC's
// namespace, and the real store; BRUME_SAMPLING_GUESTS sets how many (100).
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/subprocess.h"
#include "lib/cloudwatch/sampler.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "lib/ec2/network/linux/linux_fabric.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/ec2/compute/libvirt_support.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume {
namespace {

absl::Duration ProcessorTime() {
  rusage usage = {};
  REQUIRE(getrusage(RUSAGE_SELF, &usage) == 0);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// Of several rounds, a period apart, so that all caches are as cold as they are then.
class Measurement {
 public:
  explicit Measurement(const char* name) : name_(name) {}
  void Take(const std::function<absl::Status()>& work) {
    const absl::Duration processor = ProcessorTime();
    const absl::Time began = absl::Now();
    REQUIRE_OK(work());
    wall_.push_back(absl::ToDoubleMilliseconds(absl::Now() - began));
    processor_.push_back(absl::ToDoubleMilliseconds(ProcessorTime() - processor));
  }
  void Print() {
    std::sort(wall_.begin(), wall_.end());
    std::sort(processor_.begin(), processor_.end());
    std::printf("%-50s %6.2f ms of processor time (%.2f to %.2f), %6.2f ms until done\n", name_,
                processor_[processor_.size() / 2], processor_.front(), processor_.back(), wall_[wall_.size() / 2]);
  }

 private:
  const char* const name_;
  std::vector<double> wall_, processor_;
};

struct Fixture : ServiceFixture {
  Fixture() { EnsureNetwork(); }

  network::PortSpec PortOf(const Instance& instance) { return {.eni = InterfaceOf(instance.id), .hostname = "h"}; }

  compute::GuestSpec SpecOf(const Instance& instance) {
    const compute::QemuUser user = Value(compute::FindQemuUser("brume-qemu"));
    compute::GuestSpec guest = compute::DisklessGuest(compute::StateDir(), instance.id.text());
    const std::string disk = guest.directory + "/disk.qcow2";
    REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", disk, "1G"}).status());
    REQUIRE(chown(disk.c_str(), user.uid, user.gid) == 0);
    guest.disks = {{.path = disk, .device = "/dev/vda", .serial = "vol0"}};
    return guest;
  }
};

}  // namespace

TEST_CASE("processor time of a sample", "[bench]") {
  const char* const wanted = getenv("BRUME_SAMPLING_GUESTS");
  const int count = wanted == nullptr ? 100 : atoi(wanted);
  constexpr int kRounds = 6;
  constexpr absl::Duration kPeriod = absl::Seconds(10);
  Fixture f;
  const RealClock clock;
  auto hypervisor = compute::Embedded(compute::LibvirtOptions().disk_statistics_period);
  network::LinuxFabricOptions options;
  options.state_dir = f.directory.path();
  auto fabric = Value(network::MakeLinuxFabric(options));
  const Subnet subnet = f.FirstSubnet();
  network::VpcSpec vpc;
  vpc.vpc.id = subnet.vpc_id;
  vpc.vpc.cidr = f.settings.default_vpc_cidr;
  vpc.ranges = {vpc.vpc.cidr};
  vpc.subnets = {subnet};
  vpc.tables.emplace_back();
  vpc.tables.front().number = 1;
  vpc.tables.front().main = true;
  vpc.groups = {{.group = f.DefaultGroup(), .rules = {}, .members = {}}};
  vpc.domain = "ec2.internal";
  REQUIRE_OK(fabric->SyncVpc(vpc));
  std::vector<Instance> instances;
  for (int i = 0; i < count; ++i) {
    instances.push_back(f.AddInstance());
    const network::PortSpec port = f.PortOf(instances.back());
    REQUIRE_OK(fabric->PreparePort(port));
    REQUIRE_OK(fabric->PlugPort(port));
    const compute::GuestSpec guest = f.SpecOf(instances.back());
    REQUIRE_OK(hypervisor->CreatePaused(guest));
    REQUIRE_OK(hypervisor->Resume(guest.id));
  }

  cloudwatch::MetricService metrics(*f.database, clock);
  cloudwatch::Sampler sampler({.database = *f.database,
                               .guests = *hypervisor,
                               .fabric = *fabric,
                               .clock = clock,
                               .metrics = metrics,
                               .status_of =
                                   [](const Instance&) {
                                     return compute::InstanceStatus{.system = compute::CheckStatus::kPassed,
                                                                    .instance = compute::CheckStatus::kPassed};
                                   }},
                              {});
  // The first sample begins the counts, and the first flush makes the metrics.
  for (int i = 0; i < 2; ++i) {
    REQUIRE_OK(sampler.Sample(true));
    absl::SleepFor(absl::Seconds(1));
  }
  REQUIRE_OK(metrics.Flush());
  Measurement whole("one sample"), libvirt("of that, what libvirt tells without asking QEMU"),
      taps("of that, the taps' counters"), flush("writing one sample");
  for (int round = 0; round < kRounds; ++round) {
    absl::SleepFor(kPeriod);
    whole.Take([&] { return sampler.Sample(true); });
    flush.Take([&] { return metrics.Flush(); });
    // No guest's turn to be asked is so soon again.
    libvirt.Take([&] { return hypervisor->Sample({}).status(); });
    taps.Take([&] { return fabric->Counters(subnet.vpc_id).status(); });
  }
  std::printf("%d guests, %d rounds, medians:\n", count, kRounds);
  for (Measurement* each : {&whole, &libvirt, &taps, &flush}) each->Print();

  for (const Instance& instance : instances) {
    CHECK(hypervisor->CutPower(instance.id).ok());
    CHECK(fabric->UnplugPort(f.InterfaceOf(instance.id)).ok());
  }
  CHECK(fabric->RemoveEverything().ok());
}

}  // namespace brume
