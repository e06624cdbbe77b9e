#include "lib/ec2/compute/libvirt/qemu_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace brume::compute {
namespace {

// A pidfd reads as ready once its process is dead.
bool WaitDead(const UniqueFd& process, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    pollfd fds = {process.get(), POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    const int ready = poll(&fds, 1, left < 0 ? 0 : static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

absl::StatusOr<UniqueFd> FindProcess(const std::string& pid_file, absl::string_view mark) {
  std::ifstream file(pid_file);
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 1) return absl::NotFoundError(absl::StrCat("no pid in ", pid_file));
  UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return absl::NotFoundError(absl::StrCat("no process ", pid));
  // Read after the pidfd is open: if the pid was another's then, this shows it.
  std::ifstream command(absl::StrCat("/proc/", pid, "/cmdline"));
  const std::string arguments{std::istreambuf_iterator<char>(command), {}};
  if (!absl::StrContains(arguments, mark)) return absl::NotFoundError(absl::StrCat("process ", pid, " is another's"));
  return process;
}

bool EndProcess(const UniqueFd& process, absl::Duration patience) {
  syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0);
  return WaitDead(process, patience);
}

bool KillProcess(const UniqueFd& process, absl::Duration patience) {
  // A process that cannot be signalled is dead, which the wait sees.
  syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  return WaitDead(process, patience);
}

}  // namespace brume::compute
