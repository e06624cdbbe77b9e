// qemu:///system: a libvirtd started by hand, with files of its own, that goes away and comes back.
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/ec2/compute/libvirt_support.h"

namespace brume::compute {
namespace {

class Libvirtd {
 public:
  // This thread, and threads and processes it makes from now on, see directories of libvirt's that are empty.
  Libvirtd() {
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    for (const char* path :
         {"/run/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/etc/libvirt"}) {
      std::filesystem::create_directories(path);
      REQUIRE(mount("tmpfs", path, "tmpfs", 0, "mode=755") == 0);
    }
    std::ofstream("/etc/libvirt/libvirtd.conf") << "auth_unix_rw = \"none\"\nlog_outputs = \"4:stderr\"\n";
    // The other handler is a daemon more. The user is who asks QEMU for its capabilities (docs/compute.md): root, so
    // that it asks once whatever the mode of this machine's /dev/kvm. Guests run as the user their domains name.
    std::ofstream("/etc/libvirt/qemu.conf") << "stdio_handler = \"file\"\nuser = \"root\"\ngroup = \"root\"\n";
  }
  ~Libvirtd() { Kill(); }
  Libvirtd(const Libvirtd&) = delete;
  Libvirtd& operator=(const Libvirtd&) = delete;

  void Start() {
    char program[] = "/usr/sbin/libvirtd";
    // /run itself is shared with whatever other libvirtd runs.
    char option[] = "--pid-file", pid_file[] = "/run/libvirt/libvirtd.pid";
    const std::array<char*, 4> argv = {program, option, pid_file, nullptr};
    REQUIRE(posix_spawn(&pid_, program, nullptr, nullptr, argv.data(), environ) == 0);
  }
  void Pause() { kill(pid_, SIGSTOP); }
  void Continue() { kill(pid_, SIGCONT); }
  void Kill() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

std::unique_ptr<Hypervisor> System() {
  return Value(
      NewLibvirtHypervisor({.uri = "qemu:///system", .state_dir = StateDir(), .acceleration = AccelerationWish::kTcg}));
}

bool Answers(Hypervisor& hypervisor) {
  return Eventually([&] { return hypervisor.List().ok(); });
}

}  // namespace

TEST_CASE("guests of a libvirtd keep the hypervisor's contract", "[libvirt]") {
  Libvirtd libvirtd;
  libvirtd.Start();
  const auto hypervisor = System();
  REQUIRE(Answers(*hypervisor));
  CheckHypervisorContract(*hypervisor, StateDir());
  CheckOwnersKept(*hypervisor);
  // The firmware's variables are a file QEMU opens, too, as a user that this libvirtd knows nothing of.
  GuestSpec guest = DisklessGuest(StateDir(), "i-00000022");
  guest.boot_mode = BootMode::kUefi;
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
  CHECK(Value(hypervisor->Describe()).uri == "qemu:///system");
}

TEST_CASE("a libvirtd that goes away is Unavailable, and its guests are there when it is back", "[libvirt]") {
  Libvirtd libvirtd;
  const auto hypervisor = System();
  EventLog events(*hypervisor);
  const absl::Status before = hypervisor->List().status();
  CHECK(absl::IsUnavailable(before));
  CHECK(absl::StrContains(before.message(), "libvirt-sock"));

  libvirtd.Start();
  REQUIRE(Answers(*hypervisor));
  CHECK(Eventually([&] { return events.reconnects() == 1; }));
  const GuestSpec guest = DisklessGuest(StateDir(), "i-00000021");
  REQUIRE_OK(hypervisor->CreatePaused(guest));
  REQUIRE_OK(hypervisor->Resume(guest.id));
  REQUIRE(events.Await(guest.id, GuestEventKind::kStarted));

  libvirtd.Kill();
  CHECK(Eventually([&] { return absl::IsUnavailable(hypervisor->Observe(guest.id).status()); }));
  libvirtd.Start();
  REQUIRE(Eventually([&] { return events.reconnects() == 2; }));
  CHECK(Value(hypervisor->Observe(guest.id)) == Power::kOn);
  // Events come again.
  REQUIRE_OK(hypervisor->Reset(guest.id));
  CHECK(events.Await(guest.id, GuestEventKind::kRebooted));
  REQUIRE_OK(hypervisor->CutPower(guest.id));
  CHECK(events.Await(guest.id, GuestEventKind::kStopped));
  hypervisor->Watch(nullptr, nullptr);
}

TEST_CASE("a libvirtd that hangs is given up at the deadline", "[libvirt]") {
  Libvirtd libvirtd;
  libvirtd.Start();
  const auto hypervisor = Value(NewLibvirtHypervisor({.uri = "qemu:///system",
                                                      .state_dir = StateDir(),
                                                      .acceleration = AccelerationWish::kTcg,
                                                      .call_deadline = absl::Seconds(2)}));
  REQUIRE(Answers(*hypervisor));
  libvirtd.Pause();
  const absl::Status late = hypervisor->List().status();
  INFO(late);
  CHECK(absl::IsDeadlineExceeded(late));
  libvirtd.Continue();
  CHECK(Answers(*hypervisor));
}

}  // namespace brume::compute
