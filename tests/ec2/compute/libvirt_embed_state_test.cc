// What a killed daemon may leave in the embedded driver's directory, and what the next one makes of it.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "tests/ec2/compute/hypervisor_contract.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

constexpr char kHalf[] = "i-00000000000000001", kWhole[] = "i-00000000000000002", kGone[] = "i-00000000000000003";

// A process with a guest's mark on its command line, in the place of its QEMU.
class StandIn {
 public:
  explicit StandIn(const std::string& guest) {
    std::string mark = absl::StrCat("guest=", guest, ",debug-threads=on");
    char program[] = "/bin/sh", flag[] = "-c", script[] = "read line";
    char* const argv[] = {program, flag, script, mark.data(), nullptr};
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    input_ = ends[1];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    REQUIRE(posix_spawn(&pid_, program, &actions, nullptr, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    // posix_spawn may return in the midst of the exec, when the process has no command line yet.
    REQUIRE(Eventually([&] { return absl::StrContains(CommandLine(), mark); }));
  }
  ~StandIn() {
    close(input_);
    if (!reaped_) waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  std::string CommandLine() const {
    std::ifstream file(absl::StrCat("/proc/", pid_, "/cmdline"));
    return std::string{std::istreambuf_iterator<char>(file), {}};
  }
  bool Ended() {
    reaped_ = reaped_ || waitpid(pid_, nullptr, WNOHANG) == pid_;
    return reaped_;
  }

 private:
  int input_ = -1;
  pid_t pid_ = -1;
  bool reaped_ = false;
};

struct Root {
  Root() : path(directory / "libvirt") {
    REQUIRE(chmod(directory.path().c_str(), 0711) == 0);
    std::filesystem::create_directories(path + "/run/qemu");
  }
  void WriteStatus(const std::string& guest, pid_t pid_in_status, pid_t pid) const {
    std::ofstream(absl::StrCat(path, "/run/qemu/", guest, ".xml"))
        << "<!-- made by libvirt -->\n<domstatus state='paused' reason='starting up' pid='" << pid_in_status
        << "'>\n  <job type='none' async='start' flags='0x1'/>\n</domstatus>\n";
    std::filesystem::create_directories(absl::StrCat(path, "/lib/qemu/domain-7-", guest));
    if (pid > 0) std::ofstream(EmbeddedPidFile(path, guest)) << pid << "\n";
  }
  bool Knows(const std::string& guest) const {
    const bool status = std::filesystem::exists(absl::StrCat(path, "/run/qemu/", guest, ".xml"));
    CHECK(std::filesystem::exists(absl::StrCat(path, "/lib/qemu/domain-7-", guest)) == status);
    return status;
  }

  TempDir directory;
  std::string path;
};

}  // namespace

TEST_CASE("a guest whose start was cut short is ended and forgotten, one that is known lives on", "[libvirt]") {
  const Root root;
  StandIn half(kHalf), whole(kWhole);
  root.WriteStatus(kHalf, 0, half.pid());
  root.WriteStatus(kWhole, whole.pid(), whole.pid());
  root.WriteStatus(kGone, 4194304, 0);
  REQUIRE_OK(PrepareEmbeddedRoot(root.path, Value(FindQemuUser("nobody"))));
  CHECK(half.Ended());
  CHECK_FALSE(whole.Ended());
  CHECK_FALSE(root.Knows(kHalf));
  CHECK(root.Knows(kWhole));
  CHECK_FALSE(root.Knows(kGone));
}

TEST_CASE("QEMU is asked for its capabilities by whom libvirt will find /dev/kvm open to", "[libvirt]") {
  const Root root;
  REQUIRE_OK(PrepareEmbeddedRoot(root.path, Value(FindQemuUser("nobody"))));
  std::ifstream file(root.path + "/etc/qemu.conf");
  const std::string conf((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The kernel's own answer, by a process that is the user.
  const absl::StatusOr<CommandResult> opened =
      RunCommand({"/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--init-groups", "/bin/sh", "-c",
                  "test ! -e /dev/kvm || test -r /dev/kvm -a -w /dev/kvm"});
  REQUIRE_OK(opened.status());
  CHECK(absl::StrContains(conf, opened->exit_code == 0 ? "user = \"+65534\"" : "user = \"+0\""));
}

}  // namespace brume::compute
