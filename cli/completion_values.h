// What the daemon can tell completion: the ids, names and types that are there.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::cli {

struct Candidate {
  std::string value;
  std::string what = {};  // beside it where the shell shows more: a Name tag
};

// A question to the daemon: an action, and the JMESPath of its answer that gives values, or pairs of a value and what
// is shown beside it.
struct ValueQuestion {
  std::string family = "ec2";
  std::string action = {};  // empty = nobody knows
  std::string path = {};
};
using CandidateSource = std::vector<Candidate> (*)(const Schema& schema, const GlobalOptions& global,
                                                   const ValueQuestion& question);

// Of the ids of a kind (lib/resource/kinds.h): "i", "vol".
ValueQuestion IdsOf(absl::string_view prefix);
// Of the values of a field of an action's request, by the field's name.
ValueQuestion ValuesOf(absl::string_view family, absl::string_view field);
ValueQuestion ImageNames();
// Of what a filter of an action looks at, as it is now.
ValueQuestion FilterValuesOf(const ApiAction& action, const std::string& filter);

// The daemon's answer, within a fraction of a second; none when it does not answer.
std::vector<Candidate> CandidatesFromDaemon(const Schema& schema, const GlobalOptions& global,
                                            const ValueQuestion& question);

// Files and directories that begin with `typed`, behind its "file://" or "fileb://" where it has that.
std::vector<Candidate> FilesAt(const std::string& typed);

}  // namespace brume::cli
