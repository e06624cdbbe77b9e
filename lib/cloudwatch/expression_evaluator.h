// Computes the tree of an expression.
#pragma once

#include "absl/status/statusor.h"
#include "lib/cloudwatch/expression_node.h"
#include "lib/cloudwatch/expression_value.h"

namespace brume::cloudwatch {

// Takes what it costs from the scope's budget. Every id of the tree is in the scope. Errors: InvalidArgument for a
// value that an operator or function cannot take; ResourceExhausted when the budget is spent.
absl::StatusOr<ExpressionValue> EvaluateExpression(const ExpressionNode& root, ExpressionScope& scope);

}  // namespace brume::cloudwatch
