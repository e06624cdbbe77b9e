#include "lib/base/priority.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "lib/base/unique_fd.h"

namespace brume {
namespace {

// A nice value: ten times the share of a thread at 0, and a wake-up that need not wait for it.
constexpr int kNice = -10;
constexpr int kMinNice = -20;
constexpr char kNiceText[] = "-10";
// How long it means to run at once. Since Linux 6.12 a wake-up with a shorter slice interrupts who runs; before, and
// for who runs without one, it would wait for up to a whole slice of some milliseconds. Older kernels ignore it.
constexpr uint64_t kSliceNanoseconds = 200'000;

// Of the calling thread. `ahead` counts from the process's first thread, which keeps what it was started with; a slice
// of 0 is the kernel's own.
void Go(int ahead, uint64_t slice) {
  sched_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.sched_policy = SCHED_NORMAL;
  attributes.sched_nice = std::max(getpriority(PRIO_PROCESS, getpid()) + ahead, kMinNice);
  attributes.sched_runtime = slice;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

void GoFirst() { Go(kNice, kSliceNanoseconds); }

void UseOrdinaryPriority() { Go(0, 0); }

void LetOwnSessionGoFirst() {
  if (getsid(0) != getpid()) return;
  const UniqueFd file(open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
  if (!file) return;  // a kernel without autogroups
  [[maybe_unused]] const ssize_t written = write(file.get(), kNiceText, sizeof(kNiceText) - 1);
}

}  // namespace brume
