#include "lib/ec2/network/tables/insights_table.h"

#include <tuple>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/ipv6_text.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

struct HopsText {
  using Hop = std::tuple<PathComponentKind, std::string, std::string, bool, std::string>;
  static std::string ToStore(const std::vector<PathHop>& hops) {
    std::vector<Hop> rows;
    for (const PathHop& hop : hops) rows.emplace_back(hop.kind, hop.id, hop.detail, hop.answer, hop.code);
    return store::ToJson(rows);
  }
  static absl::Status FromStore(const std::string& text, std::vector<PathHop>& hops) {
    ASSIGN_OR_RETURN(const std::vector<Hop> rows, store::FromJson<std::vector<Hop>>(text));
    hops.clear();
    for (const auto& [kind, id, detail, answer, code] : rows) hops.push_back({kind, id, detail, answer, code});
    return absl::OkStatus();
  }
};

const auto& Paths() {
  using P = NetworkInsightsPath;
  static const auto table = store::DescribeTable<P>(
      "network_insights_paths", "network insights path", store::Key("id", &P::id), store::Fixed("source", &P::source),
      store::Fixed("destination", &P::destination), store::Fixed("source_ip", &P::source_ip),
      store::Fixed("destination_ip", &P::destination_ip),
      store::FixedEncoded<OptionalText<Ipv6>>("source_ipv6", &P::source_ipv6),
      store::FixedEncoded<OptionalText<Ipv6>>("destination_ipv6", &P::destination_ipv6),
      store::Fixed("protocol", &P::protocol), store::Fixed("port", &P::port),
      store::FixedJson("filter_at_source", &P::filter_at_source),
      store::FixedJson("filter_at_destination", &P::filter_at_destination), store::Fixed("created", &P::created),
      store::Fixed("client_token", &P::client_token), store::Fixed("parameters_digest", &P::parameters_digest),
      store::Unmapped("seq"));
  return table;
}

const auto& Analyses() {
  using A = NetworkInsightsAnalysis;
  static const auto table =
      store::DescribeTable<A>("network_insights_analyses", "network insights analysis", store::Key("id", &A::id),
                              store::Fixed("path_id", &A::path_id), store::Fixed("started", &A::started),
                              store::Fixed("found", &A::found), store::FixedEncoded<HopsText>("hops", &A::hops),
                              store::Fixed("client_token", &A::client_token), store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> InsightsTable::Describe() { return {Paths().Describe(), Analyses().Describe()}; }

absl::Status InsightsTable::InsertPath(const NetworkInsightsPath& path) { return Paths().Insert(connection_, path); }

absl::StatusOr<NetworkInsightsPath> InsightsTable::GetPath(const NetworkInsightsPathId& id) {
  return Paths().Get(connection_, id);
}

absl::StatusOr<std::vector<NetworkInsightsPath>> InsightsTable::ListPaths() {
  return Paths().Select(connection_, "network_insights_paths ORDER BY seq");
}

absl::StatusOr<std::optional<NetworkInsightsPath>> InsightsTable::FindPathByToken(const std::string& client_token) {
  if (client_token.empty()) return std::optional<NetworkInsightsPath>();
  return Paths().First(connection_, "network_insights_paths WHERE client_token = ?", client_token);
}

absl::Status InsightsTable::DeletePath(const NetworkInsightsPathId& id) { return Paths().Delete(connection_, id); }

absl::Status InsightsTable::InsertAnalysis(const NetworkInsightsAnalysis& analysis) {
  return Analyses().Insert(connection_, analysis);
}

absl::StatusOr<NetworkInsightsAnalysis> InsightsTable::GetAnalysis(const NetworkInsightsAnalysisId& id) {
  return Analyses().Get(connection_, id);
}

absl::StatusOr<std::vector<NetworkInsightsAnalysis>> InsightsTable::ListAnalyses() {
  return Analyses().Select(connection_, "network_insights_analyses ORDER BY seq");
}

absl::StatusOr<std::optional<NetworkInsightsAnalysis>> InsightsTable::FindAnalysisByToken(
    const std::string& client_token) {
  if (client_token.empty()) return std::optional<NetworkInsightsAnalysis>();
  return Analyses().First(connection_, "network_insights_analyses WHERE client_token = ?", client_token);
}

absl::StatusOr<std::optional<NetworkInsightsAnalysis>> InsightsTable::FirstAnalysisOf(
    const NetworkInsightsPathId& path) {
  return Analyses().First(connection_, "network_insights_analyses WHERE path_id = ? ORDER BY seq", path);
}

absl::Status InsightsTable::DeleteAnalysis(const NetworkInsightsAnalysisId& id) {
  return Analyses().Delete(connection_, id);
}

}  // namespace brume::network
