// The program itself, as a shell starts it: exit codes, both outputs, and what it leaves of a terminal.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "tests/cli/cli_server.h"

extern char** environ;

namespace brume::cli {
namespace {

CommandResult Brume(const Server& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {BRUME_PROGRAM, "--socket", server.socket()});
  auto result = RunCommand(arguments);
  REQUIRE(result.ok());
  return *std::move(result);
}

// brume on a terminal of its own.
class OnTerminal {
 public:
  OnTerminal(const Server& server, std::vector<std::string> arguments) {
    int master = -1, slave = -1;
    char name[64];
    winsize size{24, 80, 0, 0};
    REQUIRE(openpty(&master, &slave, name, nullptr, &size) == 0);
    master_.reset(master);
    slave_.reset(slave);  // kept open, so that the settings outlive the program
    REQUIRE(fcntl(master, F_SETFD, FD_CLOEXEC) == 0);
    REQUIRE(fcntl(slave, F_SETFD, FD_CLOEXEC) == 0);
    REQUIRE(tcgetattr(slave, &before_) == 0);
    arguments.insert(arguments.begin(), {BRUME_PROGRAM, "--socket", server.socket()});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, 0, 1);
    posix_spawn_file_actions_adddup2(&actions, 0, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    REQUIRE(posix_spawn(&pid_, BRUME_PROGRAM, &actions, &attributes, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  ~OnTerminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  // What the terminal shows until `wanted` is among it.
  std::string ReadUntil(const std::string& wanted) {
    std::string shown;
    char buffer[4096];
    while (!absl::StrContains(shown, wanted)) {
      pollfd waiting{master_.get(), POLLIN, 0};
      if (poll(&waiting, 1, 20000) != 1) break;
      const ssize_t got = read(master_.get(), buffer, sizeof(buffer));
      if (got <= 0) break;
      shown.append(buffer, got);
    }
    return shown;
  }
  void Type(const std::string& keys) {
    REQUIRE(write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  void Signal(int number) { REQUIRE(kill(pid_, number) == 0); }
  bool IsRaw() const {
    termios now{};
    tcgetattr(slave_.get(), &now);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
  }
  bool IsAsBefore() const {
    termios now{};
    tcgetattr(slave_.get(), &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
  }
  // The exit code, or 128 + signal; -1 when it does not end.
  int Wait() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      // A full terminal would hold it up.
      pollfd waiting{master_.get(), POLLIN, 0};
      char buffer[4096];
      if (poll(&waiting, 1, 10) == 1 && read(master_.get(), buffer, sizeof(buffer)) < 0) break;
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
    return -1;
  }

 private:
  UniqueFd master_, slave_;
  termios before_{};
  pid_t pid_ = -1;
};

TEST_CASE("import-image takes a name alone, and --wait shows a bar until the image is there", "[cli]") {
  Server server;
  const CommandResult result = Brume(server, {"import-image", "debian-12", "--wait", "--output", "json"});
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  CHECK(absl::StrContains(result.standard_output, "\"ImageId\": \"ami-1\""));
  CHECK(absl::StrContains(result.standard_output, "\"Status\": \"completed\""));
  CHECK(absl::StrContains(result.standard_error, "[============>"));
  CHECK(absl::StrContains(result.standard_error, "40 % downloading"));
  CHECK(Brume(server, {"import-image"}).exit_code != 0);
  CHECK(Brume(server, {"import-image", "debian-12", "debian-13"}).exit_code != 0);
}

TEST_CASE("a script gets JSON, the aws CLI's errors and its exit codes", "[cli]") {
  const Server server;
  const CommandResult described = Brume(server, {"describe-instances"});
  CHECK(described.exit_code == 0);
  CHECK(ParseJson(described.standard_output)->at("Reservations")[0]["Instances"][0]["InstanceId"] == "i-1");
  CHECK(described.standard_error.empty());

  const CommandResult refused = Brume(server, {"stop-instances", "--instance-ids", "i-1"});
  CHECK(refused.exit_code == 254);
  CHECK(refused.standard_output.empty());
  CHECK(refused.standard_error ==
        "\nAn error occurred (InvalidInstanceID.NotFound) when calling the StopInstances operation: "
        "The instance ID 'i-1' does not exist\n");

  CHECK(Brume(server, {"stop-instances"}).exit_code == 252);
  CHECK(Brume(server, {"no-such-action"}).exit_code == 252);
  CHECK(Brume(server, {"describe-images"}).exit_code == 255);
  CHECK(Brume(server, {"--version"}).exit_code == 0);
  CHECK(absl::StrContains(Brume(server, {"run-instances", "--help"}).standard_output, "--image-id"));
  CHECK(Brume(server, {"wait", "instance-runing"}).exit_code == 252);
}

TEST_CASE("a command with --wait answers with what the instances have become", "[cli]") {
  const Server server;
  const CommandResult run = Brume(server, {"run-instances", "--image-id", "ami-1", "--wait"});
  CHECK(run.exit_code == 0);
  const auto answer = *ParseJson(run.standard_output);
  CHECK(answer["ReservationId"] == "r-1");
  CHECK(answer["Instances"][0]["State"]["Name"] == "running");
  CHECK(answer["Instances"][0]["PublicIpAddress"] == "198.18.0.2");
  CHECK(run.standard_error == "i-1 pending\n1 running\n");
}

TEST_CASE("brume wait ends when the state is there, and fails when it cannot come or not in time", "[cli]") {
  const Server server;
  CHECK(Brume(server, {"wait", "instance-running", "--instance-ids", "i-1"}).exit_code == 0);
  CHECK(Brume(server, {"ec2", "wait", "instance-running", "--instance-ids", "i-1"}).exit_code == 0);
  const CommandResult elsewhere = Brume(server, {"iam", "wait", "instance-running", "--instance-ids", "i-1"});
  CHECK(elsewhere.exit_code == 252);
  CHECK(absl::StrContains(elsewhere.standard_error, "user-exists"));
  const CommandResult late = Brume(server, {"wait", "instance-stopped", "--instance-ids", "i-1", "--timeout", "1"});
  CHECK(late.exit_code == 255);
  CHECK(absl::StrContains(late.standard_error, "not stopped after 1 s: i-1 running"));
}

TEST_CASE("ctrl-c while it waits ends the waiting alone, and says so", "[cli]") {
  const Server server;
  REQUIRE(Brume(server, {"wait", "instance-running", "--instance-ids", "i-1"}).exit_code == 0);
  OnTerminal brume(server, {"wait", "instance-stopped", "--instance-ids", "i-1", "--timeout", "60"});
  brume.ReadUntil("i-1 running");
  brume.Signal(SIGINT);
  CHECK(absl::StrContains(brume.ReadUntil("goes on."), "No longer waiting"));
  CHECK(brume.Wait() == 130);
}

TEST_CASE("on a terminal a launch without a key pair is told of its console", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"run-instances", "--image-id", "ami-1"});
  CHECK(absl::StrContains(brume.ReadUntil("brume console i-1"), "i-1 has no key pair"));
  CHECK(brume.Wait() == 0);
}

TEST_CASE("waiting until ready is for instances that start alone", "[cli]") {
  const Server server;
  const CommandResult wrong = Brume(server, {"stop-instances", "--instance-ids", "i-1", "--wait", "ready"});
  CHECK(wrong.exit_code == 252);
  CHECK(absl::StrContains(wrong.standard_error, "--wait ready is for run-instances and start-instances"));
  const CommandResult odd = Brume(server, {"start-instances", "--instance-ids", "i-1", "--wait", "done"});
  CHECK(absl::StrContains(odd.standard_error, "--wait takes no value, or 'ready' where instances start"));
}

TEST_CASE("a console on a terminal is raw until it is detached, then the terminal is as before", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"console", "i-1"});
  CHECK(absl::StrContains(brume.ReadUntil("console of i-1"), "Ctrl-] detaches"));
  CHECK(brume.IsRaw());
  brume.Type("\x03typed");  // Ctrl-C is a key like others
  CHECK(absl::StrContains(brume.ReadUntil("typed"), "typed"));
  brume.Type("\x1d");
  CHECK(brume.Wait() == 0);
  CHECK(brume.IsAsBefore());
}

TEST_CASE("a console on a terminal begins with its last lines, and none of it reaches the terminal's title", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"console", "i-1"});
  const std::string shown = brume.ReadUntil("console of i-1");
  CHECK(shown.find("before") < shown.find("console of i-1"));
  brume.Type("\x1b]0;typed\a\x1b[31mred\x1b[0m!");
  const std::string typed = brume.ReadUntil("!");
  CHECK(absl::StrContains(typed, "\x1b[31mred\x1b[0m"));
  CHECK_FALSE(absl::StrContains(shown + typed, "\x1b]0;"));
  brume.Type("\x1d");
  CHECK(brume.Wait() == 0);
}

TEST_CASE("a console that is piped is the guest's own bytes", "[cli]") {
  const Server server;
  auto result = RunCommand({"/bin/sh", "-c", "printf '\\033]0;typed\\007' | \"$0\" --socket \"$1\" console i-1",
                            BRUME_PROGRAM, server.socket()});
  REQUIRE(result.ok());
  CHECK_FALSE(absl::StrContains(result->standard_output, "before"));
}

TEST_CASE("a console that is ended from outside leaves the terminal as before", "[cli]") {
  const Server server;
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
    OnTerminal brume(server, {"console", "i-1"});
    brume.ReadUntil("console of i-1");
    REQUIRE(brume.IsRaw());
    brume.Signal(number);
    CHECK(brume.Wait() == 0);
    CHECK(brume.IsAsBefore());
  }
  OnTerminal brume(server, {"console", "i-1"});
  brume.ReadUntil("console of i-1");
  brume.Type("bye");
  CHECK(brume.Wait() == 0);
  CHECK(brume.IsAsBefore());
}

TEST_CASE("a followed console types nothing and ends at Ctrl-C", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"console", "i-1", "--follow"});
  brume.ReadUntil("console of i-1");
  CHECK(brume.IsAsBefore());
  brume.Type("\x03");
  CHECK(brume.Wait() == 0);
}

TEST_CASE("a refused console says why and leaves the terminal as before", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"console", "i-none"});
  CHECK(absl::StrContains(brume.ReadUntil("no such"), "no such"));
  CHECK(brume.Wait() == 254);
  CHECK(brume.IsAsBefore());
}

TEST_CASE("long help goes through the pager on a terminal, by an argument vector, and never into a pipe", "[cli]") {
  const Server server;
  const char* before = std::getenv("PAGER");
  const std::string saved = before == nullptr ? "less" : before;
  setenv("PAGER", "sed s/^/paged:/", 1);
  {
    OnTerminal brume(server, {"help", "all"});
    CHECK(absl::StrContains(brume.ReadUntil("paged:Exit codes:"), "paged:Commands:"));
    CHECK(brume.Wait() == 0);
  }
  {
    OnTerminal brume(server, {"help", "stats"});  // which fits
    CHECK_FALSE(absl::StrContains(brume.ReadUntil("--reset"), "paged:"));
  }
  CHECK_FALSE(absl::StrContains(Brume(server, {"help", "all"}).standard_output, "paged:"));
  setenv("PAGER", "/no/such/pager;true", 1);
  {
    OnTerminal brume(server, {"help", "all"});
    CHECK(absl::StrContains(brume.ReadUntil("Exit codes:"), "Commands:"));
    CHECK(brume.Wait() == 0);
  }
  setenv("PAGER", saved.c_str(), 1);
}

TEST_CASE("on a terminal an answer is a table", "[cli]") {
  const Server server;
  OnTerminal brume(server, {"describe-instances"});
  const std::string shown = brume.ReadUntil("pending");
  CHECK(absl::StrContains(shown, "ID   STATE"));
}

}  // namespace
}  // namespace brume::cli
