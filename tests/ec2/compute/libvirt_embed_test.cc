// The embedded driver with real QEMUs, emulated, whose guests have nothing to boot.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/ec2/compute/libvirt_support.h"

namespace brume::compute {

TEST_CASE("guests of the embedded driver keep the hypervisor's contract", "[libvirt]") {
  const auto hypervisor = Embedded();
  CheckHypervisorContract(*hypervisor, StateDir());
  const HypervisorInfo info = Value(hypervisor->Describe());
  CHECK(info.acceleration == Acceleration::kTcg);
  CHECK_FALSE(info.acceleration_note.empty());
  CHECK(absl::StrContains(info.version, "QEMU "));
}

TEST_CASE("disks and the layers under them keep their owners", "[libvirt]") {
  const auto hypervisor = Embedded();
  CheckOwnersKept(*hypervisor);
}

TEST_CASE("a guest that ended leaves nothing in libvirt but QEMU's messages", "[libvirt]") {
  const auto hypervisor = Embedded();
  const GuestSpec guest = DisklessGuest(StateDir(), "i-00000001");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  CHECK(std::filesystem::exists(guest.directory + "/console.sock"));
  const pid_t qemu = QemuOf(guest.id.text());
  REQUIRE_OK(hypervisor->CutPower(guest.id));
  CHECK_FALSE(Lives(qemu));
  CHECK_FALSE(std::filesystem::exists(guest.directory + "/console.sock"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(StateDir() + "/libvirt")) {
    if (absl::StrContains(entry.path().string(), "/log/") || absl::StrContains(entry.path().string(), "/cache/"))
      continue;
    INFO(entry.path().string());
    CHECK_FALSE(absl::StrContains(entry.path().string(), guest.id.text()));
  }
}

TEST_CASE("a QEMU that is killed is a crash, seen within a second", "[libvirt]") {
  const auto hypervisor = Embedded();
  EventLog events(*hypervisor);
  const GuestSpec guest = DisklessGuest(StateDir(), "i-00000002");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  REQUIRE(events.Await(guest.id, GuestEventKind::kStarted));
  const absl::Time killed = absl::Now();
  REQUIRE(kill(QemuOf(guest.id.text()), SIGKILL) == 0);
  REQUIRE(events.Await(guest.id, GuestEventKind::kCrashed));
  CHECK(absl::Now() - killed < absl::Seconds(1));
  CHECK(Value(hypervisor->Observe(guest.id)) == Power::kOff);
  hypervisor->Watch(nullptr, nullptr);
}

TEST_CASE("a QEMU that someone on the host ends is neither a crash nor the guest's wish", "[libvirt]") {
  const auto hypervisor = Embedded();
  EventLog events(*hypervisor);
  const GuestSpec guest = DisklessGuest(StateDir(), "i-00000003");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  REQUIRE(kill(QemuOf(guest.id.text()), SIGTERM) == 0);
  REQUIRE(events.Await(guest.id, GuestEventKind::kStopped));
  CHECK_FALSE(events.Of(guest.id).back().by_guest);
  hypervisor->Watch(nullptr, nullptr);
}

TEST_CASE("a guest that does not start says why in QEMU's words, and is not there", "[libvirt]") {
  const auto hypervisor = Embedded();
  GuestSpec guest = DisklessGuest(StateDir(), "i-00000004");
  guest.direct_boot = DirectBoot{.kernel_path = StateDir() + "/no-kernel", .initrd_path = "", .command_line = ""};
  const absl::Status missing = hypervisor->CreatePaused(guest);
  INFO(missing);
  CHECK(absl::IsInternal(missing));
  CHECK(absl::StrContains(missing.message(), "no-kernel"));
  CHECK(Value(hypervisor->Observe(guest.id)) == Power::kOff);

  guest.direct_boot.reset();
  guest.disks = {{.path = StateDir() + "/corrupt.qcow2", .device = "/dev/vda", .serial = "vol0"}};
  std::ofstream(guest.disks[0].path) << "QFI\xfb but no more";
  const absl::Status corrupt = hypervisor->CreatePaused(guest);
  INFO(corrupt);
  CHECK(absl::IsInternal(corrupt));
  CHECK(absl::StrContains(corrupt.message(), "corrupt.qcow2"));
  CHECK(Value(hypervisor->Observe(guest.id)) == Power::kOff);
}

TEST_CASE("a guest runs without rights: not as root, no capability, under seccomp", "[libvirt]") {
  const auto hypervisor = Embedded();
  const GuestSpec guest = DisklessGuest(StateDir(), "i-00000005");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  const std::string process = absl::StrCat("/proc/", QemuOf(guest.id.text()));
  struct stat facts;
  REQUIRE(stat(process.c_str(), &facts) == 0);
  CHECK(facts.st_uid != 0);
  const std::string status = ReadText(process + "/status");
  CHECK(absl::StrContains(status, "CapEff:\t0000000000000000"));
  CHECK(absl::StrContains(status, "Seccomp:\t2"));
  CHECK(absl::StrContains(status, "NoNewPrivs:\t1"));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
}

TEST_CASE("a disk in a directory the guests' user may not enter is refused by name", "[libvirt]") {
  const auto hypervisor = Embedded();
  GuestSpec guest = DisklessGuest(StateDir(), "i-00000006");
  const std::string secret = StateDir() + "/secret";
  std::filesystem::create_directory(secret);
  REQUIRE(chmod(secret.c_str(), 0700) == 0);
  guest.disks = {{.path = secret + "/disk", .device = "/dev/vda", .serial = ""}};
  const absl::Status status = hypervisor->CreatePaused(guest);
  INFO(status);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(absl::StrContains(status.message(), secret));
}

TEST_CASE("a guest boots by UEFI, with variables of its own", "[libvirt]") {
  const auto hypervisor = Embedded();
  GuestSpec guest = DisklessGuest(StateDir(), "i-00000007");
  guest.boot_mode = BootMode::kUefi;
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  CHECK(std::filesystem::exists(guest.directory + "/nvram.fd"));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  // The firmware speaks on the serial console once it finds nothing to boot.
  CHECK(Eventually([&] {
    const std::string output = Value(hypervisor->ConsoleOutput(guest.directory, 1 << 16));
    return absl::StrContains(output, "BdsDxe") || absl::StrContains(output, "Shell");
  }));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
  // The variables stay for the next start.
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
}

TEST_CASE("a missing user keeps guests from running, not the daemon", "[libvirt]") {
  const auto hypervisor = Value(NewLibvirtHypervisor({.uri = EmbeddedUri(StateDir()),
                                                      .state_dir = StateDir(),
                                                      .qemu_user = "no-such-user",
                                                      .acceleration = AccelerationWish::kTcg}));
  const absl::Status status = hypervisor->List().status();
  CHECK(absl::IsUnavailable(status));
  CHECK(absl::StrContains(status.message(), "no-such-user"));
}

}  // namespace brume::compute
