#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "lib/ec2/compute/libvirt/acceleration.h"
#include "tests/ec2/compute/libvirt_support.h"

namespace brume::compute {
namespace {

QemuUser User() { return Value(FindQemuUser("brume-qemu")); }

}  // namespace

TEST_CASE("the trial guest gets through its work where guests work", "[libvirt]") {
  REQUIRE_OK(TryAcceleration("tcg", User(), StateDir()));
  CHECK(std::filesystem::is_empty(StateDir()));
}

TEST_CASE("a trial that fails says why", "[libvirt]") {
  const absl::Status unknown = TryAcceleration("no-such-thing", User(), StateDir());
  INFO(unknown);
  CHECK(absl::IsInternal(unknown));
  CHECK(absl::StrContains(unknown.message(), "no-such-thing"));
  // An emulator that does nothing and does not end.
  const TempDir dir;
  std::ofstream(dir / "emulator") << "#!/bin/sh\nexec sleep 60\n";
  REQUIRE(chmod((dir / "emulator").c_str(), 0755) == 0);
  REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
  const absl::Time begin = absl::Now();
  CHECK(absl::IsDeadlineExceeded(
      TryAcceleration("tcg", User(), StateDir(), {.emulator = dir / "emulator", .deadline = absl::Milliseconds(200)})));
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE("the outcome of the trial is remembered for one boot of the host", "[libvirt]") {
  if (!std::filesystem::exists("/dev/kvm")) {
    CHECK_FALSE(ChooseAcceleration(User(), StateDir()).kvm);
    return;
  }
  const std::string memory = StateDir() + "/acceleration";
  const Acceleration first = ChooseAcceleration(User(), StateDir());
  CHECK(first.kvm == first.note.empty());
  const std::string remembered = ReadText(memory);
  const Acceleration second = ChooseAcceleration(User(), StateDir(), {.emulator = "/nonexistent"});
  CHECK(second.kvm == first.kvm);
  CHECK(second.note == first.note);
  // Another boot: the trial is made again, here with an emulator that is not there.
  std::ofstream(memory) << "another-boot" << remembered.substr(remembered.find(' '));
  const Acceleration third = ChooseAcceleration(User(), StateDir(), {.emulator = "/nonexistent"});
  CHECK_FALSE(third.kvm);
  CHECK(third.note != first.note);
}

}  // namespace brume::compute
