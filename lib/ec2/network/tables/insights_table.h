// Rows of paths and their analyses. Inside transactions of its callers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network_insights.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class InsightsTable {
 public:
  explicit InsightsTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status InsertPath(const NetworkInsightsPath& path);
  absl::StatusOr<NetworkInsightsPath> GetPath(const NetworkInsightsPathId& id);
  absl::StatusOr<std::vector<NetworkInsightsPath>> ListPaths();  // oldest first
  absl::StatusOr<std::optional<NetworkInsightsPath>> FindPathByToken(const std::string& client_token);
  absl::Status DeletePath(const NetworkInsightsPathId& id);

  absl::Status InsertAnalysis(const NetworkInsightsAnalysis& analysis);
  absl::StatusOr<NetworkInsightsAnalysis> GetAnalysis(const NetworkInsightsAnalysisId& id);
  absl::StatusOr<std::vector<NetworkInsightsAnalysis>> ListAnalyses();  // oldest first
  absl::StatusOr<std::optional<NetworkInsightsAnalysis>> FindAnalysisByToken(const std::string& client_token);
  absl::StatusOr<std::optional<NetworkInsightsAnalysis>> FirstAnalysisOf(const NetworkInsightsPathId& path);
  absl::Status DeleteAnalysis(const NetworkInsightsAnalysisId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
