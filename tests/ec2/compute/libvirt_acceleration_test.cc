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
  REQUIRE_OK(TryAcceleration(Acceleration::kTcg, User(), StateDir()));
  CHECK(std::filesystem::is_empty(StateDir()));
}

TEST_CASE("a trial that fails says why", "[libvirt]") {
  const TempDir dir;
  REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
  std::ofstream(dir / "refusing") << "#!/bin/sh\necho 'invalid accelerator' >&2; exit 1\n";
  REQUIRE(chmod((dir / "refusing").c_str(), 0755) == 0);
  const absl::Status refused = TryAcceleration(Acceleration::kTcg, User(), StateDir(), {.emulator = dir / "refusing"});
  INFO(refused);
  CHECK(absl::IsInternal(refused));
  CHECK(absl::StrContains(refused.message(), "(1): invalid accelerator"));
  // An emulator that does nothing and does not end.
  std::ofstream(dir / "emulator") << "#!/bin/sh\nexec sleep 60\n";
  REQUIRE(chmod((dir / "emulator").c_str(), 0755) == 0);
  const absl::Time begin = absl::Now();
  CHECK(absl::IsDeadlineExceeded(TryAcceleration(Acceleration::kTcg, User(), StateDir(),
                                                 {.emulator = dir / "emulator", .deadline = absl::Milliseconds(200)})));
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE("the outcome of the trial is remembered for one boot of the host", "[libvirt]") {
  if (!std::filesystem::exists("/dev/kvm")) {
    CHECK(ChooseAcceleration(User(), StateDir()).acceleration == Acceleration::kTcg);
    return;
  }
  const std::string memory = StateDir() + "/acceleration";
  const FoundAcceleration first = ChooseAcceleration(User(), StateDir());
  CHECK((first.acceleration == Acceleration::kKvm) == first.note.empty());
  const std::string remembered = ReadText(memory);
  const FoundAcceleration second = ChooseAcceleration(User(), StateDir(), {.emulator = "/nonexistent"});
  CHECK(second.acceleration == first.acceleration);
  CHECK(second.note == first.note);
  // Another boot: the trial is made again, here with an emulator that is not there.
  std::ofstream(memory) << "another-boot" << remembered.substr(remembered.find(' '));
  const FoundAcceleration third = ChooseAcceleration(User(), StateDir(), {.emulator = "/nonexistent"});
  CHECK(third.acceleration == Acceleration::kTcg);
  CHECK(third.note != first.note);
}

}  // namespace brume::compute
