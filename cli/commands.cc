#include "cli/commands.h"

#include "absl/strings/str_cat.h"
#include "cli/wait.h"

namespace brume::cli {

const std::vector<Command>& HandMadeCommands() {
  static const auto* const commands = [] {
    std::vector<std::pair<std::string, std::string>> waiters;
    for (const Waiter& waiter : Waiters()) {
      waiters.emplace_back(waiter.name, absl::StrCat("Wait ", waiter.summary, " (", waiter.action, ")."));
    }
    waiters.emplace_back("--timeout SECONDS", "Give up after this long. Default: 600.");
    return new std::vector<Command>{
        {"ssh",
         "ssh ID [--user NAME] [--identity FILE] [--timeout SECONDS] [-- COMMAND …]",
         "Opens a shell on an instance, or runs a command there, by ssh.",
         "ID is an instance id, or the Name tag of one instance. brume waits until the guest answers on port 22, then "
         "becomes ssh. Host keys are kept by instance under $XDG_STATE_HOME/brume (else ~/.local/state/brume), because "
         "addresses are used again.\n\nWithout --identity the private key is the first that exists of "
         "STATE/KEY_key, ~/.ssh/brume-KEY and ~/.ssh/brume-KEY.pem, where KEY is the instance's key pair and STATE the "
         "daemon's state directory; else ssh chooses.",
         {{"--user NAME", "The user on the guest. Default: root."},
          {"--identity FILE", "The private key."},
          {"--timeout SECONDS", "Give up waiting for port 22 after this long. Default: 120."}}},
        {"console",
         "console ID [--follow | --read-only]",
         "Attaches this terminal to an instance's serial console.",
         "Every key goes to the guest; Ctrl-] detaches. The last lines come first. A terminal is shown text, colours "
         "and "
         "cursor movement of what the guest prints; titles, clipboards and questions to the terminal are left out.",
         {{"--follow, --read-only", "Only show; Ctrl-C ends it."}}},
        {"configure",
         "configure [--profile NAME] [--endpoint-url URL] [--show-secret]",
         "Prints the lines that point the aws command line, boto3 and their like at the daemon.",
         "Without --profile they are a shell's: eval \"$(brume configure)\". They name the file with the root's key, "
         "which only root may read. It writes nothing.",
         {{"--profile NAME", "Print lines for ~/.aws/config and ~/.aws/credentials instead."},
          {"--endpoint-url URL", "Where the EC2 Query API is. Default: where the daemon says it serves it."},
          {"--show-secret", "Print the root's key itself, too."}}},
        {"doctor",
         "doctor [--rebuild]",
         "Shows what works on this host, and a fix for each fault.",
         "Asks the daemon. When it cannot be reached, looks for why from here. The exit code is 0 when all is well, "
         "and 1 when something is not.",
         {{"--rebuild", "After the loss of the database: make the rows of images, snapshots and volumes again."}}},
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
          {"--max-items N", "So many at most. Default: 50."}}},
        {"explain-path",
         "explain-path --from ID --to ID|ADDRESS [--port N] [--protocol tcp|udp|icmp]",
         "Says what stops a packet between two machines, or what it meets on its way.",
         "An ID is that of an instance, a network interface or an internet gateway, which stands for everybody "
         "outside; "
         "or the Name tag of one instance. No packet is sent: routes, gateways, security groups and network ACLs are "
         "walked as the host has them, for the packet and for its answer. The exit code is 0 where it arrives and is "
         "answered, and 1 where it is stopped.",
         {{"--from ID", "Who sends."},
          {"--to ID|ADDRESS", "Whom it is sent to. An IPv6 address: the packet is one of IPv6."},
          {"--port N", "The port that is sent to. Default: any, which only rules about all ports let through."},
          {"--protocol NAME", "tcp, the default, udp, or icmp for an echo request, which has no port."}}},
        {"flow-logs",
         "flow-logs [FLOW-LOG-ID …] [--follow] [--interface ID] [--instance ID]",
         "Shows the records of flow logs: who talked to whom, and what was rejected.",
         "Oldest first, from the files that are there; of all flow logs, or of those that are named. Records are made "
         "once "
         "a minute, and when a log is deleted. Each is printed as its file has it, in the log's own format.",
         {{"--follow", "Go on with the records to come; Ctrl-C ends it."},
          {"--interface ID", "Records of this network interface."},
          {"--instance ID", "Records of this instance's interfaces; ID may be its Name tag."}}},
        {"catalogue",
         "catalogue",
         "Lists the images that import-image knows by a name, and which are imported.",
         "With whom to log in as, the firmware, the GiB a root volume needs, the newest image that was imported and "
         "the URL.",
         {}},
        {"stats",
         "stats [--reset]",
         "Shows how many calls the daemon served, and how long they took inside it.",
         "Counted since the daemon's start, by action; quantiles are at most an eighth too long.",
         {{"--reset", "Begin to count anew, after this answer."}}},
        {"snapshot",
         "snapshot export SNAPSHOT FILE [--force] | snapshot import FILE [--description TEXT]",
         "Writes a snapshot to a file here, or makes one of a file.",
         "The file is a raw disk; what is zeros takes no room in it. An import prints the new snapshot's id once it is "
         "completed. What fails or is interrupted leaves neither half a file nor half a snapshot. Every block's "
         "checksum "
         "is compared on both sides.",
         {{"--force", "Replace a file that is there already."},
          {"--description TEXT", "What the snapshot is made for."}}},
        {"configure-tls",
         "configure-tls [--dir DIRECTORY] [--name HOST …] [--force]",
         "Makes a certificate, so that the Query API is served over HTTPS.",
         "Makes brumed.crt and, readable by its owner alone, brumed.key: self-signed, ECDSA on P-256, good for ten "
         "years, "
         "for localhost, 127.0.0.1, ::1 and this host's name. Then shows what to write into brumed.toml, and the "
         "variable that makes the aws CLI and the SDKs trust the certificate. The daemon is not asked.",
         {{"--dir DIRECTORY", "Where to. Made where it does not exist. Default: /etc/brume/tls."},
          {"--name HOST", "One more DNS name or address that clients reach the daemon by; may be given often."},
          {"--force", "Replace a certificate and key that are there already."}}},
        {"wait", "wait WAITER [FLAGS …] [--timeout SECONDS]", "Waits until instances or images are in a state.",
         "FLAGS are those of the describe action that is asked, such as --instance-ids. The exit code is 255 when the "
         "state cannot be reached any more, or not in time.",
         waiters},
        {"completion",
         "completion bash|zsh|fish",
         "Prints a script that completes actions, flags, ids, names and types.",
         "In ~/.bashrc: eval \"$(brume completion bash)\"; in ~/.zshrc, behind compinit: eval \"$(brume completion "
         "zsh)\"; in ~/.config/fish/config.fish: brume completion fish | source",
         {}},
        {"help",
         "help [ACTION | SERVICE | commands | all] | help --web | help --man [ACTION] | help --man-all DIR | "
         "help --markdown [SERVICE]",
         "Shows an action's flags, the actions of a service, or everything; where the documentation is; man pages.",
         "Help that is longer than the terminal goes through $PAGER, else less.",
         {}}};
  }();
  return *commands;
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
