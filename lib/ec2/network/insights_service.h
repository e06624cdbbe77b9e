// Paths and their analyses. Source of behaviour: EC2 API reference, CreateNetworkInsightsPath,
// StartNetworkInsightsAnalysis and their kin; Reachability Analyzer guide (codes).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/model/network_insights.h"
#include "lib/ec2/network/path_explanation.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct InsightsPathView {
  NetworkInsightsPath path;
  TagMap tags;
};
struct InsightsAnalysisView {
  NetworkInsightsAnalysis analysis;
  TagMap tags;
};

// Thread-safe.
class InsightsService {
 public:
  // The specification of each VPC, as it is now.
  using ReadSpecs = std::function<absl::StatusOr<std::vector<VpcSpec>>()>;

  InsightsService(store::Database& database, Random& random, const Clock& clock, ReadSpecs read_specs);

  // `wanted` without its id and time. Errors: the NotFound of what it names, InvalidParameterValue,
  // IdempotentParameterMismatch, a quota's.
  absl::StatusOr<InsightsPathView> CreatePath(NetworkInsightsPath wanted, const TagMap& tags);
  // Errors: InvalidNetworkInsightsPathId.NotFound; AnalysisExistsForNetworkInsightsPath.
  absl::Status DeletePath(const NetworkInsightsPathId& id);
  absl::StatusOr<std::vector<InsightsPathView>> ListPaths(absl::Span<const NetworkInsightsPathId> ids,
                                                          const std::optional<tagging::TagQuery>& tags = {});

  // Errors: InvalidNetworkInsightsPathId.NotFound, and that of what the path leads to and is there no more.
  absl::StatusOr<InsightsAnalysisView> Analyse(const NetworkInsightsPathId& path, const std::string& client_token,
                                               const TagMap& tags);
  absl::Status DeleteAnalysis(const NetworkInsightsAnalysisId& id);
  // No path = of all.
  absl::StatusOr<std::vector<InsightsAnalysisView>> ListAnalyses(absl::Span<const NetworkInsightsAnalysisId> ids,
                                                                 const std::optional<NetworkInsightsPathId>& path,
                                                                 const std::optional<tagging::TagQuery>& tags = {});

 private:
  store::Database& database_;
  Random& random_;
  const Clock& clock_;
  const ReadSpecs read_specs_;
};

}  // namespace brume::network
