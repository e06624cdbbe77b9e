#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/libvirt/console_log.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("a console's newest output is read, across the place where its log was trimmed", "[libvirt]") {
  const TempDir dir;
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 10)).empty());
  Write(dir / "console.log", "world");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 10)) == "world");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 3)) == "rld");
  Write(dir / "console.log.1", "hello, ");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 100)) == "hello, world");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 7)) == ", world");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 0)).empty());
}

TEST_CASE("no link, FIFO or directory is read in place of a console's log", "[libvirt]") {
  const TempDir dir;
  Write(dir / "secret", "secret");
  std::filesystem::create_symlink(dir / "secret", dir / "console.log");
  CHECK_FALSE(ReadLogTail(dir.path(), "console.log", 10).ok());
  CHECK_FALSE(TrimLog(dir.path(), "console.log", 4).ok());
  std::filesystem::remove(dir / "console.log");
  REQUIRE(mkfifo((dir / "console.log").c_str(), 0600) == 0);
  CHECK_FALSE(ReadLogTail(dir.path(), "console.log", 10).ok());
  std::filesystem::remove(dir / "console.log");
  Write(dir / "console.log", "text");
  std::filesystem::create_symlink(dir / "secret", dir / "console.log.1");
  CHECK_FALSE(ReadLogTail(dir.path(), "console.log", 10).ok());
  std::filesystem::create_directory_symlink(dir.path(), dir / "link");
  CHECK_FALSE(ReadLogTail(dir / "link", "console.log", 1).ok());
  CHECK(absl::IsNotFound(ReadLogTail(dir / "absent", "console.log", 1).status()));
}

TEST_CASE("a log is trimmed under its writer, who goes on where the file now ends", "[libvirt]") {
  const TempDir dir;
  const UniqueFd writer(open((dir / "console.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  const auto say = [&](const std::string& text) {
    REQUIRE(write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  say("0123456789");
  REQUIRE_OK(TrimLog(dir.path(), "console.log", 20));
  CHECK(std::filesystem::file_size(dir / "console.log") == 10);  // half of the limit is not too much
  say("abc");
  REQUIRE_OK(TrimLog(dir.path(), "console.log", 20));
  CHECK(std::filesystem::file_size(dir / "console.log") == 0);
  CHECK(std::filesystem::file_size(dir / "console.log.1") == 10);
  say("XYZ");
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 100)) == "3456789abcXYZ");
  say(std::string(1000, '.') + "END");
  REQUIRE_OK(TrimLog(dir.path(), "console.log", 20));
  CHECK(Value(ReadLogTail(dir.path(), "console.log", 100)) == ".......END");
}

TEST_CASE("a log that was planted as a link is not followed when it is trimmed", "[libvirt]") {
  const TempDir dir;
  Write(dir / "victim", "precious");
  for (const char* name : {"console.log.1", "console.log.new"}) {
    Write(dir / "console.log", std::string(100, 'x'));
    std::filesystem::create_symlink(dir / "victim", dir / name);
    REQUIRE_OK(TrimLog(dir.path(), "console.log", 20));
    std::string kept;
    std::ifstream(dir / "victim") >> kept;
    CHECK(kept == "precious");
    std::filesystem::remove(dir / name);
  }
}

TEST_CASE("watched logs are kept short, and a guest's other log goes with its directory", "[libvirt]") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "guest");
  Write(dir / "guest/console.log", std::string(5000, 'c'));
  Write(dir / "qemu.log", std::string(5000, 'q'));
  LogTrimmer trimmer(4096);
  trimmer.Watch(dir / "guest", "console.log", dir / "qemu.log");
  CHECK(Eventually([&] {
    return std::filesystem::file_size(dir / "guest/console.log") == 0 &&
           std::filesystem::file_size(dir / "qemu.log") == 0;
  }));
  CHECK(Value(trimmer.Read(dir / "guest", "console.log", 1 << 20)).size() == 2048);
  std::filesystem::remove_all(dir / "guest");
  CHECK(Eventually([&] { return !std::filesystem::exists(dir / "qemu.log"); }));
}

}  // namespace brume::compute
