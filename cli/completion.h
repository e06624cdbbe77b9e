// Completion for bash: a small script that asks `brume __complete` for the candidates.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::cli {

// The script `brume completion bash` prints.
std::string BashCompletionScript();

// `text` as one word of a shell's: as it is, or in single quotes where a shell would make something else of it.
std::string ShellWord(absl::string_view text);

// Candidates for `words[index]`, where words[0] is "brume", each as ShellWord has it. `ids` asks the daemon for ids of
// the kind with this prefix (lib/resource/kinds.h) or, for "", key pair names; it answers at once or not at all.
using IdSource = std::vector<std::string> (*)(const Schema& schema, const GlobalOptions& global,
                                              absl::string_view prefix);
std::vector<std::string> Complete(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                  IdSource ids);

// Ids from the daemon, within a fraction of a second; none when it does not answer.
std::vector<std::string> IdsFromDaemon(const Schema& schema, const GlobalOptions& global, absl::string_view prefix);

// `brume completion bash`
absl::StatusOr<int> RunCompletion(const GlobalOptions& global, const std::vector<std::string>& tokens);

}  // namespace brume::cli
