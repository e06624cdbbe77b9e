#include "cli/console.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cli/call.h"
#include "cli/console_filter.h"
#include "cli/console_history.h"
#include "cli/console_stream.h"
#include "cli/help.h"
#include "cli/instances.h"
#include "cli/names.h"
#include "cli/rpc_client.h"
#include "cli/table_columns.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

constexpr char kDetach = 0x1d;  // Ctrl-]
constexpr int kLinesBefore = 20;

// Every key goes to the guest while it lives; then the terminal is as it was, whatever the guest did to it.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    active_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (!active_) return;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    std::fputs("\n", stderr);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool active_ = false;
};

absl::Status WriteAll(const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno != EINTR)
      return absl::UnknownError(absl::StrCat("standard output: ", std::strerror(errno)));
    if (written > 0) done += written;
  }
  return absl::OkStatus();
}

// Standard output: a terminal is shown what only draws, anything else gets the guest's own bytes.
class ConsoleScreen {
 public:
  ConsoleScreen() : terminal_(IsTerminal(STDOUT_FILENO)) {}
  // Lines that follow must not be coloured, nor on a screen of the guest's.
  ~ConsoleScreen() {
    if (!terminal_) return;
    std::fputs(filter_.Restore().c_str(), stdout);
    std::fflush(stdout);
  }
  ConsoleScreen(const ConsoleScreen&) = delete;
  ConsoleScreen& operator=(const ConsoleScreen&) = delete;

  bool terminal() const { return terminal_; }
  absl::Status Write(const std::string& bytes) { return WriteAll(terminal_ ? filter_.Filter(bytes) : bytes); }

 private:
  const bool terminal_;
  ConsoleFilter filter_;
};

// Between the terminal and the stream until one of them ends. True: the console ended, false: we did.
absl::StatusOr<bool> Pump(ConsoleStream& stream, ConsoleScreen& output, int signals, bool typing, bool raw) {
  bool full = false;  // the stream takes no more for now
  std::string typed;
  while (true) {
    pollfd events[] = {
        {stream.event_fd(), POLLIN, 0}, {signals, POLLIN, 0}, {typing && !full ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(events, 3, -1) < 0 && errno != EINTR) {
      return absl::UnknownError(absl::StrCat("poll: ", std::strerror(errno)));
    }
    if (events[0].revents != 0) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = read(stream.event_fd(), &count, sizeof(count));  // only clears it
      RETURN_IF_ERROR(output.Write(stream.TakeOutput()));
      absl::Status end;
      if (stream.Finished(&end)) {
        RETURN_IF_ERROR(output.Write(stream.TakeOutput()));
        RETURN_IF_ERROR(end);
        return true;
      }
      if (full) full = !stream.Send(typed);
    }
    if (events[1].revents != 0) return false;
    if (events[2].revents != 0) {
      char buffer[4096];
      const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
      if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) return false;
      if (got < 0) continue;
      typed.assign(buffer, got);
      // Only a key is a command; a file that is piped in may hold any byte.
      const size_t detach = raw ? typed.find(kDetach) : std::string::npos;
      full = !stream.Send(typed.substr(0, detach));
      if (detach != std::string::npos) return false;
    }
  }
}

}  // namespace

absl::StatusOr<int> RunConsole(const Schema& schema, const GlobalOptions& global,
                               const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(ParsedOptions options,
                   ParseOptions(tokens, {{"follow", false}, {"read-only", false}, {"help", false}}));
  if (options.Find("help")) {
    RETURN_IF_ERROR(Print(CommandHelpText("console", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (options.positional.size() != 1 || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume console takes one instance: brume console ID [--follow]");
  }
  const bool typing = !options.Find("follow") && !options.Find("read-only");

  // Before gRPC makes its threads, so that they block them too and the poll loop alone gets them.
  sigset_t ending;
  sigemptyset(&ending);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ending, number);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const UniqueFd signals(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));

  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  std::string id = options.positional[0];
  if (KindOfId(id) != &InstanceId::kKind || IsBeginningOfId(InstanceId::kKind.prefix, id)) {
    ASSIGN_OR_RETURN(nlohmann::ordered_json instance, FindInstance(schema, *client, id));
    id = Cell(instance, "InstanceId");
  }
  const bool raw = typing && IsTerminal(STDIN_FILENO);
  bool ended = false;
  {
    ConsoleScreen output;
    std::string before;
    if (output.terminal()) {
      absl::StatusOr<std::string> history = ConsoleHistory(*client, id, kLinesBefore);
      // What keeps it from us keeps the stream from us, too, which then says so.
      if (history.ok()) before = *std::move(history);
    }
    ConsoleStream stream(*client, id);
    if (raw) std::fprintf(stderr, "Console of %s. Ctrl-] detaches.\n", id.c_str());
    std::unique_ptr<RawTerminal> terminal = raw ? std::make_unique<RawTerminal>() : nullptr;
    RETURN_IF_ERROR(output.Write(before));
    ASSIGN_OR_RETURN(ended, Pump(stream, output, signals.get(), typing, raw));
  }
  if (ended) {
    std::fprintf(stderr, "The console of %s was closed.\n", id.c_str());
  } else if (raw) {
    std::fprintf(stderr, "Detached from %s.\n", id.c_str());
  }
  return 0;
}

}  // namespace brume::cli
