// Paths and commands on guests, as `brume exec`, `cp` and `forward` understand them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/commands.h"

namespace brume::cli {

// What the guest's shell is given: one word as it is, of several each quoted, so that it stays one.
std::vector<std::string> RemoteCommand(const std::vector<std::string>& words);

// "web:/etc/hosts" as instance and path; unset for a path of this machine ("./a:b" is one).
struct RemotePath {
  std::string instance;
  std::string path;  // empty = the home directory
};
std::optional<RemotePath> ParseRemotePath(const std::string& text);

// "8080:80", or "80" for both, as ssh's -L has it: of this machine's loopback address alone.
absl::StatusOr<std::string> ForwardArgument(const std::string& text);

Command ExecCommand();
Command ShellCommand();
Command CpCommand();
Command ForwardCommand();

}  // namespace brume::cli
