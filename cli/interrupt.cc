#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace brume::cli {
namespace {

// A signal handler can be given nothing else: these are written before it is set and not while it is.
char interrupt_text[4096];
size_t interrupt_size = 0;
struct sigaction interrupt_before;

void SayAndEnd(int) {
  [[maybe_unused]] const ssize_t said = write(STDERR_FILENO, interrupt_text, interrupt_size);
  _exit(130);
}

}  // namespace

InterruptNotice::InterruptNotice(const std::string& message) {
  // The first line ends what progress stands on.
  const std::string text = "\n" + message + "\n";
  interrupt_size = std::min(text.size(), sizeof(interrupt_text));
  std::memcpy(interrupt_text, text.data(), interrupt_size);
  struct sigaction action {};
  action.sa_handler = SayAndEnd;
  sigaction(SIGINT, &action, &interrupt_before);
}

InterruptNotice::~InterruptNotice() { sigaction(SIGINT, &interrupt_before, nullptr); }

}  // namespace brume::cli
