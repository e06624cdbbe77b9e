// `brume ssh`: ssh to an instance, with its address, key and host key looked after.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

struct SshTarget {
  std::string instance_id;
  std::string address;
  std::string user;
  std::string identity;     // private key file; empty = ssh's own choice
  std::string known_hosts;  // file of this instance alone
  std::vector<std::string> command;
};

// The argument vector of ssh. Addresses are reused, so host keys are kept by instance, not by address.
std::vector<std::string> SshArguments(const SshTarget& target);

// The first readable of STATE/KEY_key, ~/.ssh/brume-KEY and ~/.ssh/brume-KEY.pem; "" when there is none.
std::string FindIdentity(const std::string& key_name);

// Becomes ssh; returns only on failure, or the exit code when nothing was to be run (--help).
absl::StatusOr<int> RunSsh(const Schema& schema, const GlobalOptions& global, const std::vector<std::string>& tokens);

Command SshCommand();

}  // namespace brume::cli
