// ssh to an instance, with its address, key and host key looked after; `brume ssh` and what is made of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "brume/ec2/v1/instance.pb.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/rpc_client.h"

namespace brume::cli {

struct SshTarget {
  std::string instance_id;
  std::string address;
  std::string user;
  std::string identity;     // private key file; empty = ssh's own choice
  std::string known_hosts;  // file of this instance alone
  std::vector<std::string> command;
};

// How an instance is reached, from the options of a command.
struct SshWishes {
  std::string user;      // empty = root
  std::string identity;  // empty = FindIdentity of its key pair
  absl::Duration timeout = absl::Seconds(120);
};
// The options that give them: --user, --identity, --timeout.
const std::vector<OptionSpec>& SshOptionSpecs();
const std::vector<std::pair<std::string, std::string>>& SshOptionHelp();
absl::StatusOr<SshWishes> ParseSshWishes(const ParsedOptions& options);

// Waits until the instance that is named runs and answers on port 22, and says how it is reached.
absl::StatusOr<SshTarget> ReachBySsh(Client& client, const std::string& name, const SshWishes& wishes);

// True when something at the address answers on the port as SSH does.
inline constexpr uint16_t kSshPort = 22;
bool SpeaksSsh(const std::string& address, absl::Duration timeout, uint16_t port = kSshPort);

// The address to reach an instance at, as far as it has one.
std::string SshAddressOf(const ec2::v1::Instance& instance);

// Becomes the program; returns only on failure.
absl::Status BecomeSsh(std::vector<std::string> arguments);

// Starts a program with the files as its standard input and output, where they are not -1; and waits for its end. The
// exit code, or 128 + the signal that ended it.
absl::StatusOr<pid_t> StartProgram(std::vector<std::string> arguments, int input, int output);
absl::StatusOr<int> AwaitProgram(pid_t pid);

// The argument vector of ssh, with `extra` options of ssh's own. Addresses are reused, so host keys are kept by
// instance, not by address.
std::vector<std::string> SshArguments(const SshTarget& target, const std::vector<std::string>& extra = {});

// The first readable of STATE/KEY_key, ~/.ssh/brume-KEY and ~/.ssh/brume-KEY.pem; "" when there is none.
std::string FindIdentity(const std::string& key_name);

// Becomes ssh; returns only on failure, or the exit code when nothing was to be run (--help).
absl::StatusOr<int> RunSsh(const GlobalOptions& global, const std::vector<std::string>& tokens);

Command SshCommand();

}  // namespace brume::cli
