#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

size_t CountDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// The tests' own scripts; the code under test never uses a shell.
absl::StatusOr<CommandResult> Script(const std::string& text, const CommandOptions& options = {}) {
  return RunCommand({"sh", "-c", text}, options);
}

bool HasChildren() { return waitpid(-1, nullptr, WNOHANG) >= 0; }

// Whether the process is gone, or is a zombie, in the end.
bool Ends(pid_t pid) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (absl::Now() < deadline) {
    if (kill(pid, 0) != 0) return true;
    const absl::StatusOr<CommandResult> state = RunCommand({"ps", "-o", "stat=", "-p", absl::StrCat(pid)});
    if (!state.ok() || state->standard_output.empty() || state->standard_output[0] == 'Z') return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a program's outputs and exit code come back apart", "[base]") {
  const CommandResult result = Script("echo out; echo err >&2; exit 7").value();
  CHECK(result.exit_code == 7);
  CHECK(result.standard_output == "out\n");
  CHECK(result.standard_error == "err\n");
}

TEST_CASE("a program that a signal ends has 128 and the signal as its exit code", "[base]") {
  CHECK(Script("kill -TERM $$").value().exit_code == 128 + SIGTERM);
}

TEST_CASE("arguments reach the program as they are", "[base]") {
  const std::string odd = "a b; $(touch /tmp/never) \"'\\\n*";
  CHECK(RunCommand({"printf", "%s|%s|%s", odd, "", "-n"}).value().standard_output == absl::StrCat(odd, "||-n"));
}

TEST_CASE("a program that does not exist is NotFound, and none at all an invalid argument", "[base]") {
  const absl::Status missing = RunCommand({"brume-no-such-program"}).status();
  CHECK(missing.code() == absl::StatusCode::kNotFound);
  CHECK(absl::StrContains(missing.message(), "brume-no-such-program"));
  CHECK(RunCommand({"/etc/passwd"}).status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(RunCommand({}).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("standard input is passed whole, also when it is more than a pipe holds", "[base]") {
  std::string text;
  for (int i = 0; i < 60000; ++i) absl::StrAppend(&text, i, "\n");
  CHECK(RunCommand({"cat"}, {.standard_input = text}).value().standard_output == text);
  CHECK(RunCommand({"cat"}).value().standard_output.empty());
}

TEST_CASE("a program that does not read its input does not block", "[base]") {
  struct sigaction before = {};
  REQUIRE(sigaction(SIGPIPE, nullptr, &before) == 0);
  signal(SIGPIPE, SIG_IGN);  // as the daemon does
  CHECK(RunCommand({"true"}, {.standard_input = std::string(1 << 20, 'x')}).value().exit_code == 0);
  REQUIRE(sigaction(SIGPIPE, &before, nullptr) == 0);
}

TEST_CASE("each output is kept up to a megabyte and the rest is read and dropped", "[base]") {
  const CommandResult result = Script("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; echo end >&2").value();
  CHECK(result.exit_code == 0);
  CHECK(result.standard_output.size() == 1 << 20);
  CHECK(result.standard_error.size() == 1 << 20);
}

TEST_CASE("a program past its time is killed, with what it started", "[base]") {
  const absl::Time begin = absl::Now();
  const std::string file = absl::StrCat("/tmp/brume-subprocess-", getpid());
  const absl::Status status =
      Script(absl::StrCat("sleep 1000 & echo $! >", file, "; wait"), {.timeout = absl::Milliseconds(500)}).status();
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(absl::StrContains(status.message(), "sh did not end within 500ms"));
  CHECK(absl::Now() - begin < absl::Seconds(60));
  const std::string text = RunChecked({"cat", file}).value();
  std::filesystem::remove(file);
  int grandchild = 0;
  REQUIRE(absl::SimpleAtoi(text, &grandchild));
  CHECK(Ends(grandchild));
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a program that closes its outputs and goes on is waited for, but not past its time", "[base]") {
  CHECK(Script("exec >&- 2>&-; exit 3").value().exit_code == 3);
  const absl::Time begin = absl::Now();
  CHECK(Script("exec >&- 2>&-; exec sleep 1000", {.timeout = absl::Milliseconds(300)}).status().code() ==
        absl::StatusCode::kDeadlineExceeded);
  CHECK(absl::Now() - begin < absl::Seconds(60));
}

TEST_CASE("a program that leaves another in the background is not waited for longer than itself", "[base]") {
  const absl::Time begin = absl::Now();
  const CommandResult result = Script("echo before; sleep 1000 & echo $!").value();
  CHECK(absl::Now() - begin < absl::Seconds(20));
  absl::string_view output = result.standard_output;
  int background = 0;
  REQUIRE(absl::ConsumePrefix(&output, "before\n"));
  REQUIRE(absl::SimpleAtoi(output, &background));
  CHECK(kill(background, SIGKILL) == 0);
}

TEST_CASE("no descriptor of ours reaches a program, and none is left behind", "[base]") {
  const UniqueFd inherited(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  REQUIRE(inherited);
  // ls itself opens the directory as 3.
  CHECK(RunCommand({"ls", "/proc/self/fd"}).value().standard_output == "0\n1\n2\n3\n");
  const size_t before = CountDescriptors();
  for (int i = 0; i < 20; ++i) {
    CHECK(RunCommand({"true"}).ok());
    CHECK_FALSE(RunCommand({"brume-no-such-program"}).ok());
  }
  CHECK_FALSE(Script("exec sleep 1000", {.timeout = absl::Milliseconds(10)}).ok());
  CHECK(CountDescriptors() == before);
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a program gets the default signals and the C locale", "[base]") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  CHECK(Script("kill -TERM $$; echo still here").value().exit_code == 128 + SIGTERM);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  CHECK(Script("echo $LC_ALL; env | grep -c '^LANG\\|^LC_'").value().standard_output == "C\n1\n");
}

TEST_CASE("many programs run at once, each with its own output", "[base]") {
  std::vector<std::thread> threads;
  std::vector<int> right(8, 0);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const absl::StatusOr<CommandResult> result = RunCommand({"echo", absl::StrCat(t, "-", i)});
        if (result.ok() && result->standard_output == absl::StrCat(t, "-", i, "\n")) ++right[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(8, 10));
}

TEST_CASE("a checked program's failure quotes its last line", "[base]") {
  CHECK(RunChecked({"echo", "fine"}).value() == "fine\n");
  const absl::Status status = RunChecked({"sh", "-c", "echo first >&2; echo 'the reason' >&2; exit 2"}).status();
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() == "sh failed (2): the reason");
  CHECK(RunChecked({"sh", "-c", "echo said on stdout; exit 1"}).status().message() == "sh failed (1): said on stdout");
  CHECK(RunChecked({"false"}).status().message() == "false failed (1): ");
}

}  // namespace brume
