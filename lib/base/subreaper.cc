#include "lib/base/subreaper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

namespace brume {
namespace {

using std::chrono::milliseconds;

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

void CollectIfOrphan(pid_t pid) {
  const pid_t session = SessionOf(pid);
  if (session < 0 || session == getsid(0) || session == pid) return;
  siginfo_t info;
  // ECHILD: it is still alive (WNOHANG), or was collected; either way there is nothing to do.
  waitid(P_PID, pid, &info, WEXITED | WNOHANG);
}

// Every child of every thread; adopted ones are listed at any of them.
void CollectOrphans() {
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid; children >> pid;) CollectIfOrphan(pid);
  }
}

void Collect() {
  pid_t seen = 0;
  milliseconds pause(10);
  while (true) {
    siginfo_t info = {};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
      // ECHILD: there is none to wait for yet, and nothing tells when there will be.
      if (errno != EINTR) std::this_thread::sleep_for(milliseconds(100));
      continue;
    }
    CollectIfOrphan(info.si_pid);
    siginfo_t again = {};
    if (waitid(P_PID, info.si_pid, &again, WEXITED | WNOWAIT | WNOHANG) != 0 || again.si_pid == 0) continue;
    // Someone else's child, about to be waited for. Until then waitid() shows us no other, so look for orphans by hand.
    pause = info.si_pid == seen ? std::min(pause * 2, milliseconds(200)) : milliseconds(5);
    seen = info.si_pid;
    CollectOrphans();
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

absl::Status BecomeSubreaper() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return absl::ErrnoToStatus(errno, "prctl(PR_SET_CHILD_SUBREAPER)");
  std::thread(Collect).detach();
  return absl::OkStatus();
}

}  // namespace brume
