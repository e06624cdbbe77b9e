// `brume backup` and `brume restore`: the whole installation, into a directory and back. A backup is the running
// daemon's work; checks and restores are done by brumed as a program of its own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

// The exit codes.
absl::StatusOr<int> RunBackup(const GlobalOptions& global, const std::vector<std::string>& tokens);
absl::StatusOr<int> RunRestore(const GlobalOptions& global, const std::vector<std::string>& tokens);

Command BackupCommand();
Command RestoreCommand();

}  // namespace brume::cli
