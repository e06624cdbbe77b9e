// From the text of an expression to its tree.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/cloudwatch/expression_node.h"

namespace brume::cloudwatch {

// Pure. Error: InvalidArgument, in words that name the place.
absl::StatusOr<ExpressionNode> ParseExpression(absl::string_view text);

}  // namespace brume::cloudwatch
