#include "lib/ec2/network/insights_service.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/insights_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

constexpr size_t kMaxPaths = 100, kMaxAnalyses = 1000;
// Who stands for everybody outside where no address is named; it is documentation's own (RFC 5737) and nobody's.
constexpr Ipv4 kSomebody{0xc6336401};                                                          // 198.51.100.1
constexpr Ipv6 kSomebodyByIpv6{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};  // 2001:db8::1, RFC 3849

// An end of a path: an interface with its address, or the outside.
template <typename Address>
struct End {
  std::optional<NetworkInterface> eni;
  Address address;
};

void SomebodyIs(Ipv4& address) { address = kSomebody; }
void SomebodyIs(Ipv6& address) { address = kSomebodyByIpv6; }

// What the interface has of each family, the first at the front.
void AddressesOf(const NetworkInterface& eni, std::vector<Ipv4>& addresses) {
  if (eni.private_ip.has_value()) addresses.push_back(*eni.private_ip);
  if (eni.public_ip.has_value()) addresses.push_back(*eni.public_ip);
  for (const SecondaryAddress& each : eni.secondary) {
    addresses.push_back(each.private_ip);
    if (each.public_ip.has_value()) addresses.push_back(*each.public_ip);
  }
}
void AddressesOf(const NetworkInterface& eni, std::vector<Ipv6>& addresses) { addresses = eni.ipv6; }

absl::StatusOr<NetworkInterface> InterfaceOf(store::Connection& c, const std::string& id) {
  if (const absl::StatusOr<EniId> eni = EniId::Parse(id); eni.ok()) return NetworkTable(c).GetInterface(*eni);
  ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(id));
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, ListInterfacesOf(c, {&instance, 1}));
  if (interfaces.empty()) return instance.NotFound();
  return std::move(interfaces.front());
}

template <typename Address>
absl::StatusOr<End<Address>> ResolveEnd(store::Connection& c, const std::string& id,
                                        const std::optional<Address>& address) {
  End<Address> end;
  SomebodyIs(end.address);
  if (address.has_value()) end.address = *address;
  if (id.empty()) return end;
  const Kind* kind = KindOfId(id);
  if (kind == &InternetGatewayId::kKind) {
    ASSIGN_OR_RETURN(const InternetGatewayId gateway, InternetGatewayId::Parse(id));
    RETURN_IF_ERROR(RoutingTable(c).GetGateway(gateway).status());
    return end;
  }
  if (kind != &InstanceId::kKind && kind != &EniId::kKind) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("'", id, "' is no instance, network interface or internet gateway"));
  }
  ASSIGN_OR_RETURN(NetworkInterface eni, InterfaceOf(c, id));
  std::vector<Address> own;
  AddressesOf(eni, own);
  if (own.empty()) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat(eni.id.text(), " has no ", std::is_same_v<Address, Ipv4> ? "IPv4" : "IPv6",
                                   " address", std::is_same_v<Address, Ipv4> ? ": name its IPv6 address" : ""));
  }
  if (!address.has_value()) end.address = own.front();
  if (std::find(own.begin(), own.end(), end.address) == own.end()) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The address ", end.address.text(), " is not one of ", eni.id.text()));
  }
  end.eni = std::move(eni);
  return end;
}

// Of what is said of each of them; the first that is.
template <typename T>
std::optional<T> FirstOf(std::initializer_list<std::optional<T>> values) {
  for (const std::optional<T>& value : values) {
    if (value.has_value()) return value;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<Ipv4>> ParseGiven(const std::optional<std::string>& text) {
  if (!text.has_value()) return std::optional<Ipv4>();
  ASSIGN_OR_RETURN(const Ipv4 address, Ipv4::Parse(*text));
  return std::optional(address);
}

// What the path says of the ports.
template <typename Address>
void SetPorts(const NetworkInsightsPath& path, BasicPathProbe<Address>& probe) {
  const PathFilter source = path.filter_at_source.value_or(PathFilter()),
                   destination = path.filter_at_destination.value_or(PathFilter());
  probe.port = path.port;
  if (const auto ports = FirstOf({source.destination_port_range, destination.destination_port_range})) {
    probe.port = ports->from_port.value_or(-1);
    probe.last_port = ports->to_port.value_or(-1);
  }
  if (const auto ports = FirstOf({source.source_port_range, destination.source_port_range})) {
    probe.source_port = ports->from_port.value_or(-1);
    probe.last_source_port = ports->to_port.value_or(-1);
  }
}

template <typename Address>
BasicPathProbe<Address> ProbeBetween(const End<Address>& from, const End<Address>& to,
                                     const NetworkInsightsPath& path) {
  BasicPathProbe<Address> probe;
  if (from.eni.has_value()) probe.vpc = from.eni->vpc_id;
  probe.source = from.address;
  probe.destination = to.address;
  probe.protocol = path.protocol;
  SetPorts(path, probe);
  return probe;
}

absl::StatusOr<PathProbe> Ipv4ProbeOf(store::Connection& c, const NetworkInsightsPath& path) {
  const PathFilter leaving = path.filter_at_source.value_or(PathFilter()),
                   arriving = path.filter_at_destination.value_or(PathFilter());
  ASSIGN_OR_RETURN(const std::optional<Ipv4> sender, ParseGiven(leaving.source_address));
  ASSIGN_OR_RETURN(const std::optional<Ipv4> sent_to, ParseGiven(leaving.destination_address));
  ASSIGN_OR_RETURN(const std::optional<Ipv4> arriving_source, ParseGiven(arriving.source_address));
  ASSIGN_OR_RETURN(const std::optional<Ipv4> arriving_destination, ParseGiven(arriving.destination_address));
  const std::optional<Ipv4> destination_ip = FirstOf({path.destination_ip, sent_to, arriving_destination});
  ASSIGN_OR_RETURN(const End<Ipv4> from, ResolveEnd(c, path.source, FirstOf({path.source_ip, sender})));
  ASSIGN_OR_RETURN(const End<Ipv4> to, ResolveEnd(c, path.destination, destination_ip));
  PathProbe probe = ProbeBetween(from, to, path);
  probe.arriving_source = arriving_source;
  probe.arriving_destination = arriving_destination;
  if (from.eni.has_value()) {
    // Nothing leaves a guest with its public address.
    const std::vector<Ipv4> own = PrivateAddresses(*from.eni);
    if (std::find(own.begin(), own.end(), from.address) == own.end()) probe.source = own.front();
  } else if (to.eni.has_value() && !path.destination_ip.has_value() && !sent_to.has_value()) {
    // From outside it is reached by its public address or not at all.
    probe.destination = PublicAddressOf(*to.eni, to.address).value_or(to.address);
  }
  return probe;
}

absl::StatusOr<Ipv6PathProbe> Ipv6ProbeOf(store::Connection& c, const NetworkInsightsPath& path) {
  ASSIGN_OR_RETURN(const End<Ipv6> from, ResolveEnd(c, path.source, path.source_ipv6));
  ASSIGN_OR_RETURN(const End<Ipv6> to, ResolveEnd(c, path.destination, path.destination_ipv6));
  Ipv6PathProbe probe = ProbeBetween(from, to, path);
  constexpr int kIcmp = 1, kIcmpv6 = 58;
  if (probe.protocol == kIcmp) probe.protocol = kIcmpv6;
  return probe;
}

absl::StatusOr<bool> IsWithoutIpv4(store::Connection& c, const std::string& end) {
  const Kind* kind = KindOfId(end);
  if (kind != &InstanceId::kKind && kind != &EniId::kKind) return false;
  ASSIGN_OR_RETURN(const NetworkInterface eni, InterfaceOf(c, end));
  return eni.ipv6_native();
}

// A path is one over IPv6 too where it names no address and an end has IPv6 alone.
absl::StatusOr<bool> IsOverIpv6(store::Connection& c, const NetworkInsightsPath& path) {
  if (path.is_ipv6()) return true;
  const auto names_address = [](const std::optional<PathFilter>& filter) {
    return filter.has_value() && (filter->source_address.has_value() || filter->destination_address.has_value());
  };
  if (path.source_ip.has_value() || path.destination_ip.has_value()) return false;
  if (names_address(path.filter_at_source) || names_address(path.filter_at_destination)) return false;
  ASSIGN_OR_RETURN(const bool from, IsWithoutIpv4(c, path.source));
  if (from) return true;
  return IsWithoutIpv4(c, path.destination);
}

using AnyProbe = std::variant<PathProbe, Ipv6PathProbe>;
absl::StatusOr<AnyProbe> ProbeOf(store::Connection& c, const NetworkInsightsPath& path) {
  ASSIGN_OR_RETURN(const bool ipv6, IsOverIpv6(c, path));
  if (ipv6) return Ipv6ProbeOf(c, path);
  return Ipv4ProbeOf(c, path);
}

template <typename View, typename Row>
absl::StatusOr<View> ViewOf(store::Connection& c, Row row) {
  ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(c, row.id.text()));
  return View{std::move(row), std::move(tags)};
}

}  // namespace

InsightsService::InsightsService(store::Database& database, Random& random, const Clock& clock, ReadSpecs read_specs)
    : database_(database), random_(random), clock_(clock), read_specs_(std::move(read_specs)) {}

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
                     tagging::ChooseRows<NetworkInsightsPathId>(
                         c, ids, tags, [&](const NetworkInsightsPathId& id) { return table.GetPath(id); },
                         [&] { return table.ListPaths(); }));
    return tagging::WithTags(c, std::move(rows), &InsightsPathView::path);
  });
}

absl::StatusOr<InsightsAnalysisView> InsightsService::Analyse(const NetworkInsightsPathId& path,
                                                              const std::string& client_token, const TagMap& tags) {
  AnyProbe probe;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const NetworkInsightsPath row, InsightsTable(c).GetPath(path));
    ASSIGN_OR_RETURN(probe, ProbeOf(c, row));
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const std::vector<VpcSpec> specs, read_specs_());
  PathExplanation explanation = std::visit([&](const auto& each) { return ExplainPath(specs, each); }, probe);
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
                     tagging::ChooseRows<NetworkInsightsAnalysisId>(
                         c, ids, tags, [&](const NetworkInsightsAnalysisId& id) { return table.GetAnalysis(id); },
                         [&] { return table.ListAnalyses(); }));
    if (path.has_value()) std::erase_if(rows, [&](const auto& row) { return row.path_id != *path; });
    return tagging::WithTags(c, std::move(rows), &InsightsAnalysisView::analysis);
  });
}

}  // namespace brume::network
