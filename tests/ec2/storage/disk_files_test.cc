// The file work under the disks: copies, removals that follow nothing, readings with bounds.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "lib/ec2/storage/qcow2/directory_files.h"
#include "tests/support/temp_dir.h"

namespace brume::storage {
namespace {

std::string Content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_CASE("a copy has the same bytes and keeps the holes", "[disks]") {
  TempDir dir;
  const UniqueFd from(open((dir / "from").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  constexpr uint64_t kSize = (64 << 20) + 123;
  REQUIRE(ftruncate(from.get(), kSize) == 0);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{30 << 20}, kSize - 3})
    REQUIRE_OK(WriteAt(from.get(), offset, "abc"));
  const UniqueFd directory = Value(OpenDirectory(dir.path()));
  const UniqueFd to = Value(CreateFileAt(directory.get(), "to"));
  REQUIRE_OK(CopyContent(from.get(), to.get(), kSize));
  CHECK(Content(dir / "from") == Content(dir / "to"));
  struct stat info;
  REQUIRE(fstat(to.get(), &info) == 0);
  CHECK(info.st_blocks * 512 < 4 << 20);
}

TEST_CASE("a copy of a file that becomes shorter is an error", "[disks]") {
  TempDir dir;
  const UniqueFd directory = Value(OpenDirectory(dir.path()));
  const UniqueFd from = Value(CreateFileAt(directory.get(), "from"));
  REQUIRE_OK(WriteAt(from.get(), 0, std::string(1000, 'x')));
  // On another file system, so that no blocks are shared.
  const UniqueFd to(memfd_create("copy", MFD_CLOEXEC));
  REQUIRE(absl::IsInvalidArgument(CopyContent(from.get(), to.get(), 2000)));
}

TEST_CASE("a removal takes a tree and leaves what its links point to", "[disks]") {
  TempDir dir;
  namespace fs = std::filesystem;
  std::ofstream(dir / "precious") << "gold";
  fs::create_directories(dir / "outside");
  std::ofstream(dir / "outside/too") << "silver";
  fs::create_directories(dir / "tree/a/b");
  std::ofstream(dir / "tree/a/b/file") << "x";
  fs::create_symlink(dir / "precious", dir / "tree/a/link");
  fs::create_directory_symlink(dir / "outside", dir / "tree/a/directory-link");
  REQUIRE(mkfifo((dir / "tree/fifo").c_str(), 0600) == 0);
  const UniqueFd directory = Value(OpenDirectory(dir.path()));
  REQUIRE_OK(RemoveTreeAt(directory.get(), "tree"));
  REQUIRE_OK(RemoveTreeAt(directory.get(), "tree"));
  CHECK_FALSE(fs::exists(dir / "tree"));
  CHECK(Content(dir / "precious") == "gold");
  CHECK(Content(dir / "outside/too") == "silver");
  fs::create_directory_symlink(dir / "outside", dir / "link");
  REQUIRE_OK(RemoveTreeAt(directory.get(), "link"));
  CHECK(Content(dir / "outside/too") == "silver");
}

TEST_CASE("a file is read within bounds, and only when it is one", "[disks]") {
  TempDir dir;
  const UniqueFd directory = Value(OpenDirectory(dir.path()));
  std::ofstream(dir / "file") << std::string(100, 'x');
  CHECK(Value(ReadFileAt(directory.get(), "file", 100)).size() == 100);
  CHECK(absl::IsInvalidArgument(ReadFileAt(directory.get(), "file", 99).status()));
  CHECK(absl::IsNotFound(ReadFileAt(directory.get(), "missing", 99).status()));
  REQUIRE(mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(absl::IsInvalidArgument(ReadFileAt(directory.get(), "fifo", 99).status()));
  std::filesystem::create_symlink(dir / "file", dir / "link");
  CHECK_FALSE(ReadFileAt(directory.get(), "link", 100).ok());
}

TEST_CASE("a rename never takes another's place", "[disks]") {
  TempDir dir;
  const UniqueFd directory = Value(OpenDirectory(dir.path()));
  std::filesystem::create_directories(dir / "a");
  std::filesystem::create_directories(dir / "b");
  CHECK(absl::IsAlreadyExists(RenameAt(directory.get(), "a", "b")));
  CHECK(absl::IsNotFound(RenameAt(directory.get(), "c", "d")));
  REQUIRE_OK(RenameAt(directory.get(), "a", "c"));
}

}  // namespace
}  // namespace brume::storage
