#include "cli/commands.h"

#include "absl/strings/str_cat.h"
#include "cli/backup.h"
#include "cli/catalogue_list.h"
#include "cli/completion.h"
#include "cli/configure.h"
#include "cli/configure_tls.h"
#include "cli/console.h"
#include "cli/doctor.h"
#include "cli/explain_path.h"
#include "cli/flow_logs.h"
#include "cli/instance_info.h"
#include "cli/instance_list.h"
#include "cli/instance_logs.h"
#include "cli/instance_power.h"
#include "cli/instance_usage.h"
#include "cli/launch_command.h"
#include "cli/open_port.h"
#include "cli/records.h"
#include "cli/remote_command.h"
#include "cli/scaling_groups.h"
#include "cli/short_images.h"
#include "cli/snapshot_transfer.h"
#include "cli/ssh.h"
#include "cli/wait.h"

namespace brume::cli {
namespace {

absl::StatusOr<int> RunWaitOfAny(const Schema& schema, const GlobalOptions& global,
                                 const std::vector<std::string>& tokens) {
  return RunWait(schema, global, tokens);
}

}  // namespace

const std::vector<Command>& HandMadeCommands() {
  static const auto* const commands = [] {
    std::vector<std::pair<std::string, std::string>> waiters;
    for (const Waiter& waiter : Waiters()) {
      waiters.emplace_back(waiter.name, absl::StrCat("Wait ", waiter.summary, " (", waiter.action, ")."));
    }
    waiters.emplace_back("--timeout SECONDS", "Give up after this long. Default: 600.");
    return new std::vector<Command>{
        LaunchCommand(),
        LsCommand(),
        InfoCommand(),
        StartCommand(),
        StopCommand(),
        RebootCommand(),
        RmCommand(),
        ExecCommand(),
        ShellCommand(),
        CpCommand(),
        ForwardCommand(),
        LogsCommand(),
        TopCommand(),
        ImagesCommand(),
        PullCommand(),
        GroupsCommand(),
        ScaleCommand(),
        OpenCommand(),
        SshCommand(),
        {"console",
         "console ID [--follow | --read-only]",
         "Attaches this terminal to an instance's serial console.",
         "Every key is sent to the guest; Ctrl-] detaches. The most recent output is shown first. On a terminal, only "
         "text, colours and cursor movements of the guest's output are shown; sequences that set titles, use the "
         "clipboard or query the terminal are left out.",
         {{"--follow, --read-only", "Only show the output; Ctrl-C ends it."}},
         RunConsole},
        ConfigureCommand(),
        {"doctor",
         "doctor [--rebuild]",
         "Checks this host, and shows how to fix what fails.",
         "Asks the daemon; if it cannot be reached, looks for the reason. The exit code is 0 if all checks pass, and 1 "
         "if one fails.",
         {{"--rebuild", "After the database was lost: recreate its rows of images, snapshots and volumes."}},
         RunDoctor,
         /*has_answer=*/true},
        {"events",
         "events [--user NAME] [--resource ID] [--action NAME] [--since TIME] [--all] [--follow] [FLAGS …]",
         "Shows API calls with their callers and results, and what groups and alarms did.",
         "Newest first. Read-only calls are left out unless --all, --action, --request-id or --error is given. What "
         "groups and alarms did is left out if a flag selects calls. TIME is a point in time, such as "
         "2026-01-31T10:00:00Z, or how long ago it was: 90m, 2h30m, 1d.",
         {{"--resource ID", "Calls that named or created this resource."},
          {"--action NAME", "Calls of this action: RunInstances, iam:CreateUser."},
          {"--user NAME", "Calls of this caller: alice, root, or a full ARN."},
          {"--access-key-id ID", "Calls signed with this access key."},
          {"--request-id ID", "The call with this request id, as shown in error messages."},
          {"--error CODE", "Calls that failed with this error; OK for those that succeeded."},
          {"--all", "Include read-only calls."},
          {"--changes", "Leave out read-only calls, whatever other flags say."},
          {"--follow", "Keep showing new events, oldest first, one per line; Ctrl-C ends it."},
          {"--since TIME, --until TIME", "Only events within this time range."},
          {"--max-items N", "Show at most this many. Default: 50."}},
         WithoutSchema<RunEvents>,
         /*has_answer=*/true},
        ExplainPathCommand(),
        FlowLogsCommand(),
        CatalogueCommand(),
        {"stats",
         "stats [--reset]",
         "Shows how many calls the daemon served, and how long they took.",
         "By action, since the daemon started. Times are measured inside the daemon; quantiles are at most an "
         "eighth too high.",
         {{"--reset", "Show the statistics, then reset them."}},
         WithoutSchema<RunStats>,
         /*has_answer=*/true},
        SnapshotCommand(),
        BackupCommand(),
        RestoreCommand(),
        ConfigureTlsCommand(),
        {"wait", "wait WAITER [FLAGS …] [--timeout SECONDS]", "Waits until resources are in a given state.",
         "FLAGS are those of the describe action that is called, such as --instance-ids. The exit code is 255 if the "
         "state can no longer be reached, or is not reached in time.",
         waiters, RunWaitOfAny},
        {"completion",
         "completion bash|zsh|fish",
         "Prints a script that completes actions, flags, ids, names and types.",
         "In ~/.bashrc: eval \"$(brume completion bash)\"; in ~/.zshrc, after compinit: eval \"$(brume completion "
         "zsh)\"; in ~/.config/fish/config.fish: brume completion fish | source",
         {},
         WithoutSchema<RunCompletion>},
        {"help",
         "help [ACTION | SERVICE | commands | all] | help --web | help --man [ACTION] | help --man-all DIR | "
         "help --markdown [SERVICE]",
         "Shows the help of an action, a service or everything; the documentation's URL; man pages.",
         "Help that does not fit on the terminal is shown with $PAGER, by default less.",
         {}}};
  }();
  return *commands;
}

const Command* FindCommand(absl::string_view name) {
  for (const Command& command : HandMadeCommands()) {
    if (name == absl::string_view(command.name)) return &command;
  }
  return nullptr;
}

const std::vector<std::pair<std::string, std::string>>& GlobalOptionHelp() {
  static const auto* const options = new std::vector<std::pair<std::string, std::string>>{
      {"--socket PATH", "The daemon's Unix socket. Default: STATE/brumed.sock."},
      {"--endpoint unix:PATH|HOST:PORT", "The daemon's address. HOST:PORT uses mutual TLS, except on this host."},
      {"--tls-ca FILE", "The CA certificate that signed the daemon's certificate, in PEM."},
      {"--tls-cert FILE", "The client certificate, in PEM."},
      {"--tls-key FILE", "The private key of the client certificate, in PEM."},
      {"--output table|wide|json|text|yaml",
       "The output format; wide is a table with all columns. Default: table on a terminal, otherwise json."},
      {"--version", "Show the version."}};
  return *options;
}

const std::vector<std::pair<std::string, std::string>>& EnvironmentHelp() {
  static const auto* const variables = new std::vector<std::pair<std::string, std::string>>{
      {"BRUME_ENDPOINT", "As --endpoint."},
      {"BRUME_OUTPUT", "As --output."},
      {"BRUME_STATE_DIR", "The daemon's state directory, STATE. Default: /var/lib/brume."},
      {"BRUME_TLS_CA, BRUME_TLS_CERT, BRUME_TLS_KEY", "As --tls-ca, --tls-cert and --tls-key."}};
  return *variables;
}

const std::vector<std::pair<std::string, std::string>>& ExitCodeHelp() {
  static const auto* const codes = new std::vector<std::pair<std::string, std::string>>{
      {"0", "Success."},
      {"1", "brume doctor found a problem."},
      {"252", "The command line is invalid; no call was made."},
      {"254", "The daemon refused the call; the message has EC2's error code."},
      {"255", "Any other error: the daemon was not reached, or a state was not."}};
  return *codes;
}

}  // namespace brume::cli
