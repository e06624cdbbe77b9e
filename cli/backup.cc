#include "cli/backup.h"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "brume/host/v1/backup.pb.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(200);
constexpr int kExitInterrupted = 130;

volatile std::sig_atomic_t backup_interrupted = 0;

void OnBackupSignal(int) { backup_interrupted = 1; }

// A path that means the same to the daemon.
absl::StatusOr<std::string> Absolute(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the directory's name is empty");
  if (path.front() == '/') return path;
  char here[PATH_MAX];
  if (getcwd(here, sizeof(here)) == nullptr) {
    return absl::UnavailableError(absl::StrCat("the current directory: ", strerror(errno)));
  }
  return absl::StrCat(here, "/", path);
}

std::string SizeText(int64_t bytes) {
  constexpr int64_t kMib = 1 << 20;
  return bytes < 10 * kMib ? absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / static_cast<double>(kMib))
                           : absl::StrCat(bytes / kMib, " MiB");
}

// One line on a terminal that shows how far the backup is; nothing elsewhere.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (begun_) std::fputs("\n", stderr);
  }
  void Show(const host::v1::Backup& backup) {
    if (isatty(STDERR_FILENO) != 1) return;
    std::string line = Printable(backup.state_message());
    if (backup.total_bytes() > 0) {
      absl::StrAppend(&line, ": ", backup.done_bytes() * 100 / backup.total_bytes(), "% of ",
                      SizeText(backup.total_bytes()), ", new ", SizeText(backup.copied_bytes()));
    }
    std::fputs(absl::StrCat("\r\033[K", line).c_str(), stderr);
    begun_ = true;
  }

 private:
  bool begun_ = false;
};

// Until the backup has ended. An interrupt cancels it.
absl::StatusOr<host::v1::Backup> Follow(Client& client, const std::string& id) {
  ProgressLine line;
  bool told = false;
  while (true) {
    if (backup_interrupted != 0 && !told) {
      told = true;
      RETURN_IF_ERROR(Call<host::v1::CancelBackupResponse>(client, host::v1::CancelBackupRequest()).status());
    }
    ASSIGN_OR_RETURN(const auto answer,
                     Call<host::v1::DescribeBackupResponse>(client, host::v1::DescribeBackupRequest()));
    if (answer.backup().backup_id() != id) {
      return absl::UnavailableError(
          "brumed was restarted, which ended the backup: run the command again, it goes on with what was copied");
    }
    if (answer.backup().state() != "running") return answer.backup();
    line.Show(answer.backup());
    absl::SleepFor(kPoll);
  }
}

absl::StatusOr<int> StartAndFollow(const GlobalOptions& global, const host::v1::StartBackupRequest& request) {
  struct sigaction action = {};
  action.sa_handler = OnBackupSignal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const auto started, Call<host::v1::StartBackupResponse>(*client, request));
  ASSIGN_OR_RETURN(const host::v1::Backup backup, Follow(*client, started.backup_id()));
  if (backup.state() == "cancelled") {
    std::fputs("The backup was cancelled; earlier ones are whole.\n", stderr);
    return kExitInterrupted;
  }
  if (backup.state() != "completed") {
    return absl::UnavailableError(absl::StrCat("the backup failed: ", Printable(backup.state_message())));
  }
  if (global.output_chosen && global.output == OutputFormat::kJson) {
    RETURN_IF_ERROR(Print(RenderJson(ToJson(backup))));
    return 0;
  }
  RETURN_IF_ERROR(Print(absl::StrCat("The backup ", backup.backup_id(), " in ", Printable(backup.directory()),
                                     " is complete: ", backup.files(), " files, ", SizeText(backup.total_bytes()),
                                     ", of which ", SizeText(backup.copied_bytes()), " are new.\n")));
  if (!request.with_key()) {
    RETURN_IF_ERROR(Print(absl::StrCat("A restore needs the host's key too, which is not in it: keep a copy of ",
                                       StateDir(), "/secret.key elsewhere.\n")));
  }
  return 0;
}

// brumed beside this program, else where it is installed. Returns only when none can be started.
absl::Status BecomeBrumed(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "brumed");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char self[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof(self));
  const std::string path(self, size < 0 ? 0 : static_cast<size_t>(size));
  for (const std::string& place : {absl::StrCat(path.substr(0, path.rfind('/') + 1), "brumed"),
                                   std::string("/usr/sbin/brumed"), std::string("/usr/bin/brumed")}) {
    execv(place.c_str(), argv.data());
  }
  return absl::UnavailableError(absl::StrCat("brumed, which does this, cannot be started: ", strerror(errno)));
}

// Those of the options that are brumed's own, as its flags.
void PassOn(const ParsedOptions& options, const std::vector<const char*>& names, std::vector<std::string>& arguments) {
  for (const char* name : names) {
    if (const std::string* const value = options.Find(name)) {
      arguments.push_back(absl::StrCat("--", name));
      arguments.push_back(*value);
    }
  }
}

absl::StatusOr<std::string> DirectoryOf(const ParsedOptions& options, absl::string_view command) {
  if (options.positional.size() != 1 || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("brume ", command, " takes one directory: brume ", command, " DIR"));
  }
  return Absolute(options.positional.front());
}

absl::StatusOr<int> PrintHelp(const char* command) {
  RETURN_IF_ERROR(Print(CommandHelpText(command, TerminalWidth(STDOUT_FILENO))));
  return 0;
}

}  // namespace

absl::StatusOr<int> RunBackup(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(
      const ParsedOptions options,
      ParseOptions(tokens,
                   {{"help", false}, {"verify", false}, {"keep"}, {"with-key", false}, {"backup"}, {"secret-key"}}));
  if (options.Find("help") != nullptr) return PrintHelp("backup");
  ASSIGN_OR_RETURN(const std::string directory, DirectoryOf(options, "backup"));
  const std::string* const keep = options.Find("keep");
  if (options.Find("verify") != nullptr) {
    if (keep != nullptr || options.Find("with-key") != nullptr) {
      return absl::InvalidArgumentError("--verify writes nothing: --keep and --with-key have no meaning with it");
    }
    std::vector<std::string> arguments = {"--verify-backup", directory};
    PassOn(options, {"backup", "secret-key"}, arguments);
    return BecomeBrumed(std::move(arguments));
  }
  if (options.Find("backup") != nullptr || options.Find("secret-key") != nullptr) {
    return absl::InvalidArgumentError("--backup and --secret-key go with --verify");
  }
  host::v1::StartBackupRequest request;
  request.set_directory(directory);
  request.set_with_key(options.Find("with-key") != nullptr);
  if (keep != nullptr) {
    int32_t number = 0;
    if (!absl::SimpleAtoi(*keep, &number) || number < 1) {
      return absl::InvalidArgumentError("--keep takes a number of backups, 1 or more");
    }
    request.set_keep(number);
  }
  return StartAndFollow(global, request);
}

absl::StatusOr<int> RunRestore(const GlobalOptions&, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options,
                   ParseOptions(tokens, {{"help", false}, {"backup"}, {"secret-key"}, {"config"}, {"state-dir"}}));
  if (options.Find("help") != nullptr) return PrintHelp("restore");
  ASSIGN_OR_RETURN(const std::string directory, DirectoryOf(options, "restore"));
  std::vector<std::string> arguments = {"--restore", directory};
  PassOn(options, {"backup", "secret-key", "config", "state-dir"}, arguments);
  return BecomeBrumed(std::move(arguments));
}

Command BackupCommand() {
  return {"backup",
          "backup DIR [--keep N] [--with-key] | backup --verify DIR",
          "Backs up the whole installation into a directory of this host, while everything runs.",
          "The backup has the database, all images and snapshots, and all volumes as they are at one instant for each "
          "instance, with the guests' file systems frozen where a guest agent answers. The first backup copies all of "
          "it; later ones into the same directory copy only what is new. Each backup is complete by itself. One that "
          "is interrupted leaves the earlier ones as they are, and the next one reuses what it copied.\n\n"
          "The host's key, STATE/secret.key, is not in the backup unless --with-key is given: without it the secrets "
          "in the backup and encrypted volumes cannot be read, and the backup cannot be restored. Keep a copy of the "
          "key elsewhere. Volumes that are not encrypted are in the backup as they are: anybody who can read the "
          "directory can read them.\n\n"
          "brumed does the work, so that only root and members of the group brume on the host itself can start it. "
          "brume restore restores a backup.",
          {{"--keep N", "Keep this many backups in the directory, and delete older ones. Default: all."},
           {"--with-key", "Put the host's key into the backup."},
           {"--verify", "Instead of a backup: read all files of the backups in DIR and compare their checksums."},
           {"--backup ID", "With --verify: only this backup."},
           {"--secret-key FILE", "With --verify: also check that the backups were made with this key."}},
          WithoutSchema<RunBackup>};
}

Command RestoreCommand() {
  return {"restore",
          "restore DIR [--backup ID] [--secret-key FILE] [--state-dir STATE] [--config FILE]",
          "Restores a backup into an empty state directory, on this or another host.",
          "brumed must be stopped, and the state directory must have no state: nothing is replaced. Every file is "
          "compared with its checksum before anything is put into place. Start brumed afterwards: instances that ran "
          "at the time of the backup are started, as after a reboot of the host. The configuration file is not part "
          "of a backup. Needs root.",
          {{"--backup ID", "The backup to restore. Default: the newest in DIR."},
           {"--secret-key FILE",
            "The host's key, a copy of STATE/secret.key; needed if the backup was made without "
            "--with-key."},
           {"--state-dir STATE", "The state directory. Default: as configured."},
           {"--config FILE", "The configuration file of brumed. Default: /etc/brume/brumed.toml."}},
          WithoutSchema<RunRestore>};
}

}  // namespace brume::cli
