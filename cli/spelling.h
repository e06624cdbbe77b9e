// The spellings of one name: instance_ids in the schema, --instance-ids on the command line, InstanceIds in JSON.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace brume::cli {

// "instance_ids" → "instance-ids".
std::string KebabFromSnake(absl::string_view snake);
// "RunInstances" → "run-instances", "DescribeVPCs" → "describe-vpcs".
std::string KebabFromCamel(absl::string_view camel);
// "instance_ids" → "InstanceIds".
std::string CamelFromSnake(absl::string_view snake);

// The candidate most like `word`, or "" when none is near enough to be what was meant.
std::string NearestName(absl::string_view word, const std::vector<std::string>& candidates);

// " Did you mean 'X'?" or "".
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace brume::cli
