// One test of a policy's Condition: an operator, a key and the values it is compared with.
// Source: "IAM JSON policy elements: Condition operators" in the IAM User Guide.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/iam/model/ip_block.h"
#include "lib/iam/model/pattern.h"

namespace brume::iam {

class Condition {
 public:
  // `variables`: as PolicyPattern::Syntax says. Errors: InvalidArgument, in words that follow the operator's place, for
  // an operator that does not exist and for values it cannot take.
  static absl::StatusOr<Condition> Parse(absl::string_view op, absl::string_view key, std::vector<std::string> values,
                                         bool variables);

  // `allows`: whether the statement does. Where a key that should have one value has several, a negated test must hold
  // for each to allow, and for one to deny.
  bool Holds(const Context& context, bool allows) const;

  // In lower case: its own key, and those of the variables in its values.
  std::vector<std::string> Keys() const;

 private:
  enum class Test { kString, kNumber, kDate, kBool, kIpAddress, kArn, kNull };
  enum class Order { kEquals, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  // Of a key with many values: which of them must pass.
  enum class Values { kTheOne, kAll, kAny };
  struct Operator;
  // Only what the test needs is set.
  struct Operand {
    PolicyPattern pattern = {};
    ArnPattern arn = {};
    double number = 0;
    absl::Time time = {};
    bool truth = false;
    IpBlock block = {};
  };

  static const Operator* FindOperator(absl::string_view name);
  absl::StatusOr<Operand> ParseOperand(const std::string& text, bool wildcards, bool variables) const;
  bool Passes(const std::string& value, const Context& context) const;
  bool Equal(const Operand& operand, const std::string& value, const Context& context) const;

  std::string key_;  // in lower case
  Test test_ = Test::kString;
  Order order_ = Order::kEquals;
  Values values_ = Values::kTheOne;
  bool negated_ = false;
  bool ignore_case_ = false;
  bool if_exists_ = false;
  std::vector<Operand> operands_;
};

}  // namespace brume::iam
