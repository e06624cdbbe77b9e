// `brume console`: an instance's serial console on this terminal.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::cli {

// Attaches until Ctrl-], the end of input, a signal or the end of the instance. The terminal is raw meanwhile, and as
// before afterwards. With --follow or --read-only nothing is typed to the guest and Ctrl-C ends it.
absl::StatusOr<int> RunConsole(const Schema& schema, const GlobalOptions& global,
                               const std::vector<std::string>& tokens);

}  // namespace brume::cli
