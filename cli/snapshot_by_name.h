// `brume snapshot NAME`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/rpc_client.h"

namespace brume::cli {

// Snapshots of the volumes of an instance, all of one moment, or of one volume: by id or Name tag. Prints their ids,
// with `wait` once they are completed. The exit code.
absl::StatusOr<int> SnapshotByName(Client& client, const std::string& name, const std::string& description, bool wait);

}  // namespace brume::cli
