#include "daemon/guest_users.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "tests/support/temp_dir.h"

namespace brume::daemon {

TEST_CASE("ids that this host's users have are not for guests", "[daemon]") {
  CHECK(CheckGuestUserIds(kDefaultGuestUserIds).ok());
  CHECK(absl::IsFailedPrecondition(CheckGuestUserIds({0, 100})));
}

TEST_CASE("the owners of disks are known, also where no instance has them", "[daemon]") {
  if (geteuid() != 0) return;
  const TempDir state;
  const UserIdRange range = {70000, 70009};
  CHECK(FindUserIdsInUse(range, state.path()).empty());
  const std::string volume = state.path() + "/volumes/vol-0123456789abcdef0";
  std::filesystem::create_directories(volume);
  std::ofstream(volume + "/disk.qcow2") << "disk";
  CHECK(FindUserIdsInUse(range, state.path()).empty());
  REQUIRE(chown((volume + "/disk.qcow2").c_str(), 70003, 70003) == 0);
  CHECK(FindUserIdsInUse(range, state.path()) == std::set<int64_t>{70003});
  CHECK(FindUserIdsInUse({70004, 70009}, state.path()).empty());
}

TEST_CASE("a QEMU or a dnsmasq that runs as the wrong user is said to, and nobody else's", "[daemon]") {
  if (geteuid() != 0) return;
  const TempDir proc;
  const std::string state = "/var/lib/brume";
  const UserIdRange range = {70000, 70009};
  const auto run = [&](int pid, uid_t user, std::string command) {
    const std::string directory = proc.path() + "/" + std::to_string(pid);
    std::filesystem::create_directories(directory);
    std::replace(command.begin(), command.end(), ' ', '\0');
    std::ofstream(directory + "/cmdline", std::ios::binary) << command;
    REQUIRE(chown(directory.c_str(), user, user) == 0);
  };
  const auto check = [&] { return CheckProcessUsers(state, range, /*qemu_uid=*/60000, proc.path()); };
  const std::string qemu = "/usr/bin/qemu-system-x86_64 -name guest=i-0123456789abcdef0,debug-threads=on -drive ";
  run(10, 70003, qemu + state + "/volumes/vol-1/disk.qcow2");
  run(11, 60000, qemu + state + "/volumes/vol-2/disk.qcow2");
  run(12, 0, qemu + "/srv/other/disk.qcow2");
  run(13, 100, "/usr/sbin/dnsmasq --conf-file=" + state + "/network/vpc-1/dnsmasq.conf");
  run(14, 0, "/usr/sbin/dnsmasq --conf-file=/etc/dnsmasq.conf");
  run(15, 0, "/bin/sh -c " + qemu + state + "/volumes");
  run(16, 0, "");
  CHECK_FALSE(check().has_value());

  run(17, 0, qemu + state + "/volumes/vol-3/disk.qcow2");
  REQUIRE(check().has_value());
  CHECK(absl::StrContains(check()->detail, "the QEMU of i-0123456789abcdef0, process 17, as user 0"));
  CHECK(absl::StrContains(check()->fix, "stop and start"));
  std::filesystem::remove_all(proc.path() + "/17");

  run(18, 0, "/usr/sbin/dnsmasq --conf-file=" + state + "/network/vpc-1/dnsmasq.conf");
  REQUIRE(check().has_value());
  CHECK(absl::StrContains(check()->detail, "dnsmasq, process 18, as user 0"));
  CHECK(absl::StrContains(check()->fix, "chmod o+x"));
}

}  // namespace brume::daemon
