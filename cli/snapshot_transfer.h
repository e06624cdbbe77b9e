// `brume snapshot`: export and import, a snapshot as a file here, by the EBS direct APIs; and snapshot NAME.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

// The exit code. Whatever it ends with, signals included, neither half a file nor half a snapshot is left.
absl::StatusOr<int> RunSnapshot(const GlobalOptions& global, const std::vector<std::string>& tokens);

Command SnapshotCommand();

}  // namespace brume::cli
