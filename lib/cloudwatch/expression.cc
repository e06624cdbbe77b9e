#include "lib/cloudwatch/expression.h"

#include <set>

#include "lib/base/status_macros.h"
#include "lib/cloudwatch/expression_evaluator.h"
#include "lib/cloudwatch/expression_parser.h"

namespace brume::cloudwatch {
namespace {

void CollectIds(const ExpressionNode& node, const std::vector<std::string>& metrics, std::set<std::string>& ids) {
  if (node.kind == ExpressionNode::Kind::kId) ids.insert(node.text);
  if (node.kind == ExpressionNode::Kind::kCall && node.text == "METRICS") ids.insert(metrics.begin(), metrics.end());
  for (const ExpressionNode& operand : node.operands) CollectIds(operand, metrics, ids);
}

}  // namespace

absl::StatusOr<Expression> Expression::Parse(absl::string_view text) {
  ASSIGN_OR_RETURN(ExpressionNode root, ParseExpression(text));
  return Expression(std::move(root));
}

std::vector<std::string> Expression::Ids(const std::vector<std::string>& metrics) const {
  std::set<std::string> ids;
  CollectIds(root_, metrics, ids);
  return {ids.begin(), ids.end()};
}

absl::StatusOr<ExpressionValue> Expression::Evaluate(ExpressionScope& scope) const {
  return EvaluateExpression(root_, scope);
}

}  // namespace brume::cloudwatch
