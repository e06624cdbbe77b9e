// Confined programs: what they may do, which is little. The tests' own scripts run in a shell; the code under test uses
// none.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "lib/base/confinement.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

constexpr uid_t kNobody = 65534;

Confinement Nobody() {
  Confinement confinement;
  confinement.uid = kNobody;
  confinement.gid = kNobody;
  return confinement;
}

CommandResult Confined(const std::string& script, Confinement confinement = Nobody()) {
  CommandOptions options;
  options.confinement = std::move(confinement);
  const absl::StatusOr<CommandResult> result = RunCommand({"bash", "-c", script}, options);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return *result;
}

std::string Put(const TempDir& directory, const std::string& name, const std::string& content) {
  const std::string path = directory / name;
  std::ofstream(path) << content;
  REQUIRE(chmod(path.c_str(), 0666) == 0);
  REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
  return path;
}

}  // namespace

TEST_CASE("a confined program is another user without capabilities and without a way to get any", "[confinement]") {
  Confinement confinement = Nobody();
  confinement.readable = {"/proc"};
  const CommandResult result = Confined("cat /proc/self/status; id -u; id -G; env", confinement);
  INFO(result.standard_output << result.standard_error);
  for (const char* line : {"Uid:\t65534\t65534\t65534\t65534", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
                           "NoNewPrivs:\t1", "Seccomp:\t2"}) {
    CHECK(absl::StrContains(result.standard_output, line));
  }
  CHECK(absl::StrContains(result.standard_output, "\n65534\n65534\n"));
  CHECK(absl::StrContains(result.standard_output, "LC_ALL=C"));
  CHECK_FALSE(absl::StrContains(result.standard_output, "HOME="));
}

TEST_CASE("a confined program opens the files it is given and no others", "[confinement]") {
  if (!CanConfineFiles()) return;  // then the user's rights alone hold it
  const TempDir directory;
  const std::string given = Put(directory, "given", "given"), other = Put(directory, "other", "other");
  Confinement confinement = Nobody();
  confinement.readable = {given};
  CHECK(Confined("cat " + given, confinement).standard_output == "given");
  CHECK(Confined("cat " + other, confinement).exit_code != 0);
  CHECK(Confined("cat /etc/passwd", confinement).exit_code != 0);
  CHECK(Confined("ls " + directory.path(), confinement).exit_code != 0);
  CHECK(Confined("echo x > " + given, confinement).exit_code != 0);
  confinement.writable = {other};
  CHECK(Confined("echo x > " + other, confinement).exit_code == 0);
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  CHECK(Confined("echo x > " + (directory / "new"), confinement).exit_code != 0);
}

TEST_CASE("a confined program has no network unless it is given the host's", "[confinement]") {
  const std::string connect = "exec 3<>/dev/tcp/127.0.0.1/1";
  CHECK(absl::StrContains(Confined(connect).standard_error, "Operation not permitted"));
  Confinement networked = Nobody();
  networked.network = true;
  CHECK(absl::StrContains(Confined(connect, networked).standard_error, "Connection refused"));
  networked.readable = {"/proc"};
  Confinement alone = Nobody();
  alone.readable = {"/proc"};
  const std::string space = "readlink /proc/self/ns/net";
  CHECK(Confined(space, alone).standard_output != Confined(space, networked).standard_output);
}

TEST_CASE("a confined program reaches no other process, and makes no namespace", "[confinement]") {
  for (const char* script : {"kill -0 $$", "unshare --user true", "unshare --mount true"}) {
    INFO(script);
    const CommandResult result = Confined(script);
    CHECK(result.exit_code != 0);
    CHECK(absl::StrContains(result.standard_error, "Operation not permitted"));
  }
}

TEST_CASE("a confined program is held to its memory, its processor time and its largest file", "[confinement]") {
  const TempDir directory;
  const std::string path = directory / "out";
  const UniqueFd out(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CommandOptions options;
  options.confinement = Nobody();
  options.confinement->file_bytes = 1 << 20;
  options.output_fd = out.get();
  constexpr int kFileTooLarge = 128 + SIGXFSZ, kTimeUsed = 128 + SIGKILL;
  CHECK(RunCommand({"head", "-c", "3M", "/dev/zero"}, options)->exit_code == kFileTooLarge);
  CHECK(lseek(out.get(), 0, SEEK_END) == 1 << 20);
  Confinement small = Nobody();
  small.memory_bytes = 64 << 20;
  CHECK(Confined("x=$(head -c 100M /dev/zero | tr '\\0' x); echo ${#x}", small).standard_output != "104857600\n");
  Confinement brief = Nobody();
  brief.cpu_seconds = 1;
  CHECK(Confined("while :; do :; done", brief).exit_code == kTimeUsed);
}

TEST_CASE("a program that cannot be confined does not run", "[confinement]") {
  CommandOptions options;
  options.confinement = Nobody();
  options.confinement->readable = {"/no/such/file"};
  const absl::Status refused = RunCommand({"true"}, options).status();
  CHECK(absl::IsUnavailable(refused));
  CHECK(absl::StrContains(refused.message(), "/no/such/file"));
  options.confinement = Confinement();  // as root
  CHECK(absl::IsUnavailable(RunCommand({"true"}, options).status()));
  options.confinement = Nobody();
  CHECK(absl::IsNotFound(RunCommand({"no-such-program"}, options).status()));
}

TEST_CASE("a program that is no longer wanted is ended at once", "[confinement]") {
  CommandOptions options;
  options.timeout = absl::Minutes(5);
  int asked = 0;
  options.goes_on = [&] { return ++asked < 3; };
  const absl::Time start = absl::Now();
  CHECK(absl::IsCancelled(RunCommand({"sleep", "300"}, options).status()));
  CHECK(absl::Now() - start < absl::Seconds(60));
}

}  // namespace brume
