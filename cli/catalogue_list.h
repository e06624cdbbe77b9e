// `brume catalogue`: the images that can be imported by name.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

absl::StatusOr<int> RunCatalogue(const GlobalOptions& global, const std::vector<std::string>& tokens);

Command CatalogueCommand();

}  // namespace brume::cli
