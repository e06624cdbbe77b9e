#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/log_file.h"
#include "lib/base/redact.h"
#include "lib/base/seeded_random.h"
#include "lib/base/undo.h"
#include "lib/base/unique_fd.h"
#include "lib/base/utf8.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// Sends the log to a file while it lives.
class LogFile {
 public:
  explicit LogFile(log::Level min_level) {
    char name[] = "/tmp/brume-log-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    directory_ = name;
    REQUIRE(log::Configure(min_level, path()).ok());
  }
  ~LogFile() {
    CHECK(log::Configure(log::Level::kInfo, "").ok());
    std::filesystem::remove_all(directory_);
  }
  std::string path() const { return directory_ + "/log"; }
  std::vector<std::string> Lines() const {
    std::ifstream file(path());
    std::stringstream text;
    text << file.rdbuf();
    return absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  }

 private:
  std::string directory_;
};

}  // namespace

TEST_CASE("an undo stack runs its steps in reverse order, once", "[base]") {
  std::string order;
  {
    Undo undo;
    for (const char c : {'a', 'b', 'c'}) undo.Push([&order, c] { order += c; });
  }
  CHECK(order == "cba");
}

TEST_CASE("an undo stack that was dismissed runs only what was pushed after", "[base]") {
  std::string order;
  {
    Undo undo;
    undo.Push([&] { order += 'a'; });
    undo.Dismiss();
  }
  CHECK(order.empty());
  {
    Undo undo;
    undo.Push([&] { order += 'a'; });
    undo.Dismiss();
    undo.Push([&] { order += 'b'; });
  }
  CHECK(order == "b");
}

TEST_CASE("a descriptor is closed once, by its last owner", "[base]") {
  int number;
  {
    UniqueFd a(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = a.get();
    REQUIRE(IsOpen(number));
    UniqueFd b(std::move(a));
    CHECK_FALSE(a);
    CHECK(b.get() == number);
    a = std::move(b);
    CHECK(IsOpen(number));
    UniqueFd& same = a;
    a = std::move(same);
    CHECK(a.get() == number);
    CHECK(IsOpen(number));
  }
  CHECK_FALSE(IsOpen(number));
  UniqueFd released(open("/dev/null", O_RDONLY | O_CLOEXEC));
  number = released.release();
  released.reset();
  CHECK(IsOpen(number));
  UniqueFd(number).reset();
  CHECK_FALSE(IsOpen(number));
}

TEST_CASE("a manual clock moves only when it is moved", "[base]") {
  ManualClock clock(absl::FromUnixSeconds(1000));
  CHECK(clock.Now() == absl::FromUnixSeconds(1000));
  clock.Advance(absl::Hours(24 * 7));
  CHECK(clock.Now() == absl::FromUnixSeconds(1000) + absl::Hours(24 * 7));
}

TEST_CASE("a seeded sequence repeats, and the system's does not", "[base]") {
  SeededRandom a(7), b(7), c(8);
  const std::string hex = a.Hex(40);
  CHECK(hex == b.Hex(40));
  CHECK(hex != c.Hex(40));
  CHECK(hex.size() == 40);
  CHECK(hex.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(a.Hex(0).empty());
  SystemRandom system;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(system.Hex(17));
  CHECK(seen.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(system.Below(3) < 3);
}

TEST_CASE("a log line is one line, whatever a guest or a client put into it", "[base]") {
  const LogFile file(log::Level::kInfo);
  log::Info("said {}", "one\nlevel=error forged\r\x1b[31m\t\x7f caf\xc3\xa9");
  log::Info("{}", absl::string_view("{} braces {0} stay"));
  const std::vector<std::string> lines = file.Lines();
  REQUIRE(lines.size() == 2);
  CHECK(absl::EndsWith(lines[0], " said one\\nlevel=error forged\\x0d\\x1b[31m\\x09\\x7f caf\xc3\xa9"));
  CHECK(absl::StrContains(lines[0], "level=info"));
  CHECK(absl::EndsWith(lines[1], " {} braces {0} stay"));
}

TEST_CASE("lines below the level are not written, nor made", "[base]") {
  const LogFile file(log::Level::kWarn);
  CHECK_FALSE(log::Enabled(log::Level::kInfo));
  CHECK(log::Enabled(log::Level::kError));
  log::Debug("quiet");
  log::Info("quiet");
  log::Warn("loud {}", 1);
  log::Error("loud {}", 2);
  REQUIRE(log::Configure(log::Level::kWarn, file.path() + ".next").ok());  // what was buffered is on disk now
  const std::vector<std::string> lines = file.Lines();
  REQUIRE(lines.size() == 2);
  CHECK(absl::StrContains(lines[0], "level=warning"));
  CHECK(absl::EndsWith(lines[1], "loud 2"));
}

TEST_CASE("lines carry the request of their thread, the innermost one, while it lasts", "[base]") {
  const LogFile file(log::Level::kInfo);
  {
    const log::RequestScope outer("req-1");
    log::Info("one");
    {
      const log::RequestScope inner("req-2\nforged");
      log::Info("two");
    }
    log::Info("three");
    std::thread([] { log::Info("four"); }).join();
  }
  log::Info("five");
  const std::vector<std::string> lines = file.Lines();
  REQUIRE(lines.size() == 5);
  CHECK(absl::EndsWith(lines[0], " request=req-1 one"));
  CHECK(absl::EndsWith(lines[1], " request=req-2\\nforged two"));
  CHECK(absl::EndsWith(lines[2], " request=req-1 three"));
  CHECK_FALSE(absl::StrContains(lines[3], "request="));
  CHECK_FALSE(absl::StrContains(lines[4], "request="));
}

TEST_CASE("the log's file is for its owner and group, also one that was open to all", "[base]") {
  const TempDir directory;
  const std::string path = directory / "log";
  const auto mode = [&] {
    struct stat info;
    REQUIRE(stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777;
  };
  const mode_t umask_before = umask(0);
  REQUIRE(log::Configure(log::Level::kInfo, path).ok());
  umask(umask_before);
  CHECK(mode() == 0640);
  REQUIRE(chmod(path.c_str(), 0666) == 0);
  REQUIRE(log::Configure(log::Level::kInfo, path).ok());
  CHECK(mode() == 0640);
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  REQUIRE(log::Configure(log::Level::kInfo, path).ok());
  CHECK(mode() == 0600);
  CHECK(log::Configure(log::Level::kInfo, "").ok());
}

TEST_CASE("a log that was moved away goes on under its name, and stays where it is when that cannot be", "[base]") {
  const TempDir directory;
  const std::string path = directory / "log";
  const auto content = [](const std::string& of) {
    std::ifstream file(of);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  REQUIRE(log::Configure(log::Level::kInfo, path).ok());
  log::Info("before");
  REQUIRE(rename(path.c_str(), (path + ".1").c_str()) == 0);
  log::Info("moved");
  REQUIRE(log::ReopenFile().ok());
  log::Info("after");
  CHECK(content(path + ".1").find("moved") != std::string::npos);
  CHECK(content(path).find("after") != std::string::npos);
  CHECK(content(path).find("moved") == std::string::npos);
  REQUIRE(rename(path.c_str(), (path + ".2").c_str()) == 0);
  REQUIRE(mkdir(path.c_str(), 0700) == 0);
  CHECK_FALSE(log::ReopenFile().ok());
  log::Info("still");
  CHECK(content(path + ".2").find("still") != std::string::npos);
  CHECK(log::Configure(log::Level::kInfo, "").ok());
}

TEST_CASE("text from outside becomes UTF-8, and is cut between characters", "[base]") {
  const std::string bad = "\xef\xbf\xbd";
  CHECK(ToUtf8("plain, äöü €, \U0001f600") == "plain, äöü €, \U0001f600");
  CHECK(ToUtf8("") == "");
  CHECK(ToUtf8("\xff") == bad);
  CHECK(ToUtf8("a\xff\xfez") == "a" + bad + bad + "z");
  CHECK(ToUtf8("\xe2\x82") == bad + bad);            // half a character
  CHECK(ToUtf8("\xc0\x80") == bad + bad);            // overlong
  CHECK(ToUtf8("\xed\xa0\x80") == bad + bad + bad);  // a surrogate
  CHECK(ToUtf8(absl::string_view("a\0b", 3)) == std::string("a\0b", 3));
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      CHECK(IsUtf8(ToUtf8(text)));
      if (IsUtf8(text)) CHECK(ToUtf8(text) == text);
    }
  }
  CHECK(CutUtf8("abc", 3) == "abc");
  CHECK(CutUtf8("abcd", 3) == "abc…");
  CHECK(CutUtf8("a€b", 3) == "a…");
}

TEST_CASE("a URL in a line of the log has no path, no query and no password", "[base]") {
  CHECK(RedactUrls("no url here, a://b/c") == "no url here, a://b/c");
  CHECK(RedactUrls("https://hooks.example.com") == "https://hooks.example.com");
  CHECK(RedactUrls("to https://hooks.example.com/T0/secret failed") == "to https://hooks.example.com/… failed");
  CHECK(RedactUrls("HTTPS://h:8443/?key=secret") == "HTTPS://h:8443/…");
  CHECK(RedactUrls("http://h?secret") == "http://h/…");
  CHECK(RedactUrls("http://user:secret@h/x") == "http://h/…");
  CHECK(RedactUrls("a: \"https://h/x\" b: \"http://i/y\"") == "a: \"https://h/…\" b: \"http://i/…\"");
}

TEST_CASE("a log file that cannot be written is an error, and lines go where they went", "[base]") {
  const LogFile file(log::Level::kInfo);
  const absl::Status status = log::Configure(log::Level::kInfo, "/proc/no/such/log");
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StrContains(status.message(), "/proc/no/such/log"));
  log::Info("still here");
  CHECK(file.Lines().size() == 1);
}

}  // namespace brume
