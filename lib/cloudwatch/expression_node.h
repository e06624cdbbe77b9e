// An expression of metric maths as a tree, between its parser and its evaluator.
#pragma once

#include <string>
#include <vector>

namespace brume::cloudwatch {

enum class Operator {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLessOrEqual,
  kGreaterOrEqual,
  kLess,
  kGreater,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
};

// One operation.
struct ExpressionNode {
  enum class Kind { kNumber, kId, kWord, kText, kList, kOperator, kCall };
  Kind kind = Kind::kNumber;
  double number = 0;
  Operator op = Operator::kAdd;  // of kOperator
  std::string text = {};         // an id, a word such as REPEAT, a function's name
  std::vector<ExpressionNode> operands = {};
};

}  // namespace brume::cloudwatch
