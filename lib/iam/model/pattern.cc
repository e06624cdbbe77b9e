#include "lib/iam/model/pattern.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

constexpr uint16_t kRun = 256;
constexpr uint16_t kOne = 257;
constexpr uint16_t kVariables = 1024;
constexpr size_t kArnFields = 6;
// So that an index is a Symbol; no document that is short enough to be kept has as many.
constexpr size_t kMaxVariables = 30000;

uint16_t Byte(char c) { return static_cast<unsigned char>(c); }
bool ContinuesCharacter(char c) { return (Byte(c) & 0xc0) == 0x80; }

}  // namespace

absl::StatusOr<PolicyPattern> PolicyPattern::Parse(absl::string_view text, Syntax syntax) {
  PolicyPattern pattern;
  for (size_t i = 0; i < text.size(); ++i) {
    if (syntax.variables && absl::StartsWith(text.substr(i), "${")) {
      const size_t end = text.find('}', i);
      if (end == absl::string_view::npos) return absl::InvalidArgumentError("has a variable without its '}'");
      RETURN_IF_ERROR(pattern.AddVariable(text.substr(i + 2, end - i - 2)));
      i = end;
    } else if (syntax.wildcards && text[i] == '*') {
      // Two runs are one.
      if (pattern.symbols_.empty() || pattern.symbols_.back() != kRun) pattern.symbols_.push_back(kRun);
    } else {
      pattern.symbols_.push_back(syntax.wildcards && text[i] == '?' ? kOne : Byte(text[i]));
    }
  }
  return pattern;
}

absl::Status PolicyPattern::AddVariable(absl::string_view name) {
  if (name == "*" || name == "?" || name == "$") {
    symbols_.push_back(Byte(name[0]));
    return absl::OkStatus();
  }
  Variable variable;
  if (const size_t comma = name.find(','); comma != absl::string_view::npos) {
    absl::string_view otherwise = absl::StripAsciiWhitespace(name.substr(comma + 1));
    if (otherwise.size() < 2 || !absl::ConsumePrefix(&otherwise, "'") || !absl::ConsumeSuffix(&otherwise, "'")) {
      return absl::InvalidArgumentError("has a variable whose default is not in single quotes");
    }
    variable.otherwise = std::string(otherwise);
    name = name.substr(0, comma);
  }
  variable.key = absl::AsciiStrToLower(absl::StripAsciiWhitespace(name));
  if (variable.key.find(':') == std::string::npos)
    return absl::InvalidArgumentError("has a variable that names no key");
  if (variables_.size() == kMaxVariables) return absl::InvalidArgumentError("has too many variables");
  symbols_.push_back(static_cast<Symbol>(kVariables + variables_.size()));
  variables_.push_back(std::move(variable));
  return absl::OkStatus();
}

bool PolicyPattern::Match(absl::Span<const Symbol> pattern, absl::string_view text, bool ignore_case) {
  // Only the latest run may have to take more: an earlier one that took more would leave less for the same rest.
  constexpr size_t kNone = -1;
  size_t i = 0, at = 0, run = kNone, run_end = 0;
  while (i < text.size()) {
    const Symbol symbol = at < pattern.size() ? pattern[at] : kVariables;
    if (symbol == kRun) {
      run = at++;
      run_end = i;
    } else if (symbol == kOne && !ContinuesCharacter(text[i])) {
      ++at;
      do {
        ++i;
      } while (i < text.size() && ContinuesCharacter(text[i]));
    } else if (symbol < kRun && (symbol == Byte(text[i]) ||
                                 (ignore_case && absl::ascii_tolower(static_cast<unsigned char>(symbol)) ==
                                                     absl::ascii_tolower(static_cast<unsigned char>(text[i]))))) {
      ++at;
      ++i;
    } else if (run != kNone) {
      at = run + 1;
      i = ++run_end;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == kRun) ++at;
  return at == pattern.size();
}

bool PolicyPattern::Matches(absl::string_view text, const Context& context, bool ignore_case) const {
  if (variables_.empty()) return Match(symbols_, text, ignore_case);
  std::vector<Symbol> expanded;
  for (const Symbol symbol : symbols_) {
    if (symbol < kVariables) {
      expanded.push_back(symbol);
      continue;
    }
    const Variable& variable = variables_[symbol - kVariables];
    const auto value = context.find(variable.key);
    const bool known = value != context.end() && value->second.size() == 1;
    if (!known && !variable.otherwise.has_value()) return false;
    // As it is: a "*" in a value is that character.
    for (const char c : known ? value->second.front() : *variable.otherwise) expanded.push_back(Byte(c));
    if (expanded.size() > text.size() + symbols_.size()) return false;  // more characters than the text has
  }
  return Match(expanded, text, ignore_case);
}

std::vector<std::string> PolicyPattern::VariableKeys() const {
  std::vector<std::string> keys;
  for (const Variable& variable : variables_) keys.push_back(variable.key);
  return keys;
}

std::vector<PolicyPattern> PolicyPattern::SplitAtColons(size_t max_parts) const {
  std::vector<PolicyPattern> parts(1);
  for (const Symbol symbol : symbols_) {
    if (symbol == Byte(':') && parts.size() < max_parts) {
      parts.emplace_back();
      continue;
    }
    PolicyPattern& part = parts.back();
    if (symbol < kVariables) {
      part.symbols_.push_back(symbol);
      continue;
    }
    part.symbols_.push_back(static_cast<Symbol>(kVariables + part.variables_.size()));
    part.variables_.push_back(variables_[symbol - kVariables]);
  }
  return parts;
}

PolicyPattern PolicyPattern::Everything() {
  PolicyPattern pattern;
  pattern.symbols_.push_back(kRun);
  return pattern;
}

absl::StatusOr<ArnPattern> ArnPattern::Parse(absl::string_view text, bool variables) {
  ArnPattern arn;
  if (text == "*") return arn;
  if (!LooksLikeArn(text)) return absl::InvalidArgumentError("must be an ARN or \"*\"");
  ASSIGN_OR_RETURN(const PolicyPattern whole, PolicyPattern::Parse(text, {.variables = variables}));
  arn.fields_ = whole.SplitAtColons(kArnFields);
  while (arn.fields_.size() < kArnFields) arn.fields_.push_back(PolicyPattern::Everything());
  return arn;
}

std::vector<std::string> ArnPattern::VariableKeys() const {
  std::vector<std::string> keys;
  for (const PolicyPattern& field : fields_) {
    const std::vector<std::string> more = field.VariableKeys();
    keys.insert(keys.end(), more.begin(), more.end());
  }
  return keys;
}

bool ArnPattern::Matches(absl::string_view arn, const Context& context) const {
  if (fields_.empty()) return true;
  for (size_t i = 0; i < kArnFields; ++i) {
    const size_t end = i + 1 == kArnFields ? absl::string_view::npos : arn.find(':');
    if (i + 1 < kArnFields && end == absl::string_view::npos) return false;  // no ARN
    if (!fields_[i].Matches(arn.substr(0, end), context)) return false;
    if (end != absl::string_view::npos) arn.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace brume::iam
