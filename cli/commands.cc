#include "cli/commands.h"

#include "absl/strings/str_cat.h"
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
         "Every key goes to the guest; Ctrl-] detaches. The last lines come first. A terminal is shown text, colours "
         "and "
         "cursor movement of what the guest prints; titles, clipboards and questions to the terminal are left out.",
         {{"--follow, --read-only", "Only show; Ctrl-C ends it."}},
         WithSchema<RunConsole>},
        ConfigureCommand(),
        {"doctor",
         "doctor [--rebuild]",
         "Shows what works on this host, and a fix for each fault.",
         "Asks the daemon. When it cannot be reached, looks for why from here. The exit code is 0 when all is well, "
         "and 1 when something is not.",
         {{"--rebuild", "After the loss of the database: make the rows of images, snapshots and volumes again."}},
         WithSchema<RunDoctor>},
        {"events",
         "events [--user NAME] [--resource ID] [--action NAME] [--since TIME] [--all] [--follow] [FLAGS …]",
         "Shows who did what, what came of it, and what groups and alarms did by themselves.",
         "Newest first. Calls that only read are left out, unless --all, --action, --request-id or --error asks for "
         "them. "
         "What groups and alarms did is left out where a flag asks for calls. A TIME is a moment such as "
         "2026-01-31T10:00:00Z, or how long ago it was: 90m, 2h30m, 1d.",
         {{"--resource ID", "Calls that named or made this resource."},
          {"--action NAME", "Calls of one action: RunInstances, iam:CreateUser."},
          {"--user NAME", "Calls of one caller: alice, root, or a whole ARN."},
          {"--access-key-id ID", "Calls signed by this key."},
          {"--request-id ID", "The call with this request id, which error messages name."},
          {"--error CODE", "Calls that ended in this error; OK for those that succeeded."},
          {"--all", "Calls that only read, too."},
          {"--changes", "Leave out calls that only read, whatever else is asked for."},
          {"--follow", "Go on with what comes, oldest first, one line each; Ctrl-C ends it."},
          {"--since TIME, --until TIME", "Not before, not after."},
          {"--max-items N", "So many at most. Default: 50."}},
         WithoutSchema<RunEvents>},
        ExplainPathCommand(),
        FlowLogsCommand(),
        CatalogueCommand(),
        {"stats",
         "stats [--reset]",
         "Shows how many calls the daemon served, and how long they took inside it.",
         "Counted since the daemon's start, by action; quantiles are at most an eighth too long.",
         {{"--reset", "Begin to count anew, after this answer."}},
         WithoutSchema<RunStats>},
        SnapshotCommand(),
        ConfigureTlsCommand(),
        {"wait", "wait WAITER [FLAGS …] [--timeout SECONDS]", "Waits until instances or images are in a state.",
         "FLAGS are those of the describe action that is asked, such as --instance-ids. The exit code is 255 when the "
         "state cannot be reached any more, or not in time.",
         waiters, WithSchema<RunWaitOfAny>},
        {"completion",
         "completion bash|zsh|fish",
         "Prints a script that completes actions, flags, ids, names and types.",
         "In ~/.bashrc: eval \"$(brume completion bash)\"; in ~/.zshrc, behind compinit: eval \"$(brume completion "
         "zsh)\"; in ~/.config/fish/config.fish: brume completion fish | source",
         {},
         WithoutSchema<RunCompletion>},
        {"help",
         "help [ACTION | SERVICE | commands | all] | help --web | help --man [ACTION] | help --man-all DIR | "
         "help --markdown [SERVICE]",
         "Shows an action's flags, the actions of a service, or everything; where the documentation is; man pages.",
         "Help that is longer than the terminal goes through $PAGER, else less.",
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
      {"--endpoint unix:PATH|HOST:PORT", "Where the daemon is. A port is reached by mutual TLS, except on this host."},
      {"--tls-ca FILE", "The certificate of the authority that signed the daemon's, in PEM."},
      {"--tls-cert FILE", "Our certificate, in PEM."},
      {"--tls-key FILE", "Its private key, in PEM."},
      {"--output table|wide|json|text|yaml",
       "How answers are shown; wide is a table with every column. Default: table on a terminal, else json."},
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
      {"1", "brume doctor found a fault."},
      {"252", "The command line is wrong; nothing was called."},
      {"254", "The daemon refused: the message has EC2's error code."},
      {"255", "Anything else: no daemon, a state that was not reached."}};
  return *codes;
}

}  // namespace brume::cli
