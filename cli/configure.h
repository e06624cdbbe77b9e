// `brume configure`: the lines that point AWS's own tools at the daemon.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

struct RootKey {
  std::string id;
  std::string secret;
};

struct Signpost {
  std::string credentials_file;  // the daemon's
  std::string region;
  std::string url;
  RootKey key = {};  // shown where it is set
};

// Commands of a shell.
std::string ShellLines(const Signpost& to);
// What belongs into ~/.aws/config, and with the key into ~/.aws/credentials.
std::string ProfileLines(const Signpost& to, const std::string& profile);

// The first key of an AWS shared-credentials file.
absl::StatusOr<RootKey> ReadRootKey(const std::string& path);

// Where the daemon behind `endpoint` keeps its credentials, as far as that can be seen from here.
std::string CredentialsFileOf(const std::string& endpoint);

// The URL the daemon behind `endpoint` says it serves, as it is reached from here: who listens at every address is
// found at the endpoint's. Error: FailedPrecondition when it serves none.
absl::StatusOr<std::string> ReachableUrl(const std::string& served, const std::string& endpoint);

absl::StatusOr<int> RunConfigure(const GlobalOptions& global, const std::vector<std::string>& tokens);

Command ConfigureCommand();

}  // namespace brume::cli
