// create-key-pair --save, and errors that say which value was meant.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "cli/key_file.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

TEST_CASE("the file of a private key is its owner's alone whatever the umask, and replaces none", "[cli]") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/k.pem";
  const mode_t before = umask(0);
  {
    auto file = KeyFile::Create(path);
    REQUIRE(file.ok());
    REQUIRE(file->Fill("secret\n").ok());
  }
  umask(before);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  CHECK(content.str() == "secret\n");
  const auto again = KeyFile::Create(path);
  CHECK(absl::IsInvalidArgument(again.status()));
  CHECK(absl::StrContains(again.status().message(), "exists already"));
  std::filesystem::create_symlink(directory.path + "/elsewhere", directory.path + "/link");
  CHECK_FALSE(KeyFile::Create(directory.path + "/link").ok());
  CHECK(absl::StrContains(KeyFile::Create(directory.path + "/none/k").status().message(), "cannot be made"));
}

TEST_CASE("a file for a key that was never made is removed", "[cli]") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/k.pem";
  {
    auto file = KeyFile::Create(path);
    REQUIRE(file.ok());
    CHECK(std::filesystem::exists(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace brume::cli
