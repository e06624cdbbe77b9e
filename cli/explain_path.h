// `brume explain-path`: what stops a packet on its way, or what it meets.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::ec2::v1 {
class CreateNetworkInsightsPathRequest;
class NetworkInsightsAnalysis;
}  // namespace brume::ec2::v1

namespace brume::cli {

// The path that the flags name, its ends as they are spelled.
absl::StatusOr<ec2::v1::CreateNetworkInsightsPathRequest> PathRequest(const ParsedOptions& options);

// What the packet and its answer meet, one a line, and a last line that says what came of it.
std::string RenderAnalysis(const ec2::v1::NetworkInsightsAnalysis& analysis);

// 0 where the packet arrives and is answered, 1 where it does not.
absl::StatusOr<int> RunExplainPath(const Schema& schema, const GlobalOptions& global,
                                   const std::vector<std::string>& tokens);

Command ExplainPathCommand();

}  // namespace brume::cli
