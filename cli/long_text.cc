#include "cli/long_text.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_split.h"
#include "cli/call.h"
#include "cli/terminal.h"
#include "lib/base/unique_fd.h"

extern char** environ;

namespace brume::cli {
namespace {

int TerminalLines() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

// Its process, reading what is written into `input`; -1 when it cannot be started.
pid_t StartPager(const std::vector<std::string>& arguments, UniqueFd* input) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  const UniqueFd read_end(ends[0]);
  input->reset(ends[1]);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // As git and man have it: less ends by itself where all fits, keeps colours, and leaves the text on the terminal.
  setenv("LESS", "FRX", /*overwrite=*/0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, read_end.get(), STDIN_FILENO);
  pid_t child = -1;
  if (posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) != 0) child = -1;
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

// A reader that leaves before the end is no error.
void FeedPager(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    done += static_cast<size_t>(wrote);
  }
}

}  // namespace

std::vector<std::string> PagerArguments(const char* pager) {
  if (pager == nullptr) return {"less"};
  std::vector<std::string> arguments = absl::StrSplit(pager, ' ', absl::SkipEmpty());
  if (arguments == std::vector<std::string>{"cat"}) arguments.clear();
  return arguments;
}

absl::Status PrintLong(const std::string& text) {
  const auto lines = std::count(text.begin(), text.end(), '\n');
  const std::vector<std::string> arguments = PagerArguments(std::getenv("PAGER"));
  if (!IsTerminal(STDOUT_FILENO) || lines < TerminalLines() || arguments.empty()) return Print(text);
  UniqueFd input;
  const pid_t child = StartPager(arguments, &input);
  if (child < 0) return Print(text);
  // Ctrl-C is the pager's while it shows the text.
  const auto interrupt = signal(SIGINT, SIG_IGN);
  const auto broken_pipe = signal(SIGPIPE, SIG_IGN);
  FeedPager(input.get(), text);
  input.reset();
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  signal(SIGINT, interrupt);
  signal(SIGPIPE, broken_pipe);
  // 127: there was no such program after all.
  return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? Print(text) : absl::OkStatus();
}

}  // namespace brume::cli
