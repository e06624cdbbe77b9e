#include "lib/cloudwatch/model/alarm_rule.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::alarm {
namespace {

constexpr size_t kMaxCharacters = 10240;
constexpr size_t kMaxAlarmsInRule = 100;
constexpr int kMaxLevels = 64;
constexpr size_t kPercent = 100;

}  // namespace

// Recursive descent, one function for each level of binding. Each returns the index of the node it made.
class RuleParser {
 public:
  explicit RuleParser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<Rule> Parse() {
    RETURN_IF_ERROR(ParseOr(0).status());
    SkipSpace();
    if (!rest_.empty()) return Bad("AND, OR or the end");
    return std::move(rule_);
  }

 private:
  using Index = absl::StatusOr<size_t>;

  Index ParseOr(int level) {
    ASSIGN_OR_RETURN(size_t left, ParseAnd(level));
    while (ConsumeWord("OR")) {
      ASSIGN_OR_RETURN(const size_t right, ParseAnd(level));
      left = Add({.kind = Rule::Kind::kOr, .left = left, .right = right});
    }
    return left;
  }

  Index ParseAnd(int level) {
    ASSIGN_OR_RETURN(size_t left, ParseNot(level));
    while (ConsumeWord("AND")) {
      ASSIGN_OR_RETURN(const size_t right, ParseNot(level));
      left = Add({.kind = Rule::Kind::kAnd, .left = left, .right = right});
    }
    return left;
  }

  Index ParseNot(int level) {
    if (level >= kMaxLevels) return Bad("no more levels");
    if (ConsumeWord("NOT")) {
      ASSIGN_OR_RETURN(const size_t operand, ParseNot(level + 1));
      return Add({.kind = Rule::Kind::kNot, .left = operand});
    }
    if (Consume('(')) {
      ASSIGN_OR_RETURN(const size_t inner, ParseOr(level + 1));
      if (!Consume(')')) return Bad("')'");
      return inner;
    }
    for (const bool value : {true, false}) {
      if (ConsumeWord(value ? "TRUE" : "FALSE")) return Add({.kind = Rule::Kind::kConstant, .value = value});
    }
    if (ConsumeWord("AT_LEAST")) return ParseAtLeast();
    if (const std::optional<State> state = ConsumeState(); state.has_value()) return ParseAlarm(*state);
    return Bad("ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or '('");
  }

  std::optional<State> ConsumeState() {
    for (const State state : {State::kOk, State::kAlarm, State::kInsufficientData}) {
      if (ConsumeWord(StateName(state))) return state;
    }
    return std::nullopt;
  }

  Index ParseAlarm(State state) {
    if (!Consume('(')) return Bad("'('");
    ASSIGN_OR_RETURN(const std::string name, ParseName(")"));
    if (!Consume(')')) return Bad("')'");
    ASSIGN_OR_RETURN(const size_t alarm, AddAlarm(name));
    return Add({.kind = Rule::Kind::kState, .state = state, .alarm = alarm});
  }

  // Behind AT_LEAST: (M, STATE, (a, b, …)), where M is a number or a percentage, and STATE may stand behind NOT.
  Index ParseAtLeast() {
    if (!Consume('(')) return Bad("'('");
    ASSIGN_OR_RETURN(const size_t least, ParseNumber());
    const bool percent = Consume('%');
    if (least == 0 || (percent && least > kPercent)) return Bad("a number from 1, or a percentage from 1% to 100%,");
    if (!Consume(',')) return Bad("','");
    Rule::Node node{.kind = Rule::Kind::kAtLeast, .negated = ConsumeWord("NOT")};
    const std::optional<State> state = ConsumeState();
    if (!state.has_value()) return Bad("ALARM, OK or INSUFFICIENT_DATA");
    node.state = *state;
    if (!Consume(',')) return Bad("','");
    if (!Consume('(')) return Bad("'('");
    do {
      ASSIGN_OR_RETURN(const std::string name, ParseName(",)"));
      ASSIGN_OR_RETURN(const size_t alarm, AddAlarm(name));
      if (std::find(node.of.begin(), node.of.end(), alarm) != node.of.end()) return Bad("each alarm once");
      node.of.push_back(alarm);
    } while (Consume(','));
    // Of a share what is not whole counts as one more.
    node.least = percent ? (node.of.size() * least + kPercent - 1) / kPercent : least;
    if (node.least > node.of.size()) return Bad("as many alarms as it asks for");
    if (!Consume(')') || !Consume(')')) return Bad("')'");
    return Add(std::move(node));
  }

  // Of a few digits; more are more than there can be alarms.
  absl::StatusOr<size_t> ParseNumber() {
    constexpr size_t kMaxDigits = 4;
    SkipSpace();
    size_t digits = 0, number = 0;
    while (digits < std::min(rest_.size(), kMaxDigits) && absl::ascii_isdigit(rest_[digits])) {
      number = number * 10 + (rest_[digits++] - '0');
    }
    if (digits == 0) return Bad("a number");
    rest_.remove_prefix(digits);
    return number;
  }

  Index AddAlarm(const std::string& name) {
    const auto found = std::find(rule_.alarms_.begin(), rule_.alarms_.end(), name);
    const size_t alarm = found - rule_.alarms_.begin();
    if (found == rule_.alarms_.end()) rule_.alarms_.push_back(name);
    if (rule_.alarms_.size() > kMaxAlarmsInRule) return Bad("no more than 100 alarms");
    return alarm;
  }

  // In quotes a backslash takes the next character as it is; without quotes the name goes to one of `ends`.
  absl::StatusOr<std::string> ParseName(absl::string_view ends) {
    std::string name;
    if (Consume('"')) {
      while (!rest_.empty() && rest_[0] != '"') {
        if (rest_[0] == '\\') rest_.remove_prefix(1);
        if (rest_.empty()) break;
        name.push_back(rest_[0]);
        rest_.remove_prefix(1);
      }
      if (!absl::ConsumePrefix(&rest_, "\"")) return Bad("'\"'");
    } else {
      const size_t end = std::min(rest_.find_first_of(ends), rest_.size());
      name = std::string(absl::StripAsciiWhitespace(rest_.substr(0, end)));
      rest_.remove_prefix(end);
    }
    if (name.empty()) return Bad("an alarm's name");
    return name;
  }

  void SkipSpace() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  bool Consume(char c) {
    SkipSpace();
    return absl::ConsumePrefix(&rest_, absl::string_view(&c, 1));
  }

  // A word ends where no letter, digit or underscore follows.
  bool ConsumeWord(absl::string_view word) {
    SkipSpace();
    absl::string_view after = rest_;
    if (!absl::ConsumePrefix(&after, word)) return false;
    if (!after.empty() && (absl::ascii_isalnum(after[0]) || after[0] == '_')) return false;
    rest_ = after;
    return true;
  }

  size_t Add(Rule::Node node) {
    rule_.nodes_.push_back(std::move(node));
    return rule_.nodes_.size() - 1;
  }

  absl::Status Bad(absl::string_view wanted) {
    SkipSpace();
    constexpr size_t kShown = 20;
    const std::string where = rest_.empty() ? "its end" : absl::StrCat("'", rest_.substr(0, kShown), "'");
    return ec2::Error("ValidationError", absl::StrCat("AlarmRule is invalid at position ", text_.size() - rest_.size(),
                                                      ": expected ", wanted, " before ", where));
  }

  const absl::string_view text_;
  absl::string_view rest_;
  Rule rule_;
};

absl::StatusOr<Rule> Rule::Parse(absl::string_view text) {
  if (text.size() > kMaxCharacters) {
    return ec2::Error("ValidationError", "AlarmRule is invalid: it is longer than 10240 characters");
  }
  return RuleParser(text).Parse();
}

bool Rule::Holds(absl::FunctionRef<State(absl::string_view)> state_of) const {
  std::vector<bool> truths;
  truths.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    switch (node.kind) {
      case Kind::kConstant:
        truths.push_back(node.value);
        break;
      case Kind::kState:
        truths.push_back(state_of(alarms_[node.alarm]) == node.state);
        break;
      case Kind::kAtLeast:
        truths.push_back(static_cast<size_t>(std::count_if(node.of.begin(), node.of.end(), [&](size_t alarm) {
                           return (state_of(alarms_[alarm]) == node.state) != node.negated;
                         })) >= node.least);
        break;
      case Kind::kNot:
        truths.push_back(!truths[node.left]);
        break;
      case Kind::kAnd:
        truths.push_back(truths[node.left] && truths[node.right]);
        break;
      case Kind::kOr:
        truths.push_back(truths[node.left] || truths[node.right]);
        break;
    }
  }
  return truths.back();
}

}  // namespace brume::alarm
