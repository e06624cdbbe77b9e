#include "lib/base/subreaper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <thread>

namespace brume {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;

constexpr milliseconds kMinPauseLength(5), kMaxPause(200), kNoChildPause(100);
// The leader of a session of its own is a daemon's middle process: libvirt waits for those it makes itself, at once,
// and nobody for those that QEMU leaves behind when it becomes a daemon.
constexpr std::chrono::seconds kLeaderGrace(10);

// The session of a process, -1 when there is no such process.
pid_t SessionOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  // The name, in parentheses, may hold anything: the fields begin behind the last one.
  const size_t name_end = line.rfind(')');
  int parent = 0, group = 0, session = -1;
  if (name_end == std::string::npos) return -1;
  if (sscanf(line.c_str() + name_end + 1, " %*c %d %d %d", &parent, &group, &session) != 3) return -1;
  return session;
}

// Whom nobody here waits for, as far as one can tell.
class Orphans {
 public:
  // Collects every dead child that is one. Adopted children are listed at any of our threads.
  void Collect() {
    std::map<pid_t, Instant> still_dead;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
      std::ifstream children(task.path() / "children");
      for (pid_t pid; children >> pid;) CollectIfOrphan(pid, still_dead);
    }
    dead_leaders_.swap(still_dead);
  }

 private:
  void CollectIfOrphan(pid_t pid, std::map<pid_t, Instant>& still_dead) {
    const pid_t session = SessionOf(pid);
    if (session < 0 || session == getsid(0)) return;
    siginfo_t info = {};
    if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;  // alive
    if (session == pid) {
      const auto seen = dead_leaders_.find(pid);
      const Instant since = seen == dead_leaders_.end() ? Clock::now() : seen->second;
      if (Clock::now() - since < kLeaderGrace) {
        still_dead.emplace(pid, since);
        return;
      }
    }
    // ECHILD: someone was faster, and there is nothing left to do.
    waitid(P_PID, pid, &info, WEXITED | WNOHANG);
  }

  std::map<pid_t, Instant> dead_leaders_;
};

[[noreturn]] void CollectForever() {
  Orphans orphans;
  pid_t seen = 0;
  milliseconds pause = kMinPauseLength;
  while (true) {
    siginfo_t info = {};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
      // ECHILD: there is no child yet, and nothing tells when there will be one.
      if (errno != EINTR) std::this_thread::sleep_for(kNoChildPause);
      continue;
    }
    orphans.Collect();
    siginfo_t again = {};
    if (waitid(P_PID, info.si_pid, &again, WEXITED | WNOWAIT | WNOHANG) != 0 || again.si_pid == 0) continue;
    // Someone else's child, about to be waited for. Until then waitid() above returns at once with this one.
    pause = info.si_pid == seen ? std::min(pause * 2, kMaxPause) : kMinPauseLength;
    seen = info.si_pid;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

absl::Status BecomeSubreaper() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return absl::ErrnoToStatus(errno, "prctl(PR_SET_CHILD_SUBREAPER)");
  std::thread(CollectForever).detach();
  return absl::OkStatus();
}

}  // namespace brume
