// Finding the one instance a hand-made command is about.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// The instance as describe-instances shows it. `name`: its id, or the Name tag of exactly one that is not terminated.
absl::StatusOr<nlohmann::ordered_json> FindInstance(const Schema& schema, Client& client, const std::string& name);

}  // namespace brume::cli
