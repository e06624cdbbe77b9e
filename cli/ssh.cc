#include "cli/ssh.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/instances.h"
#include "cli/rpc_client.h"
#include "cli/short_images.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/resource/ids.h"

extern char** environ;

namespace brume::cli {
namespace {

// Of an address of either family, or none.
struct PortOfSsh {
  sockaddr_storage address = {};
  socklen_t size = 0;
};
PortOfSsh PortAt(const std::string& address, uint16_t number) {
  PortOfSsh port;
  auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&port.address);
  auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&port.address);
  if (inet_pton(AF_INET, address.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(number);
    port.size = sizeof(*ipv4);
  } else if (inet_pton(AF_INET6, address.c_str(), &ipv6->sin6_addr) == 1) {
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(number);
    port.size = sizeof(*ipv6);
  }
  return port;
}

absl::Status WaitForSsh(const std::string& id, const std::string& address, absl::Duration timeout) {
  const absl::Time start = absl::Now();
  Progress progress;
  while (!SpeaksSsh(address, std::min(timeout, absl::Duration(absl::Seconds(2))))) {
    const absl::Duration waited = absl::Now() - start;
    if (waited > timeout) {
      return absl::DeadlineExceededError(absl::StrCat(
          id, " does not answer on ", address, " port 22 after ", absl::ToInt64Seconds(waited),
          " s. Does its security group let tcp port 22 in (brume describe-security-groups), and has it booted (brume "
          "console ",
          id, " --follow)?"));
    }
    progress.Show(absl::StrCat("waiting for ", id, " to answer on port 22"),
                  absl::StrCat(absl::ToInt64Seconds(waited), " s"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return absl::OkStatus();
}

// A file for the host keys of this instance, in a directory only we write.
absl::StatusOr<std::string> KnownHostsFile(const std::string& id) {
  // The daemon may be a remote one: what it says names a file here only in the form of an id.
  if (KindOfId(id) != &InstanceId::kKind || absl::StrContains(id, "/")) {
    return absl::InternalError("the daemon answered with an instance id that is none");
  }
  const char* state_home = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path directory;
  if (state_home != nullptr && state_home[0] == '/') {
    directory = std::filesystem::path(state_home) / "brume";
  } else if (home != nullptr && home[0] == '/') {
    directory = std::filesystem::path(home) / ".local/state/brume";
  } else {
    directory = StateDir();
  }
  directory /= "known_hosts";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnknownError(absl::StrCat("the directory ", directory.string(), " cannot be made: ", error.message()));
  }
  chmod(directory.c_str(), 0700);  // best effort: the parent may belong to someone who allowed us to write
  return (directory / id).string();
}

// Whom the image wants to be logged in to as: the catalogue knows of its own.
absl::StatusOr<std::string> DefaultUser(Client& client, const std::string& image_id) {
  ASSIGN_OR_RETURN(const host::v1::ListCatalogueImagesResponse catalogue, ImageCatalogue(client));
  for (const host::v1::CatalogueImage& entry : catalogue.images()) {
    if (!image_id.empty() && entry.image_id() == image_id && !entry.default_user().empty()) return entry.default_user();
  }
  return std::string("root");
}

absl::Status CheckReachable(const ec2::v1::Instance& instance) {
  const std::string& state = instance.state().name();
  if (state == "pending" || state == "running") return absl::OkStatus();
  const std::string hint = state == "stopped" ? absl::StrCat(". Start it: brume start ", ShortNameOf(instance)) : "";
  return absl::FailedPreconditionError(absl::StrCat(CalledAs(instance), " is ", state, hint));
}

// The instance once it runs.
absl::StatusOr<ec2::v1::Instance> AwaitRunning(Client& client, const std::string& name, absl::Time deadline) {
  const absl::Time start = absl::Now();
  Progress progress;
  while (true) {
    ASSIGN_OR_RETURN(ec2::v1::Instance instance, FindInstance(client, name));
    if (client.simulated()) {
      // Its addresses are made up: they may be somebody's on the real network.
      return absl::FailedPreconditionError("this brumed simulates: there is no guest to log in to");
    }
    RETURN_IF_ERROR(CheckReachable(instance));
    if (instance.state().name() == "running") return instance;
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(CalledAs(instance), " is still ", instance.state().name()));
    }
    progress.Show(absl::StrCat("waiting for ", CalledAs(instance), " to run"),
                  absl::StrCat(absl::ToInt64Seconds(absl::Now() - start), " s"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace

bool SpeaksSsh(const std::string& address, absl::Duration timeout, uint16_t port) {
  const PortOfSsh peer = PortAt(address, port);
  if (peer.size == 0) return false;
  const UniqueFd fd(socket(peer.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return false;
  const absl::Time deadline = absl::Now() + timeout;
  const auto wait_for = [&](short event) {
    pollfd waiting{fd.get(), event, 0};
    const int64_t left = std::max<int64_t>(absl::ToInt64Milliseconds(deadline - absl::Now()), 0);
    return poll(&waiting, 1, static_cast<int>(left)) == 1;
  };
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer.address), peer.size) != 0) {
    int error = 0;
    socklen_t size = sizeof(error);
    if (errno != EINPROGRESS || !wait_for(POLLOUT)) return false;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
  }
  constexpr absl::string_view kBanner = "SSH-";
  std::string heard;  // which may come in pieces
  while (heard.size() < kBanner.size() && wait_for(POLLIN)) {
    char piece[kBanner.size()];
    const ssize_t got = recv(fd.get(), piece, kBanner.size() - heard.size(), 0);
    if (got <= 0) return false;
    heard.append(piece, static_cast<size_t>(got));
  }
  return heard == std::string(kBanner);
}

std::vector<std::string> SshArguments(const SshTarget& target, const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = {
      "ssh",
      "-o",
      absl::StrCat("UserKnownHostsFile=\"", absl::StrReplaceAll(target.known_hosts, {{"%", "%%"}}), "\""),
      "-o",
      absl::StrCat("HostKeyAlias=", target.instance_id),
      "-o",
      "StrictHostKeyChecking=accept-new",
      "-o",
      "CheckHostIP=no",
      "-o",
      "ConnectTimeout=20",
      "-o",
      "ServerAliveInterval=15",
      "-o",
      "LogLevel=ERROR"};
  if (!target.identity.empty()) {
    for (const char* word : {"-o", "IdentitiesOnly=yes", "-i"}) arguments.emplace_back(word);
    arguments.push_back(target.identity);
  }
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  for (const std::string& word : {std::string("-l"), target.user, std::string("--"), target.address}) {
    arguments.push_back(word);
  }
  arguments.insert(arguments.end(), target.command.begin(), target.command.end());
  return arguments;
}

std::string FindIdentity(const std::string& key_name) {
  // The name becomes part of a path: one that would leave the directory names no file of ours.
  if (key_name.empty() || absl::StrContains(key_name, "/")) return "";
  std::vector<std::string> candidates = {absl::StrCat(StateDir(), "/", key_name, "_key")};
  if (const char* home = std::getenv("HOME")) {
    candidates.push_back(absl::StrCat(home, "/.ssh/brume-", key_name));
    candidates.push_back(absl::StrCat(home, "/.ssh/brume-", key_name, ".pem"));
  }
  for (const std::string& path : candidates) {
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return "";
}

std::string SshAddressOf(const ec2::v1::Instance& instance) {
  if (instance.has_public_ip_address()) return instance.public_ip_address();
  // Without IPv4 it is reached by IPv6, as far as its subnet's routes lead.
  return instance.private_ip_address().empty() ? instance.ipv6_address() : "";
}

const std::vector<OptionSpec>& SshOptionSpecs() {
  static const auto* const specs = new std::vector<OptionSpec>{{"user"}, {"identity"}, {"timeout"}, {"help", false}};
  return *specs;
}

const std::vector<std::pair<std::string, std::string>>& SshOptionHelp() {
  static const auto* const help = new std::vector<std::pair<std::string, std::string>>{
      {"--user NAME", "The user on the guest. Default: that of its image in the catalogue, otherwise root."},
      {"--identity FILE", "The private key. Default: that of the instance's key pair; see brume help ssh."},
      {"--timeout SECONDS", "Give up waiting for port 22 after this long. Default: 120."}};
  return *help;
}

absl::StatusOr<SshWishes> ParseSshWishes(const ParsedOptions& options) {
  SshWishes wishes;
  if (const std::string* const user = options.Find("user")) wishes.user = *user;
  if (const std::string* const identity = options.Find("identity")) {
    if (access(identity->c_str(), R_OK) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("--identity: ", *identity, ": ", std::strerror(errno)));
    }
    wishes.identity = *identity;
  }
  int seconds = 0;
  if (const std::string* const text = options.Find("timeout")) {
    if (!absl::SimpleAtoi(*text, &seconds) || seconds < 1) {
      return absl::InvalidArgumentError("--timeout takes a number of seconds from 1 up");
    }
    wishes.timeout = absl::Seconds(seconds);
  }
  return wishes;
}

absl::StatusOr<SshTarget> ReachBySsh(Client& client, const std::string& name, const SshWishes& wishes) {
  ASSIGN_OR_RETURN(const ec2::v1::Instance instance, AwaitRunning(client, name, absl::Now() + wishes.timeout));
  SshTarget target;
  target.instance_id = instance.instance_id();
  target.address = SshAddressOf(instance);
  if (target.address.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(target.instance_id, " has no public address, and its private one (", instance.private_ip_address(),
                     ") is reachable from its VPC alone. Launch with --associate-public-ip-address, use a subnet that "
                     "maps public addresses, or use brume console ",
                     target.instance_id));
  }
  target.user = wishes.user;
  if (target.user.empty()) {
    ASSIGN_OR_RETURN(target.user, DefaultUser(client, instance.image_id()));
  }
  target.identity = wishes.identity.empty() ? FindIdentity(instance.key_name()) : wishes.identity;
  ASSIGN_OR_RETURN(target.known_hosts, KnownHostsFile(target.instance_id));
  RETURN_IF_ERROR(WaitForSsh(target.instance_id, target.address, wishes.timeout));
  return target;
}

absl::Status BecomeSsh(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return absl::UnknownError(
      absl::StrCat("ssh cannot be run: ", std::strerror(errno), ". Install it: apt install openssh-client"));
}

absl::StatusOr<pid_t> StartProgram(std::vector<std::string> arguments, int input, int output) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnknownError(absl::StrCat(arguments[0], " cannot be run: ", std::strerror(error)));
  return pid;
}

absl::StatusOr<int> AwaitProgram(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::UnknownError(absl::StrCat("waitpid: ", std::strerror(errno)));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<int> RunSsh(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, SshOptionSpecs()));
  if (options.Find("help")) {
    RETURN_IF_ERROR(Print(CommandHelpText("ssh", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (options.positional.size() != 1) {
    return absl::InvalidArgumentError("brume ssh takes one instance: brume ssh ID [--user NAME] [-- COMMAND …]");
  }
  ASSIGN_OR_RETURN(const SshWishes wishes, ParseSshWishes(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(SshTarget target, ReachBySsh(*client, options.positional[0], wishes));
  target.command = options.after_dashes;
  return BecomeSsh(SshArguments(target));
}

Command SshCommand() {
  return {
      "ssh",
      "ssh ID [--user NAME] [--identity FILE] [--timeout SECONDS] [-- COMMAND …]",
      "Opens a shell or runs a command on an instance, over ssh.",
      "ID is an instance id, or the Name tag of one instance. brume waits until the guest answers on port 22, then "
      "runs ssh. Host keys are stored per instance under $XDG_STATE_HOME/brume (by default ~/.local/state/brume), "
      "because addresses are reused.\n\nWithout --identity, the private key is the first that exists of "
      "STATE/KEY_key, ~/.ssh/brume-KEY and ~/.ssh/brume-KEY.pem, where KEY is the instance's key pair and STATE the "
      "daemon's state directory; otherwise ssh chooses.",
      {{"--user NAME", "The user on the guest. Default: that of its image in the catalogue, otherwise root."},
       {"--identity FILE", "The private key."},
       {"--timeout SECONDS", "Give up waiting for port 22 after this long. Default: 120."}},
      WithoutSchema<RunSsh>};
}

}  // namespace brume::cli
