// Texts of policies that stand for many: "*" is any run of characters, "?" one character, "${aws:username}" a value of
// the call. Source: "IAM policy elements: Variables and tags" in the IAM User Guide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/gateway/access_question.h"

namespace brume::iam {

// Condition keys of a call, in lower case, with their values.
using Context = AccessContext;

class PolicyPattern {
 public:
  struct Syntax {
    bool wildcards = true;
    // ${KEY}, ${KEY, 'default'} and ${*}, ${?}, ${$} have their meaning: Version 2012-10-17.
    bool variables = true;
  };
  // Error: InvalidArgument for a variable that does not end or has no name.
  static absl::StatusOr<PolicyPattern> Parse(absl::string_view text, Syntax syntax);

  // Whether it stands for all of `text`. A variable without a value, or with several, stands for nothing. Takes time in
  // proportion to the pattern's length times the text's, at most.
  bool Matches(absl::string_view text, const Context& context, bool ignore_case = false) const;

  // The condition keys of its variables, in lower case.
  std::vector<std::string> VariableKeys() const;

  // Splits at the first `max_parts - 1` colons that are characters of the text, not of a variable's name.
  std::vector<PolicyPattern> SplitAtColons(size_t max_parts) const;
  // "*".
  static PolicyPattern Everything();

 private:
  // A byte, or one of the marks in the .cc, or kVariables + an index into variables_.
  using Symbol = uint16_t;
  struct Variable {
    std::string key;  // in lower case
    std::optional<std::string> otherwise;
  };

  absl::Status AddVariable(absl::string_view name);
  static bool Match(absl::Span<const Symbol> pattern, absl::string_view text, bool ignore_case);

  std::vector<Symbol> symbols_;
  std::vector<Variable> variables_;
};

// A pattern over ARNs: each of the six fields is matched by itself, so that no "*" reaches beyond its field but in the
// last. Fields that are missing at the end are "*", as is the whole pattern "*".
class ArnPattern {
 public:
  // Errors: InvalidArgument for what is neither an ARN nor "*".
  static absl::StatusOr<ArnPattern> Parse(absl::string_view text, bool variables);

  bool Matches(absl::string_view arn, const Context& context) const;

  // The condition keys of its variables, in lower case.
  std::vector<std::string> VariableKeys() const;

 private:
  std::vector<PolicyPattern> fields_;  // none = everything
};

}  // namespace brume::iam
