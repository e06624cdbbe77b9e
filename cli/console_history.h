// What a console showed before anybody looked.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/rpc_client.h"

namespace brume::cli {

// The last `lines` lines of `text`, and no more than 4 KiB; an unfinished last line, a prompt, counts as one.
std::string LastLines(const std::string& text, int lines);

// What an instance's console printed, as far as it is kept: the guest's own bytes.
absl::StatusOr<std::string> ConsoleText(Client& client, const std::string& instance_id);

// The last lines of that.
absl::StatusOr<std::string> ConsoleHistory(Client& client, const std::string& instance_id, int lines);

}  // namespace brume::cli
