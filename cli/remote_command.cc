#include "cli/remote_command.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/call.h"
#include "cli/completion.h"
#include "cli/short_options.h"
#include "cli/ssh.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

std::vector<OptionSpec> SshSpecsAnd(std::vector<OptionSpec> more) {
  // ParseShort adds --help itself.
  for (const OptionSpec& spec : SshOptionSpecs()) {
    if (spec.name != "help") more.push_back(spec);
  }
  return more;
}

absl::StatusOr<int> RunExec(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{
      .command = "exec", .usage = "brume exec NAME -- COMMAND …", .least = 1, .most = 1, .takes_command = true};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, SshSpecsAnd({})));
  if (!options.has_value()) return 0;
  if (options->after_dashes.empty()) {
    return absl::InvalidArgumentError(
        "brume exec needs a command behind --: brume exec NAME -- COMMAND …; a shell is brume shell NAME");
  }
  ASSIGN_OR_RETURN(const SshWishes wishes, ParseSshWishes(*options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(SshTarget target, ReachBySsh(*client, options->positional[0], wishes));
  target.command = RemoteCommand(options->after_dashes);
  // With a terminal at both ends the command gets one, too.
  const bool terminal = IsTerminal(STDIN_FILENO) && IsTerminal(STDOUT_FILENO);
  return BecomeSsh(SshArguments(target, terminal ? std::vector<std::string>{"-t"} : std::vector<std::string>{}));
}

absl::StatusOr<int> RunShell(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "shell", .usage = "brume shell NAME", .least = 1, .most = 1};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, SshSpecsAnd({})));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const SshWishes wishes, ParseSshWishes(*options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const SshTarget target, ReachBySsh(*client, options->positional[0], wishes));
  return BecomeSsh(SshArguments(target));
}

absl::StatusOr<int> RunForward(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "forward", .usage = "brume forward NAME LOCAL:REMOTE …", .least = 2, .most = 100};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, SshSpecsAnd({})));
  if (!options.has_value()) return 0;
  std::vector<std::string> extra = {"-N", "-o", "ExitOnForwardFailure=yes"};
  for (size_t i = 1; i < options->positional.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string forward, ForwardArgument(options->positional[i]));
    extra.insert(extra.end(), {"-L", forward});
  }
  ASSIGN_OR_RETURN(const SshWishes wishes, ParseSshWishes(*options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const SshTarget target, ReachBySsh(*client, options->positional[0], wishes));
  std::fprintf(stderr, "Forwarding %s of %s. Ctrl-C ends it.\n",
               absl::StrJoin(options->positional.begin() + 1, options->positional.end(), ", ").c_str(),
               Printable(options->positional[0]).c_str());
  return BecomeSsh(SshArguments(target, extra));
}

absl::Status LocalFault(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::strerror(errno)));
}

absl::Status SshEnded(int code, const std::string& what) {
  if (code == 0) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat(what, " failed: ssh ended with ", code));
}

// A path of the guest for its shell. Its home directory is where a relative one begins.
std::string RemoteWord(const std::string& path) {
  const std::string relative(absl::StripPrefix(path, "~/"));
  if (relative.empty()) return ".";
  return ShellWord(relative[0] == '-' ? absl::StrCat("./", relative) : relative);
}

// One program's output into the other, both to their ends.
absl::Status Pipe(const std::vector<std::string>& from, const std::vector<std::string>& to, const std::string& what) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return LocalFault("pipe");
  UniqueFd reading(ends[0]), writing(ends[1]);
  ASSIGN_OR_RETURN(const pid_t source, StartProgram(from, -1, writing.get()));
  const absl::StatusOr<pid_t> sink = StartProgram(to, reading.get(), -1);
  // The source ends when nobody reads any more, the sink when nobody writes.
  reading.reset();
  writing.reset();
  ASSIGN_OR_RETURN(const int source_code, AwaitProgram(source));
  RETURN_IF_ERROR(sink.status());
  ASSIGN_OR_RETURN(const int sink_code, AwaitProgram(*sink));
  if (source_code == 0 && sink_code == 0) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("copying ", what, " failed"));
}

// Files go through cat and directories through tar, which every guest has; not every one has an SFTP server.
absl::Status CopyThere(SshTarget target, const std::string& from, const RemotePath& to, bool recursive) {
  struct stat status = {};
  if (stat(from.c_str(), &status) != 0) return LocalFault(from);
  const std::string there = RemoteWord(to.path);
  if (S_ISDIR(status.st_mode)) {
    if (!recursive) return absl::InvalidArgumentError(absl::StrCat(from, " is a directory: brume cp --recursive"));
    target.command = {absl::StrCat("mkdir -p ", there, " && tar -x -f - -C ", there)};
    return Pipe({"tar", "-c", "-f", "-", "-C", from, "."}, SshArguments(target), from);
  }
  const UniqueFd file(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return LocalFault(from);
  const std::string name = std::filesystem::path(from).filename().string();
  target.command = {absl::StrFormat("p=%s; if [ -d \"$p\" ]; then p=\"$p\"/%s; fi; cat > \"$p\" && chmod %o \"$p\"",
                                    there, ShellWord(name), status.st_mode & 0777)};
  ASSIGN_OR_RETURN(const pid_t ssh, StartProgram(SshArguments(target), file.get(), -1));
  ASSIGN_OR_RETURN(const int code, AwaitProgram(ssh));
  return SshEnded(code, absl::StrCat("copying ", from));
}

// Under another name until it is whole.
absl::Status CopyHere(SshTarget target, const RemotePath& from, std::string to, bool recursive) {
  const std::string there = RemoteWord(from.path);
  std::error_code error;
  const bool into_directory = std::filesystem::is_directory(to, error);
  if (recursive) {
    std::filesystem::create_directories(to, error);
    if (error) return absl::InvalidArgumentError(absl::StrCat(to, ": ", error.message()));
    target.command = {absl::StrCat("tar -c -f - -C ", there, " .")};
    // The archive is the guest's: it makes no device here, and nobody's file but ours.
    if (geteuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0) != 0) return LocalFault("prctl");
    return Pipe(SshArguments(target), {"tar", "-x", "--no-same-owner", "--no-same-permissions", "-f", "-", "-C", to},
                from.path);
  }
  const std::string name = std::filesystem::path(from.path).filename().string();
  if (name.empty()) return absl::InvalidArgumentError("name the file to copy: brume cp NAME:PATH FILE");
  if (into_directory) to = (std::filesystem::path(to) / name).string();
  const std::string partial = absl::StrCat(to, ".partial");
  const UniqueFd file(open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) return LocalFault(partial);
  Undo undo;
  undo.Push([&] { unlink(partial.c_str()); });
  target.command = {absl::StrCat("cat ", there)};
  ASSIGN_OR_RETURN(const pid_t ssh, StartProgram(SshArguments(target), -1, file.get()));
  ASSIGN_OR_RETURN(const int code, AwaitProgram(ssh));
  RETURN_IF_ERROR(SshEnded(code, absl::StrCat("copying ", from.path)));
  if (rename(partial.c_str(), to.c_str()) != 0) return LocalFault(to);
  undo.Dismiss();
  return absl::OkStatus();
}

absl::StatusOr<int> RunCp(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{
      .command = "cp", .usage = "brume cp FILE NAME:PATH, or brume cp NAME:PATH FILE", .least = 2, .most = 2};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, SshSpecsAnd({{"recursive", false}})));
  if (!options.has_value()) return 0;
  const std::string &first = options->positional[0], &second = options->positional[1];
  const std::optional<RemotePath> from = ParseRemotePath(first), to = ParseRemotePath(second);
  if (from.has_value() == to.has_value()) {
    return absl::InvalidArgumentError("one of the two is on an instance: brume cp FILE NAME:PATH, or NAME:PATH FILE");
  }
  ASSIGN_OR_RETURN(const SshWishes wishes, ParseSshWishes(*options));
  // Before anything is asked: a file that is not there.
  if (to.has_value() && access(first.c_str(), R_OK) != 0) return LocalFault(first);
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const SshTarget target, ReachBySsh(*client, (to.has_value() ? to : from)->instance, wishes));
  const bool recursive = options->Find("recursive") != nullptr;
  RETURN_IF_ERROR(to.has_value() ? CopyThere(target, first, *to, recursive)
                                 : CopyHere(target, *from, second, recursive));
  return 0;
}

std::vector<std::pair<std::string, std::string>> SshHelpAnd(std::vector<std::pair<std::string, std::string>> first) {
  first.insert(first.end(), SshOptionHelp().begin(), SshOptionHelp().end());
  return first;
}

}  // namespace

std::vector<std::string> RemoteCommand(const std::vector<std::string>& words) {
  if (words.size() == 1) return words;
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(ShellWord(word));
  return quoted;
}

std::optional<RemotePath> ParseRemotePath(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || text.find('/') < colon) return std::nullopt;
  return RemotePath{.instance = text.substr(0, colon), .path = text.substr(colon + 1)};
}

absl::StatusOr<std::string> ForwardArgument(const std::string& text) {
  const std::pair<std::string, std::string> split = absl::StrSplit(text, absl::MaxSplits(':', 1));
  const std::string& remote = split.second.empty() ? split.first : split.second;
  for (const std::string& port : {split.first, remote}) {
    int number = 0;
    if (!absl::SimpleAtoi(port, &number) || number < 1 || number > 65535) {
      return absl::InvalidArgumentError(
          absl::StrCat("ports are written LOCAL:REMOTE, as in 8080:80, not '", text, "'"));
    }
  }
  return absl::StrCat("127.0.0.1:", split.first, ":127.0.0.1:", remote);
}

Command ExecCommand() {
  return {"exec",
          "exec NAME [--user NAME] -- COMMAND …",
          "Runs a command on an instance.",
          "Over ssh, like brume ssh. Several words are passed on unchanged, as a command and its arguments; a single "
          "word is run by the guest's shell: brume exec web -- 'ls /etc | wc -l'. The exit code is the command's.",
          SshHelpAnd({}),
          WithoutSchema<RunExec>};
}

Command ShellCommand() {
  return {"shell",
          "shell NAME [--user NAME]",
          "Opens a shell on an instance.",
          "The same as brume ssh without a command.",
          SshHelpAnd({}),
          WithoutSchema<RunShell>};
}

Command CpCommand() {
  return {
      "cp",
      "cp FILE NAME:PATH | cp NAME:PATH FILE",
      "Copies a file to an instance, or from one.",
      "Over ssh, with cat, or tar for --recursive, so the guest needs no SFTP server. A relative PATH starts in the "
      "home directory there. A path on this machine that contains a colon must start with ./",
      SshHelpAnd({{"--recursive", "Copy the contents of a directory into the other directory."}}),
      WithoutSchema<RunCp>};
}

Command ForwardCommand() {
  return {"forward",
          "forward NAME LOCAL:REMOTE …",
          "Forwards local ports to an instance until Ctrl-C.",
          "Over ssh: a port of 127.0.0.1 here leads to a port of 127.0.0.1 there. No security group rule is needed.",
          SshHelpAnd({}),
          WithoutSchema<RunForward>};
}

}  // namespace brume::cli
