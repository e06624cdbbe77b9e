// What Ctrl-C says while brume only waits.
#pragma once

#include <string>

namespace brume::cli {

// While it lives, SIGINT prints the message to standard error and ends the program with 130. One at a time.
class InterruptNotice {
 public:
  // Of `message` at most 4 KiB are shown; it must be printable already.
  explicit InterruptNotice(const std::string& message);
  ~InterruptNotice();
  InterruptNotice(const InterruptNotice&) = delete;
  InterruptNotice& operator=(const InterruptNotice&) = delete;
};

}  // namespace brume::cli
