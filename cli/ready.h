// Instances that can be logged in to: SSH answers, and cloud-init is done where it can be asked.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// Waits until every instance that the answer of RunInstances or StartInstances names answers by SSH, then by ssh for
// cloud-init; a guest that lets nobody in by the key we have, or has no cloud-init, is ready when it answers. An error
// says which is not, and shows the last lines of its console.
absl::Status AwaitReady(const Schema& schema, Client& client, const nlohmann::ordered_json& answer,
                        absl::Duration timeout);

// `failure`, with the last lines of the console of the first instance that the answer names.
absl::Status WithConsole(Client& client, const nlohmann::ordered_json& answer, const absl::Status& failure);

// For the answer of RunInstances: who can log in to instances without a key pair, and how they are reached; "" when all
// have one.
std::string KeylessNote(const nlohmann::ordered_json& answer);

}  // namespace brume::cli
