#include "lib/cloudwatch/model/metric_search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

using Term = MetricPattern::Term;
using TermKind = Term::Kind;

constexpr int kMaxDepth = 20;

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), rest_(text) {}

  // {Namespace,Dimension,…}; nothing where there is none.
  absl::StatusOr<std::vector<std::string>> Schema() {
    std::vector<std::string> names;
    if (!Take('{')) return names;
    while (true) {
      ASSIGN_OR_RETURN(std::string name, Text(",}"));
      names.push_back(std::move(name));
      if (Take('}')) return names;
      if (!Take(',')) return Error("a , or a } is missing");
    }
  }

  absl::StatusOr<std::optional<Term>> All() {
    if (AtEnd()) return std::optional<Term>();
    ASSIGN_OR_RETURN(Term root, Or(0));
    if (!AtEnd()) return Error("this closes nothing,");
    return std::optional(std::move(root));
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " at character ", text_.size() - rest_.size() + 1, " of what is searched for"));
  }

  bool AtEnd() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    return rest_.empty();
  }
  bool Take(char c) { return !AtEnd() && absl::ConsumePrefix(&rest_, absl::string_view(&c, 1)); }
  bool AtWord(absl::string_view word) {
    if (AtEnd() || !absl::StartsWith(rest_, word)) return false;
    const absl::string_view behind = rest_.substr(word.size());
    return behind.empty() || absl::ascii_isspace(behind.front()) || behind.front() == '(';
  }
  bool TakeWord(absl::string_view word) {
    if (!AtWord(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  // Up to white space or one of `ends`, or what stands in quotation marks.
  absl::StatusOr<std::string> Text(absl::string_view ends, bool* quoted = nullptr) {
    if (AtEnd()) return Error("a term is missing");
    if (rest_.front() == '"') {
      const size_t end = rest_.find('"', 1);
      if (end == absl::string_view::npos) return Error("the quotation mark is not closed that stands");
      std::string text(rest_.substr(1, end - 1));
      rest_.remove_prefix(end + 1);
      if (quoted != nullptr) *quoted = true;
      return text;
    }
    size_t length = 0;
    while (length < rest_.size() && !absl::ascii_isspace(rest_[length]) &&
           !absl::StrContains(ends, rest_.substr(length, 1))) {
      ++length;
    }
    if (length == 0) return Error("a term is missing");
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return text;
  }

  absl::StatusOr<Term> Or(int depth) {
    Term all{.kind = TermKind::kOr};
    do {
      ASSIGN_OR_RETURN(Term term, And(depth));
      all.terms.push_back(std::move(term));
    } while (TakeWord("OR"));
    return all;
  }

  absl::StatusOr<Term> And(int depth) {
    Term all{.kind = TermKind::kAnd};
    while (true) {
      ASSIGN_OR_RETURN(Term term, One(depth));
      all.terms.push_back(std::move(term));
      if (TakeWord("AND")) continue;
      if (AtEnd() || rest_.front() == ')' || AtWord("OR")) return all;
    }
  }

  absl::StatusOr<Term> One(int depth) {
    if (depth >= kMaxDepth) return Error("it is nested too deeply");
    if (TakeWord("NOT") || Take('-')) {
      ASSIGN_OR_RETURN(Term term, One(depth + 1));
      Term negated{.kind = TermKind::kNot};
      negated.terms.push_back(std::move(term));
      return negated;
    }
    if (Take('(')) {
      ASSIGN_OR_RETURN(Term term, Or(depth + 1));
      if (!Take(')')) return Error("a ) is missing");
      return term;
    }
    bool quoted = false;
    ASSIGN_OR_RETURN(std::string text, Text("=()\"", &quoted));
    if (!Take('=')) return Term{.kind = TermKind::kText, .text = std::move(text), .whole = quoted};
    ASSIGN_OR_RETURN(Term values, One(depth + 1));
    SetProperty(text, values);
    return values;
  }

  // Name=(a OR b)
  static void SetProperty(const std::string& property, Term& term) {
    if (term.kind == TermKind::kText && term.property.empty()) term.property = property;
    for (Term& each : term.terms) SetProperty(property, each);
  }

  const absl::string_view text_;
  absl::string_view rest_;
};

bool TextMatches(const Term& term, absl::string_view text) {
  return term.whole ? text == term.text
                    : absl::StrContains(absl::AsciiStrToLower(text), absl::AsciiStrToLower(term.text));
}

bool Holds(const Term& term, const MetricId& metric) {
  const auto holds = [&](const Term& each) { return Holds(each, metric); };
  if (term.kind == TermKind::kAnd) return std::all_of(term.terms.begin(), term.terms.end(), holds);
  if (term.kind == TermKind::kOr) return std::any_of(term.terms.begin(), term.terms.end(), holds);
  if (term.kind == TermKind::kNot) return !holds(term.terms.front());
  const bool any = term.property.empty();
  if ((any || term.property == "Namespace") && TextMatches(term, metric.metric_namespace)) return true;
  if ((any || term.property == "MetricName") && TextMatches(term, metric.name)) return true;
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const Dimension& dimension) {
    if (any) return TextMatches(term, dimension.name) || TextMatches(term, dimension.value);
    return term.property == dimension.name && TextMatches(term, dimension.value);
  });
}

}  // namespace

absl::StatusOr<MetricPattern> MetricPattern::Parse(absl::string_view text) {
  Parser parser(text);
  MetricPattern pattern;
  ASSIGN_OR_RETURN(std::vector<std::string> schema, parser.Schema());
  ASSIGN_OR_RETURN(pattern.root_, parser.All());
  if (schema.empty() && !pattern.root_.has_value()) return absl::InvalidArgumentError("nothing is searched for");
  if (schema.empty()) return pattern;
  pattern.metric_namespace_ = schema.front();
  pattern.dimensions_.assign(schema.begin() + 1, schema.end());
  std::sort(pattern.dimensions_.begin(), pattern.dimensions_.end());
  return pattern;
}

bool MetricPattern::Matches(const MetricId& metric) const {
  if (metric_namespace_.has_value()) {
    if (metric.metric_namespace != *metric_namespace_) return false;
    std::vector<std::string> names;
    for (const Dimension& dimension : metric.dimensions) names.push_back(dimension.name);
    std::sort(names.begin(), names.end());
    if (names != dimensions_) return false;
  }
  return !root_.has_value() || Holds(*root_, metric);
}

}  // namespace brume::cloudwatch
