#include "lib/ec2/network/linux/dnsmasq.h"

#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

// The header of glibc 2.36 forgets to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/network/linux/high_fd.h"
#include "lib/ec2/network/linux/small_files.h"

namespace brume::network {
namespace {

constexpr int kTermMs = 2000, kKillMs = 2000;

std::string ConfigArgument(const DnsmasqPaths& paths) { return "--conf-file=" + paths.config; }

// Whether `user` may pass through every directory on the way to `path`, by their plain modes.
bool MayReach(const passwd& user, const std::filesystem::path& path) {
  for (std::filesystem::path part = path; !part.empty(); part = part.parent_path()) {
    struct stat info;
    if (stat(part.c_str(), &info) != 0) return false;
    const mode_t bit = info.st_uid == user.pw_uid ? S_IXUSR : info.st_gid == user.pw_gid ? S_IXGRP : S_IXOTH;
    if ((info.st_mode & bit) == 0) return false;
    if (part == part.parent_path()) break;
  }
  return true;
}

// dnsmasq reads its host files again after it gave up root, so its user must reach them.
std::string ChooseUser(const std::string& directory) {
  for (const char* name : {"dnsmasq", "nobody"}) {
    std::array<char, 4096> buffer;
    passwd entry;
    passwd* found = nullptr;
    if (getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) continue;
    if (MayReach(*found, directory)) return name;
    log::Warn("dnsmasq runs as root: user {} may not enter {}; chmod o+x its parents to change that", name, directory);
    break;
  }
  return "root";
}

// Dead processes stay readable through their pidfd.
bool HasEnded(const UniqueFd& process, int wait_ms) {
  pollfd event = {process.get(), POLLIN, 0};
  return poll(&event, 1, wait_ms) > 0;
}

}  // namespace

absl::Status Dnsmasq::Apply(DnsmasqSpec spec, const DhcpLease& lease, const Names& names) {
  RETURN_IF_ERROR(CheckTexts(spec, lease));
  RETURN_IF_ERROR(CheckTexts(names));
  RETURN_IF_ERROR(MakeDirectories(paths_.directory));
  spec.user = ChooseUser(paths_.directory);
  domain_ = spec.domain;
  ASSIGN_OR_RETURN(const bool new_config, ReplaceFile(paths_.config, DnsmasqConfig(spec, paths_)));
  // It reads its configuration once, so a changed one needs a new process; leases are kept in their file.
  // One left in a namespace that somebody removed serves nobody.
  if (new_config || (Running() && !IsHere())) RETURN_IF_ERROR(End());
  ASSIGN_OR_RETURN(const bool new_options, ReplaceFile(paths_.dhcp_options, DhcpOptionLines(lease)));
  ASSIGN_OR_RETURN(const bool new_names, WriteNames(names));
  return ReadAgain(new_options || new_names);
}

absl::Status Dnsmasq::SetNames(const Names& names) {
  RETURN_IF_ERROR(CheckTexts(names));
  ASSIGN_OR_RETURN(const bool changed, WriteNames(names));
  return ReadAgain(changed);
}

absl::Status Dnsmasq::ReadAgain(bool changed) {
  if (!wanted_) return End();
  if (!Running()) return Start();
  if (changed && pidfd_send_signal(process_.get(), SIGHUP, nullptr, 0) != 0) {
    return absl::ErrnoToStatus(errno, "cannot tell dnsmasq to read its files again");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Dnsmasq::WriteNames(const Names& names) {
  wanted_ = !names.hosts.empty();
  ASSIGN_OR_RETURN(const bool dhcp_changed, ReplaceFile(paths_.dhcp_hosts, DhcpHosts(names.hosts)));
  ASSIGN_OR_RETURN(const bool dns_changed, ReplaceFile(paths_.dns_hosts, DnsHosts(names, domain_)));
  return dhcp_changed || dns_changed;
}

absl::Status Dnsmasq::Stop() {
  RETURN_IF_ERROR(End());
  std::error_code error;
  std::filesystem::remove_all(paths_.directory, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot remove ", paths_.directory));
  return absl::OkStatus();
}

void Dnsmasq::Adopt() {
  const absl::StatusOr<std::string> text = ReadFile(paths_.pid);
  int pid = 0;
  if (!text.ok() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &pid) || pid <= 1) return;
  // First the handle, then the check: what is checked cannot become another process in between.
  UniqueFd process(pidfd_open(pid, 0));
  if (!process) return;
  const absl::StatusOr<std::string> arguments = ReadFile(absl::StrCat("/proc/", pid, "/cmdline"));
  // Arguments are separated by zeros; ours is the last.
  const std::string ours = ConfigArgument(paths_) + std::string(1, '\0');
  if (!arguments.ok() || arguments->size() < ours.size() ||
      arguments->compare(arguments->size() - ours.size(), ours.size(), ours) != 0) {
    return;
  }
  process_ = MoveHigh(std::move(process));
  pid_ = pid;
}

bool Dnsmasq::IsHere() const {
  struct stat ours, its;
  return stat("/proc/thread-self/ns/net", &ours) == 0 &&
         stat(absl::StrCat("/proc/", pid_, "/ns/net").c_str(), &its) == 0 && ours.st_ino == its.st_ino;
}

bool Dnsmasq::Running() {
  if (!process_) Adopt();
  if (!process_) return false;
  if (!HasEnded(process_, 0)) return true;
  // It is our child when brumed adopts orphans; nobody else waits for it then. Otherwise this says ECHILD.
  siginfo_t ignored = {};
  waitid(P_PIDFD, process_.get(), &ignored, WEXITED | WNOHANG);
  process_.reset();
  return false;
}

absl::Status Dnsmasq::Start() {
  // It goes to the background by itself once it serves, and says on standard error why it cannot.
  RETURN_IF_ERROR(RunChecked({"dnsmasq", ConfigArgument(paths_)}).status());
  if (!Running()) return absl::InternalError(absl::StrCat("dnsmasq ended at once; see ", paths_.config));
  return absl::OkStatus();
}

absl::Status Dnsmasq::End() {
  if (!Running()) return absl::OkStatus();
  pidfd_send_signal(process_.get(), SIGTERM, nullptr, 0);  // ESRCH: gone already, which the wait below sees
  if (!HasEnded(process_, kTermMs)) {
    pidfd_send_signal(process_.get(), SIGKILL, nullptr, 0);
    if (!HasEnded(process_, kKillMs)) return absl::DeadlineExceededError("dnsmasq does not end");
  }
  Running();  // collects its exit status
  return absl::OkStatus();
}

}  // namespace brume::network
