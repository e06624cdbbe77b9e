#include <catch2/catch.hpp>

#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

std::unique_ptr<Hypervisor> Simulated(const std::string& state_dir) {
  return Value(NewLibvirtHypervisor({.uri = "test:///default", .state_dir = state_dir}));
}

}  // namespace

TEST_CASE("simulated guests keep the hypervisor's contract", "[libvirt]") {
  const TempDir dir;
  const auto hypervisor = Simulated(dir.path());
  CheckHypervisorContract(*hypervisor, dir.path());
  const HypervisorInfo info = Value(hypervisor->Describe());
  CHECK(info.acceleration == Acceleration::kSimulated);
  CHECK_FALSE(info.acceleration_note.empty());
  CHECK(info.uri == "test:///default");
}

TEST_CASE("a simulated guest gets network cards and lets go of them, and has those of its next start", "[libvirt]") {
  const TempDir dir;
  const auto hypervisor = Simulated(dir.path());
  GuestSpec guest = DisklessGuest(dir.path(), "i-0123456789abcdef0");
  guest.nics = {{.tap = "bm0a", .mac = "02:b0:00:00:00:05", .attachment_id = "eni-attach-0a"}};
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  const GuestNic other = {.tap = "bm0b", .mac = "02:b0:00:00:00:06", .attachment_id = "eni-attach-0b"};
  CheckGuestNicsContract(*hypervisor, guest, other);
  REQUIRE_OK(hypervisor->AttachNic(guest.id, other));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  CHECK(Value(hypervisor->NicsOf(guest.id)).size() == 1);
}

TEST_CASE("a simulated guest gets disks and lets go of them, and has those of its next start", "[libvirt]") {
  const TempDir dir;
  const auto hypervisor = Simulated(dir.path());
  GuestSpec guest = DisklessGuest(dir.path(), "i-0123456789abcdef0");
  guest.disks = {{.path = "/state/a", .device = "/dev/vda", .serial = "vol0a"}};
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  const GuestDisk other = {.path = "/state/b", .device = "/dev/sdf", .serial = "vol0b", .limits = {.iops = 100}};
  CheckGuestDisksContract(*hypervisor, guest, other);
  REQUIRE_OK(hypervisor->AttachDisk(guest.id, other));
  REQUIRE_OK(hypervisor->AskToStop(guest.id));
  CHECK(Eventually([&] { return Value(hypervisor->Observe(guest.id)) == Power::kOff; }));
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  CHECK(Value(hypervisor->DisksOf(guest.id)).size() == 1);
}

TEST_CASE("a simulated guest obeys its power button and its reboot at once", "[libvirt]") {
  const TempDir dir;
  const auto hypervisor = Simulated(dir.path());
  EventLog events(*hypervisor);
  const GuestSpec guest = DisklessGuest(dir.path(), "i-0123456789abcdef0");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  REQUIRE_OK(hypervisor->AskToReboot(guest.id));
  CHECK(events.Await(guest.id, GuestEventKind::kRebooted));
  REQUIRE_OK(hypervisor->AskToStop(guest.id));
  REQUIRE(events.Await(guest.id, GuestEventKind::kStopped));
  CHECK(events.Of(guest.id).back().by_guest);
  CHECK(Value(hypervisor->Observe(guest.id)) == Power::kOff);
  hypervisor->Watch(nullptr, nullptr);
}

TEST_CASE("a libvirt that is not there keeps nothing from starting, and says why", "[libvirt]") {
  const TempDir dir;
  const auto hypervisor = Value(NewLibvirtHypervisor({.uri = "qemu+unix:///system?socket=" + (dir / "absent"),
                                                      .state_dir = dir.path(),
                                                      .acceleration = AccelerationWish::kTcg}));
  // How guests will run is known all the same: a daemon reckons with it before libvirt answers.
  CHECK(hypervisor->Acceleration() == Acceleration::kTcg);
  const absl::Status status = hypervisor->List().status();
  CHECK(absl::IsUnavailable(status));
  CHECK(std::string(status.message()).find("absent") != std::string::npos);
}

TEST_CASE("options that make no sense are refused", "[libvirt]") {
  CHECK(absl::IsInvalidArgument(NewLibvirtHypervisor({.uri = "", .state_dir = "/tmp"}).status()));
  CHECK(absl::IsInvalidArgument(
      NewLibvirtHypervisor({.uri = "test:///default", .state_dir = "/tmp", .console_log_limit_bytes = 1}).status()));
}

}  // namespace brume::compute
