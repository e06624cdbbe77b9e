#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace brume::cli {

bool IsTerminal(int fd) { return isatty(fd) == 1; }

int TerminalWidth(int fd) {
  winsize size{};
  if (!IsTerminal(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Progress::Progress() : terminal_(IsTerminal(STDERR_FILENO)) {}
Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (dirty_) std::fputs("\r\x1b[K", stderr);
  dirty_ = false;
}

void Progress::Show(const std::string& text, const std::string& volatile_part) {
  if (!terminal_) {
    if (text != last_) std::fprintf(stderr, "%s\n", Printable(text).c_str());
    last_ = text;
    return;
  }
  Clear();
  const int width = TerminalWidth(STDERR_FILENO);
  const std::string line = Printable(volatile_part.empty() ? text : absl::StrCat(text, " ", volatile_part));
  std::fputs((width > 1 ? Truncate(line, width - 1) : line).c_str(), stderr);
  std::fflush(stderr);
  dirty_ = true;
}

}  // namespace brume::cli
