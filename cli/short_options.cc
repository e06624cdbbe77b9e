#include "cli/short_options.h"

#include <unistd.h>

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"

namespace brume::cli {

absl::StatusOr<std::optional<ParsedOptions>> ParseShort(const ShortUsage& usage, const std::vector<std::string>& tokens,
                                                        std::vector<OptionSpec> specs) {
  specs.push_back({"help", false});
  std::vector<std::string> long_tokens = tokens;
  for (std::string& token : long_tokens) {
    if (token == "--") break;
    if (token == "-h") token = "--help";
  }
  ASSIGN_OR_RETURN(ParsedOptions options, ParseOptions(long_tokens, specs));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText(usage.command, TerminalWidth(STDOUT_FILENO))));
    return std::optional<ParsedOptions>();
  }
  const size_t given = options.positional.size();
  if (given < usage.least || given > usage.most || (!usage.takes_command && !options.after_dashes.empty())) {
    return absl::InvalidArgumentError(absl::StrCat("usage: ", usage.usage, "; see brume help ", usage.command));
  }
  return std::optional<ParsedOptions>(std::move(options));
}

absl::StatusOr<absl::Duration> TimeoutOf(const ParsedOptions& options, absl::Duration otherwise) {
  const std::string* const text = options.Find("timeout");
  if (text == nullptr) return otherwise;
  int seconds = 0;
  if (!absl::SimpleAtoi(*text, &seconds) || seconds < 1) {
    return absl::InvalidArgumentError("--timeout takes a number of seconds from 1 up");
  }
  return absl::Seconds(seconds);
}

}  // namespace brume::cli
