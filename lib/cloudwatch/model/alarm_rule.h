// The rule of a composite alarm: ALARM(a) AND NOT (OK("b c") OR INSUFFICIENT_DATA(d)).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/model/threshold.h"

namespace brume::alarm {

class Rule {
 public:
  // NOT binds closest, then AND, then OR. Names stand in quotes or not; TRUE and FALSE are rules too, and
  // AT_LEAST(2, ALARM, (a, b, c)), AT_LEAST(50%, NOT OK, (a, b)): so many alarms, or their share. At most 10,240
  // characters and 100 alarms, as in CloudWatch, and 64 levels. Error: ValidationError, which says where.
  static absl::StatusOr<Rule> Parse(absl::string_view text);

  // The alarms it names, each once, in their order.
  const std::vector<std::string>& alarms() const { return alarms_; }
  // Whether the composite alarm is in ALARM; else it is OK. `state_of` gets names of alarms().
  bool Holds(absl::FunctionRef<State(absl::string_view)> state_of) const;

 private:
  friend class RuleParser;

  enum class Kind { kConstant, kState, kAtLeast, kNot, kAnd, kOr };
  // Operands come before their operator; the last node is the whole rule.
  struct Node {
    Kind kind = Kind::kConstant;
    bool value = false;        // of kConstant
    State state = State::kOk;  // of kState and kAtLeast
    size_t alarm = 0;          // of kState: in alarms_
    size_t left = 0;           // of operators: in nodes_
    size_t right = 0;
    // Of kAtLeast: how many of these, in alarms_, are to be in the state, or, negated, in another one.
    size_t least = 0;
    bool negated = false;
    std::vector<size_t> of = {};
  };

  std::vector<Node> nodes_;
  std::vector<std::string> alarms_;
};

}  // namespace brume::alarm
