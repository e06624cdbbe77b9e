#include "tests/ec2/compute/libvirt_support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "tests/ec2/compute/hypervisor_contract.h"

namespace brume::compute {

const std::string& StateDir() {
  static const TempDir dir;
  static const int opened = chmod(dir.path().c_str(), 0711);
  REQUIRE(opened == 0);
  return dir.path();
}

std::unique_ptr<Hypervisor> Embedded(absl::Duration disk_statistics_period) {
  return Value(NewLibvirtHypervisor({.uri = EmbeddedUri(StateDir()),
                                     .state_dir = StateDir(),
                                     .acceleration = AccelerationWish::kTcg,
                                     .disk_statistics_period = disk_statistics_period}));
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

void CheckOwnersKept(Hypervisor& hypervisor) {
  const QemuUser user = Value(FindQemuUser("brume-qemu"));
  GuestSpec guest = DisklessGuest(StateDir(), "i-00000031");
  const std::string layer = guest.directory + "/layer.qcow2", disk = guest.directory + "/disk.qcow2";
  REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", layer, "1G"}).status());
  REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", layer, disk}).status());
  REQUIRE(chown(layer.c_str(), 0, user.gid) == 0);
  REQUIRE(chmod(layer.c_str(), 0440) == 0);
  REQUIRE(chown(disk.c_str(), user.uid, user.gid) == 0);
  REQUIRE(chmod(disk.c_str(), 0640) == 0);
  guest.disks = {{.path = disk, .device = "/dev/vda", .serial = "vol0"}};
  const auto facts = [](const std::string& path) {
    struct stat file;
    REQUIRE(stat(path.c_str(), &file) == 0);
    return std::tuple(file.st_uid, file.st_gid, file.st_mode);
  };
  const auto layer_before = facts(layer), disk_before = facts(disk);
  REQUIRE_OK(hypervisor.CreatePaused(guest));
  REQUIRE_OK(hypervisor.Resume(guest.id));
  CHECK(facts(layer) == layer_before);
  CHECK(facts(disk) == disk_before);
  REQUIRE_OK(hypervisor.CutPower(guest.id));
  CHECK(facts(layer) == layer_before);
  CHECK(facts(disk) == disk_before);
}

pid_t QemuOf(const std::string& guest) {
  std::ifstream file(absl::StrCat(StateDir(), "/libvirt/run/qemu/", guest, ".pid"));
  pid_t pid = 0;
  REQUIRE(file >> pid);
  return pid;
}

bool Lives(pid_t pid) {
  const std::string stat = ReadText(absl::StrCat("/proc/", pid, "/stat"));
  const size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

Holder::Holder(const std::string& state_dir) {
  int in[2], out[2];
  REQUIRE(pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  const UniqueFd child_in(in[0]), child_out(out[1]);
  to_.reset(in[1]);
  from_.reset(out[0]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, child_out.get(), 1);
  std::string program = LIBVIRT_HOLDER, uri = EmbeddedUri(state_dir), state = state_dir;
  const std::array<char*, 4> argv = {program.data(), uri.data(), state.data(), nullptr};
  const int error = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(error == 0);
}

Holder::~Holder() {
  to_.reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void Holder::AwaitReady() { REQUIRE(ReadLine() == "ready"); }

std::string Holder::Ask(const std::string& command) {
  Send(command);
  return ReadLine();
}

void Holder::Send(const std::string& command) {
  const std::string line = command + "\n";
  REQUIRE(write(to_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

std::string Holder::ReadLine() {
  std::string line;
  for (char c; read(from_.get(), &c, 1) == 1;) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  return "";
}

void Holder::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Holder::Quit() {
  to_.reset();
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Console::Type(const std::string& line) {
  const std::string text = line + "\n";
  REQUIRE(write(fd_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string Console::Run(const std::string& command) {
  // The shell echoes the line: the marker in it must not look like the one that is printed.
  Type(absl::StrCat(command, "; echo END''MARK"));
  return ReadUntil("ENDMARK");
}

std::string Console::ReadUntil(const std::string& awaited) {
  std::string text;
  const absl::Time deadline = absl::Now() + absl::Minutes(1);
  while (absl::Now() < deadline && !absl::StrContains(text, awaited)) {
    pollfd ready = {fd_.get(), POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = read(fd_.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), count);
  }
  return text;
}

}  // namespace brume::compute
