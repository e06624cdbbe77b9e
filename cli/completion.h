// Completion for bash, zsh and fish: small scripts that ask `brume __complete` for the candidates.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/completion_scripts.h"
#include "cli/completion_values.h"

namespace brume::cli {

// `text` as one word of a shell's: as it is, or in single quotes where a shell would make something else of it.
std::string ShellWord(absl::string_view text);

// Candidates for `words[index]`, where words[0] is "brume", in the order of their values. Words may be whole, or split
// at "=" as bash splits them; a candidate then takes the place of the last part. `source` asks the daemon; it answers
// at once or not at all. `described`: whether actions have their summary beside them, which takes time to read.
std::vector<Candidate> CandidatesFor(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                     CandidateSource source, bool described = true);

// Their values alone, as ShellWord has them.
std::vector<std::string> Complete(const Schema& schema, const std::vector<std::string>& words, size_t index,
                                  CandidateSource source);

// `brume __complete INDEX WORD …` prints Complete's, `brume __complete raw INDEX WORD …` a line for each candidate: the
// value as it is, a tab, and what is beside it. The exit code.
absl::StatusOr<int> RunComplete(const Schema& schema, const std::vector<std::string>& argv);

// `brume completion bash`
absl::StatusOr<int> RunCompletion(const GlobalOptions& global, const std::vector<std::string>& tokens);

}  // namespace brume::cli
