#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "lib/base/pass_list.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

bool Reads(uid_t uid, const std::string& path) {
  const absl::StatusOr<CommandResult> done = RunCommand(
      {"setpriv", absl::StrCat("--reuid=", uid), absl::StrCat("--regid=", uid), "--clear-groups", "test", "-r", path},
      {});
  REQUIRE(done.ok());
  return done->exit_code == 0;
}

}  // namespace

TEST_CASE("one user passes through a directory, makes nothing there and lists it not, and another does not pass",
          "[base]") {
  if (geteuid() != 0) return;
  const TempDir dir;
  REQUIRE(chmod(dir.path().c_str(), 0711) == 0);
  const std::string path = dir.path() + "/d";
  std::filesystem::create_directory(path);
  std::ofstream(path + "/file") << "text";
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY));
  for (const uid_t uid : {70001, 70002}) {
    REQUIRE(LetPass(directory.get(), uid).ok());
    REQUIRE(LetPass(directory.get(), uid).ok());
    CHECK(IsLetPass(path, uid));
    CHECK(Reads(uid, path + "/file"));
    CHECK_FALSE(Reads(uid, path));
    CHECK_FALSE(IsLetPass(path, 70003));
    CHECK_FALSE(Reads(70003, path + "/file"));
  }
  CHECK_FALSE(Reads(70001, path + "/file"));
}

TEST_CASE("a file is given to a user, and nothing that a link in its place leads to", "[base]") {
  if (geteuid() != 0) return;
  const TempDir dir;
  const auto owner = [&](const std::string& name) {
    struct stat info = {};
    REQUIRE(stat((dir.path() + "/" + name).c_str(), &info) == 0);
    return info.st_uid;
  };
  std::ofstream(dir.path() + "/file") << "text";
  REQUIRE(GiveFile(dir.path() + "/file", 70001, 70001).ok());
  CHECK(owner("file") == 70001);
  std::ofstream(dir.path() + "/secret") << "text";
  std::filesystem::create_symlink("secret", dir.path() + "/symbolic");
  std::filesystem::create_hard_link(dir.path() + "/secret", dir.path() + "/hard");
  REQUIRE(mkfifo((dir.path() + "/fifo").c_str(), 0600) == 0);
  for (const char* name : {"symbolic", "hard", "fifo"})
    CHECK_FALSE(GiveFile(dir.path() + "/" + name, 70001, 70001).ok());
  CHECK(owner("secret") == 0);
  CHECK(absl::IsNotFound(GiveFile(dir.path() + "/gone", 70001, 70001)));
}

}  // namespace brume
