#include "daemon/guest_users.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

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

}  // namespace brume::daemon
