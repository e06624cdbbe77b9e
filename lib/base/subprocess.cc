#include "lib/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

constexpr size_t kMaxOutput = 1 << 20;
constexpr int64_t kAskMilliseconds = 200;  // between two questions whether it goes on

// What names a program, or a file, without its directory.
std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

struct Pipe {
  UniqueFd read_end, write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe2");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Makes reads and writes of our end return at once; the child's end is another description and stays as it is.
void Unblock(const UniqueFd& fd) { fcntl(fd.get(), F_SETFL, O_NONBLOCK); }

// Reads once; true when the other end is closed.
bool ReadSome(int fd, std::string& into) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count < 0) return errno != EINTR && errno != EAGAIN;
  if (count == 0) return true;
  into.append(buffer.data(), std::min<size_t>(count, kMaxOutput - std::min(kMaxOutput, into.size())));
  return false;
}

// What a pipe still held when its program ended. At most what a pipe can hold, as a program left behind may go on
// writing.
void ReadRest(int fd, std::string& into) {
  constexpr int kMaxReads = 64;
  pollfd readable = {fd, POLLIN, 0};
  for (int i = 0; i < kMaxReads && poll(&readable, 1, 0) == 1 && !ReadSome(fd, into); ++i) {
  }
}

int ExitCode(const siginfo_t& info) { return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status; }

// A program that was started and not yet waited for, so its pid and process group are its own. Whatever way we leave,
// it has ended and is waited for.
class Child {
 public:
  Child(pid_t pid, std::string name)
      : pid_(pid), name_(std::move(name)), handle_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (reaped_) return;
    Kill();
    siginfo_t ignored;
    while (waitid(P_PID, pid_, &ignored, WEXITED) != 0 && errno == EINTR) {
    }
  }

  // Readable once it has ended.
  const UniqueFd& handle() const { return handle_; }
  // Also what it started, unless that made a group of its own.
  void Kill() { kill(-pid_, SIGKILL); }
  absl::StatusOr<int> WaitForExitCode() {
    siginfo_t info = {};
    while (waitid(P_PID, pid_, &info, WEXITED) != 0) {
      if (errno != EINTR) return absl::ErrnoToStatus(errno, absl::StrCat("waiting for ", name_));
    }
    reaped_ = true;
    return ExitCode(info);
  }

 private:
  const pid_t pid_;
  const std::string name_;
  const UniqueFd handle_;
  bool reaped_ = false;
};

// File actions and attributes of one posix_spawn.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // The daemon blocks and ignores signals its helpers must not: give them the defaults back.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A process group of its own, so that one kill reaches what it starts.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> ChildEnvironment(std::string& locale) {
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (strncmp(*entry, "LC_", 3) != 0 && strncmp(*entry, "LANG", 4) != 0) environment.push_back(*entry);
  }
  locale = "LC_ALL=C";
  environment.push_back(locale.data());
  environment.push_back(nullptr);
  return environment;
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const StandardFds& fds) {
  SpawnSetup setup;
  posix_spawn_file_actions_adddup2(&setup.actions, fds.input, 0);
  posix_spawn_file_actions_adddup2(&setup.actions, fds.output, 1);
  posix_spawn_file_actions_adddup2(&setup.actions, fds.error, 2);
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, 3);

  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::string locale;
  std::vector<char*> environment = ChildEnvironment(locale);
  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, arguments[0], &setup.actions, &setup.attributes, arguments.data(), environment.data());
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", argv[0]));
  return pid;
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& argv, const CommandOptions& options) {
  if (argv.empty()) return absl::InvalidArgumentError("no program to run");
  const SideEffect effect("run", absl::StrCat(BaseName(argv[0]), argv.size() > 1 ? " " + BaseName(argv[1]) : ""));
  RETURN_IF_ERROR(effect.status());
  ASSIGN_OR_RETURN(Pipe in, MakePipe());
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  ASSIGN_OR_RETURN(Pipe err, MakePipe());
  const StandardFds standard = {.input = options.input_fd < 0 ? in.read_end.get() : options.input_fd,
                                .output = options.output_fd < 0 ? out.write_end.get() : options.output_fd,
                                .error = err.write_end.get()};
  ASSIGN_OR_RETURN(const pid_t pid,
                   options.confinement ? SpawnConfined(argv, standard, *options.confinement) : Spawn(argv, standard));
  Child child(pid, argv[0]);
  if (!child.handle()) return absl::ErrnoToStatus(errno, "pidfd_open");
  in.read_end.reset();
  out.write_end.reset();
  err.write_end.reset();
  Unblock(in.write_end);
  Unblock(out.read_end);
  Unblock(err.read_end);

  CommandResult result;
  size_t written = 0;
  if (options.standard_input.empty()) in.write_end.reset();
  const absl::Time deadline = absl::Now() + options.timeout;
  // SIGPIPE is ignored by the daemon; a test program that does not may pass no standard input to a deaf program.
  //
  // The program's end counts, not its outputs': a program may close them and go on, and what it leaves behind may keep
  // them open.
  for (bool ended = false; !ended;) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0) {
      return absl::DeadlineExceededError(
          absl::StrCat(argv[0], " did not end within ", absl::FormatDuration(options.timeout)));
    }
    std::array<pollfd, 4> fds = {pollfd{out.read_end.get(), POLLIN, 0}, pollfd{err.read_end.get(), POLLIN, 0},
                                 pollfd{in.write_end.get(), POLLOUT, 0}, pollfd{child.handle().get(), POLLIN, 0}};
    if (options.goes_on && !options.goes_on()) {
      return absl::CancelledError(absl::StrCat(argv[0], " was ended before its time"));
    }
    const int64_t max_wait = options.goes_on ? kAskMilliseconds : 60000;
    if (poll(fds.data(), fds.size(), static_cast<int>(std::min(left, max_wait))) < 0) {
      if (errno == EINTR) continue;
      return absl::ErrnoToStatus(errno, "poll");
    }
    if (fds[0].revents != 0 && ReadSome(out.read_end.get(), result.standard_output)) out.read_end.reset();
    if (fds[1].revents != 0 && ReadSome(err.read_end.get(), result.standard_error)) err.read_end.reset();
    if (fds[2].revents != 0) {
      const ssize_t count =
          write(in.write_end.get(), options.standard_input.data() + written, options.standard_input.size() - written);
      if (count > 0) written += count;
      if ((count < 0 && errno != EAGAIN && errno != EINTR) || written == options.standard_input.size()) {
        in.write_end.reset();
      }
    }
    ended = fds[3].revents != 0;
  }
  if (out.read_end) ReadRest(out.read_end.get(), result.standard_output);
  if (err.read_end) ReadRest(err.read_end.get(), result.standard_error);
  ASSIGN_OR_RETURN(result.exit_code, child.WaitForExitCode());
  return result;
}

absl::StatusOr<std::string> RunChecked(const std::vector<std::string>& argv, const CommandOptions& options) {
  ASSIGN_OR_RETURN(CommandResult result, RunCommand(argv, options));
  if (result.exit_code == 0) return std::move(result.standard_output);
  const std::string& said = result.standard_error.empty() ? result.standard_output : result.standard_error;
  const std::vector<absl::string_view> lines = absl::StrSplit(absl::StripAsciiWhitespace(said), '\n');
  return absl::InternalError(absl::StrCat(argv[0], " failed (", result.exit_code, "): ", lines.back()));
}

}  // namespace brume
