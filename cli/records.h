// `brume stats`: what was asked of the daemon, and how long it took.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/args.h"
#include "cli/events.h"

namespace brume::host::v1 {
class DescribeStatisticsResponse;
}  // namespace brume::host::v1

namespace brume::cli {

// A table with times in milliseconds.
std::string RenderStatistics(const host::v1::DescribeStatisticsResponse& statistics);

absl::StatusOr<int> RunStats(const GlobalOptions& global, const std::vector<std::string>& tokens);

}  // namespace brume::cli
