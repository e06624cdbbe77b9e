// `brume events` and `brume stats`: what was asked of the daemon, and how long it took.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/args.h"

namespace brume::host::v1 {
class DescribeStatisticsResponse;
class LookupEventsRequest;
}  // namespace brume::host::v1

namespace brume::cli {

// The request `brume events` makes of its flags. `now` is what --since 2h counts from.
absl::StatusOr<host::v1::LookupEventsRequest> EventsRequest(const ParsedOptions& options, absl::Time now);

// A table with times in milliseconds.
std::string RenderStatistics(const host::v1::DescribeStatisticsResponse& statistics);

absl::StatusOr<int> RunEvents(const GlobalOptions& global, const std::vector<std::string>& tokens);
absl::StatusOr<int> RunStats(const GlobalOptions& global, const std::vector<std::string>& tokens);

}  // namespace brume::cli
