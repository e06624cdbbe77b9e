// The options of the short commands, which are what a person types all day.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/args.h"

namespace brume::cli {

// How a command is called.
struct ShortUsage {
  const char* command;
  const char* usage;           // "brume stop NAME …"
  size_t least = 0, most = 0;  // words that are no options
  bool takes_command = false;  // whether anything may follow "--"
};

// The command's options, "--help" and "-h" among them: where it is asked for, it is printed, and the options are unset.
absl::StatusOr<std::optional<ParsedOptions>> ParseShort(const ShortUsage& usage, const std::vector<std::string>& tokens,
                                                        std::vector<OptionSpec> specs);

// --timeout, else `otherwise`.
absl::StatusOr<absl::Duration> TimeoutOf(const ParsedOptions& options, absl::Duration otherwise);

}  // namespace brume::cli
