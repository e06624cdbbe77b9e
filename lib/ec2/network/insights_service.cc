#include "lib/ec2/network/insights_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/choose_rows.h"
#include "lib/ec2/network/insights_table.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_table.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/routing_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

constexpr size_t kMaxPaths = 100, kMaxAnalyses = 1000;
// Who stands for everybody outside where no address is named; it is documentation's own (RFC 5737) and nobody's.
constexpr Ipv4 kSomebody{0xc6336401};  // 198.51.100.1

// An end of a path: an interface with its address, or the outside.
struct End {
  std::optional<NetworkInterface> eni;
  Ipv4 address;
};

absl::StatusOr<NetworkInterface> InterfaceOf(store::Connection& c, const std::string& id) {
  if (const absl::StatusOr<EniId> eni = EniId::Parse(id); eni.ok()) return NetworkTable(c).GetInterface(*eni);
  ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(id));
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, ListInterfacesOf(c, {&instance, 1}));
  if (interfaces.empty()) return instance.NotFound();
  return std::move(interfaces.front());
}

absl::StatusOr<End> ResolveEnd(store::Connection& c, const std::string& id, std::optional<Ipv4> address) {
  if (id.empty()) return End{.eni = {}, .address = address.value_or(kSomebody)};
  const Kind* kind = KindOfId(id);
  if (kind == &InternetGatewayId::kKind) {
    ASSIGN_OR_RETURN(const InternetGatewayId gateway, InternetGatewayId::Parse(id));
    RETURN_IF_ERROR(RoutingTable(c).GetGateway(gateway).status());
    return End{.eni = {}, .address = address.value_or(kSomebody)};
  }
  if (kind != &InstanceId::kKind && kind != &EniId::kKind) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("'", id, "' is no instance, network interface or internet gateway"));
  }
  ASSIGN_OR_RETURN(NetworkInterface eni, InterfaceOf(c, id));
  const Ipv4 own = address.value_or(eni.private_ip);
  bool has = own == eni.private_ip || own == eni.public_ip;
  for (const SecondaryAddress& each : eni.secondary) has |= own == each.private_ip || own == each.public_ip;
  if (!has) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The address ", own.text(), " is not one of ", eni.id.text()));
  }
  return End{.eni = std::move(eni), .address = own};
}

template <typename View, typename Row>
absl::StatusOr<View> ViewOf(store::Connection& c, Row row) {
  ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(c, row.id.text()));
  return View{std::move(row), std::move(tags)};
}

}  // namespace

InsightsService::InsightsService(store::Database& database, Random& random, const Clock& clock, ReadSpecs read_specs)
    : database_(database), random_(random), clock_(clock), read_specs_(std::move(read_specs)) {}

absl::StatusOr<PathProbe> InsightsService::ProbeOf(store::Connection& c, const NetworkInsightsPath& path) {
  ASSIGN_OR_RETURN(const End from, ResolveEnd(c, path.source, path.source_ip));
  ASSIGN_OR_RETURN(const End to, ResolveEnd(c, path.destination, path.destination_ip));
  PathProbe probe;
  probe.source = from.eni.has_value() ? from.eni->private_ip : from.address;
  probe.destination = to.address;
  probe.protocol = path.protocol;
  probe.port = path.port;
  if (from.eni.has_value()) {
    probe.vpc = from.eni->vpc_id;
    for (const Ipv4 own : PrivateAddresses(*from.eni)) {
      if (own == from.address) probe.source = own;
    }
  } else if (to.eni.has_value() && !path.destination_ip.has_value()) {
    // From outside it is reached by its public address or not at all.
    probe.destination = to.eni->public_ip.value_or(to.eni->private_ip);
  }
  return probe;
}

absl::StatusOr<InsightsPathView> InsightsService::CreatePath(NetworkInsightsPath wanted, const TagMap& tags) {
  const absl::Time now = clock_.Now();
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<InsightsPathView> {
    InsightsTable table(c);
    ASSIGN_OR_RETURN(std::optional<NetworkInsightsPath> before, table.FindPathByToken(wanted.client_token));
    if (before.has_value()) {
      if (before->parameters_digest == wanted.parameters_digest) return ViewOf<InsightsPathView>(c, *std::move(before));
      return ec2::ErrorAnd(absl::StrCat("The client token is '", wanted.client_token, "'."), ec2::kTokenReused);
    }
    RETURN_IF_ERROR(ProbeOf(c, wanted).status());
    ASSIGN_OR_RETURN(const std::vector<NetworkInsightsPath> all, table.ListPaths());
    if (all.size() >= kMaxPaths) {
      return QuotaReached("NetworkInsightsPathLimitExceeded", "network insights paths", kMaxPaths);
    }
    NetworkInsightsPath made = wanted;
    made.id = NetworkInsightsPathId::New(random_);
    made.created = now;
    RETURN_IF_ERROR(table.InsertPath(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return InsightsPathView{std::move(made), tags};
  });
}

absl::Status InsightsService::DeletePath(const NetworkInsightsPathId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    InsightsTable table(c);
    RETURN_IF_ERROR(table.GetPath(id).status());
    ASSIGN_OR_RETURN(const std::optional<NetworkInsightsAnalysis> analysis, table.FirstAnalysisOf(id));
    if (!analysis.has_value()) return table.DeletePath(id);
    return ec2::Error("AnalysisExistsForNetworkInsightsPath",
                      absl::StrCat("The network insights path '", id.text(), "' has analyses (", analysis->id.text(),
                                   "): DeleteNetworkInsightsAnalysis deletes them"));
  });
}

absl::StatusOr<std::vector<InsightsPathView>> InsightsService::ListPaths(absl::Span<const NetworkInsightsPathId> ids,
                                                                         const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<InsightsPathView>> {
    InsightsTable table(c);
    ASSIGN_OR_RETURN(std::vector<NetworkInsightsPath> rows,
                     ChooseRows<NetworkInsightsPathId>(
                         c, ids, tags, [&](const NetworkInsightsPathId& id) { return table.GetPath(id); },
                         [&] { return table.ListPaths(); }));
    std::vector<InsightsPathView> views;
    for (NetworkInsightsPath& row : rows) {
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf<InsightsPathView>(c, std::move(row)));
    }
    return views;
  });
}

absl::StatusOr<InsightsAnalysisView> InsightsService::Analyse(const NetworkInsightsPathId& path,
                                                              const std::string& client_token, const TagMap& tags) {
  PathProbe probe;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const NetworkInsightsPath row, InsightsTable(c).GetPath(path));
    ASSIGN_OR_RETURN(probe, ProbeOf(c, row));
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const std::vector<VpcSpec> specs, read_specs_());
  PathExplanation explanation = ExplainPath(specs, probe);
  const absl::Time now = clock_.Now();
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<InsightsAnalysisView> {
    InsightsTable table(c);
    RETURN_IF_ERROR(table.GetPath(path).status());
    ASSIGN_OR_RETURN(std::optional<NetworkInsightsAnalysis> before, table.FindAnalysisByToken(client_token));
    if (before.has_value() && before->path_id != path) {
      return ec2::ErrorAnd(absl::StrCat("The client token is '", client_token, "'."), ec2::kTokenReused);
    }
    if (before.has_value()) return ViewOf<InsightsAnalysisView>(c, *std::move(before));
    ASSIGN_OR_RETURN(const std::vector<NetworkInsightsAnalysis> all, table.ListAnalyses());
    if (all.size() >= kMaxAnalyses) {
      return QuotaReached("NetworkInsightsAnalysisLimitExceeded", "network insights analyses", kMaxAnalyses);
    }
    NetworkInsightsAnalysis made{.id = NetworkInsightsAnalysisId::New(random_),
                                 .path_id = path,
                                 .started = now,
                                 .found = explanation.arrives,
                                 .hops = explanation.hops,
                                 .client_token = client_token};
    RETURN_IF_ERROR(table.InsertAnalysis(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return InsightsAnalysisView{std::move(made), tags};
  });
}

absl::Status InsightsService::DeleteAnalysis(const NetworkInsightsAnalysisId& id) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    InsightsTable table(c);
    RETURN_IF_ERROR(table.GetAnalysis(id).status());
    return table.DeleteAnalysis(id);
  });
}

absl::StatusOr<std::vector<InsightsAnalysisView>> InsightsService::ListAnalyses(
    absl::Span<const NetworkInsightsAnalysisId> ids, const std::optional<NetworkInsightsPathId>& path,
    const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<InsightsAnalysisView>> {
    InsightsTable table(c);
    if (path.has_value()) RETURN_IF_ERROR(table.GetPath(*path).status());
    ASSIGN_OR_RETURN(std::vector<NetworkInsightsAnalysis> rows,
                     ChooseRows<NetworkInsightsAnalysisId>(
                         c, ids, tags, [&](const NetworkInsightsAnalysisId& id) { return table.GetAnalysis(id); },
                         [&] { return table.ListAnalyses(); }));
    std::vector<InsightsAnalysisView> views;
    for (NetworkInsightsAnalysis& row : rows) {
      if (path.has_value() && row.path_id != *path) continue;
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf<InsightsAnalysisView>(c, std::move(row)));
    }
    return views;
  });
}

}  // namespace brume::network
