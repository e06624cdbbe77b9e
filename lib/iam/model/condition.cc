#include "lib/iam/model/condition.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::iam {
namespace {

std::optional<double> ParseNumber(absl::string_view text) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

// Seconds since 1970, or as https://www.w3.org/TR/NOTE-datetime has it: from the year alone to parts of a second.
std::optional<absl::Time> ParseDate(absl::string_view text) {
  constexpr size_t kYearDigits = 4;
  if (int64_t seconds = 0; text.size() != kYearDigits && absl::SimpleAtoi(text, &seconds)) {
    return absl::FromUnixSeconds(seconds);
  }
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M%Ez", "%Y-%m-%d", "%Y-%m", "%Y"}) {
    absl::Time time;
    std::string error;
    if (absl::ParseTime(format, text, &time, &error)) return time;
  }
  return std::nullopt;
}

std::optional<bool> ParseBool(absl::string_view text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

}  // namespace

struct Condition::Operator {
  absl::string_view name;
  Test test;
  Order order = Order::kEquals;
  bool negated = false;
  bool wildcards = false;
  bool ignore_case = false;
};

const Condition::Operator* Condition::FindOperator(absl::string_view name) {
  static constexpr Operator kOperators[] = {
      {.name = "StringEquals", .test = Test::kString},
      {.name = "StringNotEquals", .test = Test::kString, .negated = true},
      {.name = "StringEqualsIgnoreCase", .test = Test::kString, .ignore_case = true},
      {.name = "StringNotEqualsIgnoreCase", .test = Test::kString, .negated = true, .ignore_case = true},
      {.name = "StringLike", .test = Test::kString, .wildcards = true},
      {.name = "StringNotLike", .test = Test::kString, .negated = true, .wildcards = true},
      // Values are base64 in the policy and in the call alike.
      {.name = "BinaryEquals", .test = Test::kString},
      {.name = "NumericEquals", .test = Test::kNumber},
      {.name = "NumericNotEquals", .test = Test::kNumber, .negated = true},
      {.name = "NumericLessThan", .test = Test::kNumber, .order = Order::kLess},
      {.name = "NumericLessThanEquals", .test = Test::kNumber, .order = Order::kLessOrEqual},
      {.name = "NumericGreaterThan", .test = Test::kNumber, .order = Order::kGreater},
      {.name = "NumericGreaterThanEquals", .test = Test::kNumber, .order = Order::kGreaterOrEqual},
      {.name = "DateEquals", .test = Test::kDate},
      {.name = "DateNotEquals", .test = Test::kDate, .negated = true},
      {.name = "DateLessThan", .test = Test::kDate, .order = Order::kLess},
      {.name = "DateLessThanEquals", .test = Test::kDate, .order = Order::kLessOrEqual},
      {.name = "DateGreaterThan", .test = Test::kDate, .order = Order::kGreater},
      {.name = "DateGreaterThanEquals", .test = Test::kDate, .order = Order::kGreaterOrEqual},
      {.name = "Bool", .test = Test::kBool},
      {.name = "IpAddress", .test = Test::kIpAddress},
      {.name = "NotIpAddress", .test = Test::kIpAddress, .negated = true},
      {.name = "ArnEquals", .test = Test::kArn},
      {.name = "ArnLike", .test = Test::kArn},
      {.name = "ArnNotEquals", .test = Test::kArn, .negated = true},
      {.name = "ArnNotLike", .test = Test::kArn, .negated = true},
      {.name = "Null", .test = Test::kNull},
  };
  const auto* found =
      std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& op) { return op.name == name; });
  return found == std::end(kOperators) ? nullptr : found;
}

absl::StatusOr<Condition> Condition::Parse(absl::string_view op, absl::string_view key, std::vector<std::string> values,
                                           bool variables) {
  Condition condition;
  absl::string_view name = op;
  if (absl::ConsumePrefix(&name, "ForAllValues:")) condition.values_ = Values::kAll;
  if (absl::ConsumePrefix(&name, "ForAnyValue:")) condition.values_ = Values::kAny;
  condition.if_exists_ = absl::ConsumeSuffix(&name, "IfExists");
  const Operator* found = FindOperator(name);
  if (found == nullptr) return absl::InvalidArgumentError("is no condition operator");
  if (found->test == Test::kNull && name.size() != op.size()) {
    return absl::InvalidArgumentError("is no condition operator: Null stands alone");
  }
  condition.test_ = found->test;
  condition.order_ = found->order;
  condition.negated_ = found->negated;
  condition.ignore_case_ = found->ignore_case;
  const size_t colon = key.find(':');
  if (colon == absl::string_view::npos || colon == 0 || colon + 1 == key.size()) {
    return absl::InvalidArgumentError(absl::StrCat("has the key '", key, "', which has no service before a ':'"));
  }
  condition.key_ = absl::AsciiStrToLower(key);
  if (values.empty()) return absl::InvalidArgumentError(absl::StrCat("compares '", key, "' with no value"));
  for (const std::string& value : values) {
    absl::StatusOr<Operand> operand = condition.ParseOperand(value, found->wildcards, variables);
    if (!operand.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("compares '", key, "' with '", value, "', which ", operand.status().message()));
    }
    condition.operands_.push_back(*std::move(operand));
  }
  return condition;
}

absl::StatusOr<Condition::Operand> Condition::ParseOperand(const std::string& text, bool wildcards,
                                                           bool variables) const {
  Operand operand;
  switch (test_) {
    case Test::kString: {
      ASSIGN_OR_RETURN(operand.pattern, PolicyPattern::Parse(text, {.wildcards = wildcards, .variables = variables}));
      return operand;
    }
    case Test::kArn: {
      ASSIGN_OR_RETURN(operand.arn, ArnPattern::Parse(text, variables));
      return operand;
    }
    case Test::kIpAddress: {
      ASSIGN_OR_RETURN(operand.block, IpBlock::Parse(text));
      return operand;
    }
    case Test::kNumber: {
      const std::optional<double> number = ParseNumber(text);
      if (!number.has_value()) return absl::InvalidArgumentError("is no number");
      operand.number = *number;
      return operand;
    }
    case Test::kDate: {
      const std::optional<absl::Time> time = ParseDate(text);
      if (!time.has_value()) return absl::InvalidArgumentError("is no date");
      operand.time = *time;
      return operand;
    }
    case Test::kBool:
    case Test::kNull: {
      const std::optional<bool> truth = ParseBool(text);
      if (!truth.has_value()) return absl::InvalidArgumentError("is not true or false");
      operand.truth = *truth;
      return operand;
    }
  }
  return absl::InternalError("no such test");
}

bool Condition::Equal(const Operand& operand, const std::string& value, const Context& context) const {
  const auto in_order = [this](const auto& have, const auto& want) {
    switch (order_) {
      case Order::kEquals:
        return have == want;
      case Order::kLess:
        return have < want;
      case Order::kLessOrEqual:
        return have <= want;
      case Order::kGreater:
        return have > want;
      case Order::kGreaterOrEqual:
        return have >= want;
    }
    return false;
  };
  switch (test_) {
    case Test::kString:
      return operand.pattern.Matches(value, context, ignore_case_);
    case Test::kArn:
      return operand.arn.Matches(value, context);
    case Test::kIpAddress:
      return operand.block.Contains(value);
    case Test::kNumber: {
      const std::optional<double> number = ParseNumber(value);
      return number.has_value() && in_order(*number, operand.number);
    }
    case Test::kDate: {
      const std::optional<absl::Time> time = ParseDate(value);
      return time.has_value() && in_order(*time, operand.time);
    }
    case Test::kBool:
      return ParseBool(value) == std::optional<bool>(operand.truth);
    case Test::kNull:
      return false;  // is about the key, not a value
  }
  return false;
}

bool Condition::Passes(const std::string& value, const Context& context) const {
  const bool equal = std::any_of(operands_.begin(), operands_.end(),
                                 [&](const Operand& operand) { return Equal(operand, value, context); });
  return equal != negated_;
}

bool Condition::Holds(const Context& context, bool allows) const {
  const auto found = context.find(key_);
  const bool absent = found == context.end() || found->second.empty();
  if (test_ == Test::kNull) {
    return std::any_of(operands_.begin(), operands_.end(), [&](const Operand& o) { return o.truth == absent; });
  }
  if (absent) {
    if (if_exists_ || values_ == Values::kAll) return true;
    return values_ == Values::kTheOne && negated_;
  }
  const std::vector<std::string>& values = found->second;
  const auto passes = [&](const std::string& value) { return Passes(value, context); };
  // A key with one value is the rule; of several, a negated test must pass for each, or for one to deny; another for
  // one.
  const bool all = values_ == Values::kAll || (values_ == Values::kTheOne && negated_ && allows);
  return all ? std::all_of(values.begin(), values.end(), passes) : std::any_of(values.begin(), values.end(), passes);
}

std::vector<std::string> Condition::Keys() const {
  std::vector<std::string> keys = {key_};
  for (const Operand& operand : operands_) {
    for (const auto& more : {operand.pattern.VariableKeys(), operand.arn.VariableKeys()}) {
      keys.insert(keys.end(), more.begin(), more.end());
    }
  }
  return keys;
}

}  // namespace brume::iam
