#include "lib/ec2/network/api/insights_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_insights.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/network/model/network.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

// The ARN of an id of any kind; empty where its kind has none.
std::string ArnOfText(const Settings& settings, const std::string& id) {
  const Kind* kind = KindOfId(id);
  if (kind == nullptr || kind->arn_type.empty()) return "";
  return ArnOf(settings.account(), *kind, id);
}

v1::NetworkInsightsPath Render(const network::InsightsPathView& view, const Settings& settings) {
  const NetworkInsightsPath& path = view.path;
  v1::NetworkInsightsPath rendered;
  rendered.set_network_insights_path_id(path.id.text());
  rendered.set_network_insights_path_arn(ArnOf(settings.account(), path.id));
  rendered.set_created_date(gateway::RenderTime(path.created));
  rendered.set_source(path.source);
  rendered.set_source_arn(ArnOfText(settings, path.source));
  if (!path.destination.empty()) {
    rendered.set_destination(path.destination);
    rendered.set_destination_arn(ArnOfText(settings, path.destination));
  }
  if (path.source_ip.has_value()) rendered.set_source_ip(path.source_ip->text());
  if (path.destination_ip.has_value()) rendered.set_destination_ip(path.destination_ip->text());
  if (path.source_ipv6.has_value()) rendered.set_source_ip(path.source_ipv6->text());
  if (path.destination_ipv6.has_value()) rendered.set_destination_ip(path.destination_ipv6->text());
  rendered.set_protocol(IpProtocolName(path.protocol));
  if (path.port >= 0) rendered.set_destination_port(path.port);
  if (path.filter_at_source.has_value()) {
    schema::WriteFields(*path.filter_at_source, *rendered.mutable_filter_at_source());
  }
  if (path.filter_at_destination.has_value()) {
    schema::WriteFields(*path.filter_at_destination, *rendered.mutable_filter_at_destination());
  }
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

v1::AnalysisComponent RenderComponent(const PathHop& hop, const Settings& settings) {
  v1::AnalysisComponent component;
  component.set_id(hop.id);
  if (const std::string arn = ArnOfText(settings, hop.id); !arn.empty()) component.set_arn(arn);
  component.set_name(hop.detail);
  return component;
}

v1::NetworkInsightsAnalysis Render(const network::InsightsAnalysisView& view, const Settings& settings) {
  const NetworkInsightsAnalysis& analysis = view.analysis;
  v1::NetworkInsightsAnalysis rendered;
  rendered.set_network_insights_analysis_id(analysis.id.text());
  rendered.set_network_insights_analysis_arn(ArnOf(settings.account(), analysis.id));
  rendered.set_network_insights_path_id(analysis.path_id.text());
  rendered.set_start_date(gateway::RenderTime(analysis.started));
  rendered.set_status("succeeded");
  rendered.set_network_path_found(analysis.found);
  for (const PathHop& hop : analysis.hops) {
    auto& components =
        hop.answer ? *rendered.mutable_return_path_components() : *rendered.mutable_forward_path_components();
    v1::PathComponent& component = *components.Add();
    component.set_sequence_number(components.size());
    *component.mutable_component() = RenderComponent(hop, settings);
    component.add_additional_details()->set_additional_detail_type(hop.detail);
    if (hop.code.empty()) continue;
    v1::Explanation& explanation = *rendered.add_explanations();
    *explanation.mutable_component() = RenderComponent(hop, settings);
    explanation.set_direction(hop.answer ? "ingress" : "egress");
    explanation.set_explanation_code(hop.code);
  }
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::DescribeNetworkInsightsPathsResponse> DescribeNetworkInsightsPaths(
    const v1::DescribeNetworkInsightsPathsRequest& request, network::InsightsService& insights,
    const Settings& settings) {
  static const gateway::Listing<v1::NetworkInsightsPath, v1::DescribeNetworkInsightsPathsResponse> listing = {
      "insights-paths", &v1::NetworkInsightsPath::network_insights_path_id,
      &v1::DescribeNetworkInsightsPathsResponse::mutable_network_insights_paths};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<NetworkInsightsPathId>(
                                       request, request.network_insights_path_ids(), "networkInsightsPathId"));
  ASSIGN_OR_RETURN(const std::vector<network::InsightsPathView> views,
                   insights.ListPaths(ids, TagsAskedFor(request.filters(), NetworkInsightsPathId::kKind.prefix)));
  std::vector<v1::NetworkInsightsPath> paths;
  paths.reserve(views.size());
  for (const network::InsightsPathView& view : views) paths.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(paths));
}

absl::StatusOr<v1::DescribeNetworkInsightsAnalysesResponse> DescribeNetworkInsightsAnalyses(
    const v1::DescribeNetworkInsightsAnalysesRequest& request, network::InsightsService& insights,
    const Settings& settings) {
  static const gateway::Listing<v1::NetworkInsightsAnalysis, v1::DescribeNetworkInsightsAnalysesResponse> listing = {
      "insights-analyses", &v1::NetworkInsightsAnalysis::network_insights_analysis_id,
      &v1::DescribeNetworkInsightsAnalysesResponse::mutable_network_insights_analyses};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<NetworkInsightsAnalysisId>(
                                       request, request.network_insights_analysis_ids(), "networkInsightsAnalysisId"));
  std::optional<NetworkInsightsPathId> path;
  if (!request.network_insights_path_id().empty()) {
    ASSIGN_OR_RETURN(path, NetworkInsightsPathId::Parse(request.network_insights_path_id()));
  }
  ASSIGN_OR_RETURN(
      const std::vector<network::InsightsAnalysisView> views,
      insights.ListAnalyses(ids, path, TagsAskedFor(request.filters(), NetworkInsightsAnalysisId::kKind.prefix)));
  std::vector<v1::NetworkInsightsAnalysis> analyses;
  analyses.reserve(views.size());
  for (const network::InsightsAnalysisView& view : views) analyses.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(analyses));
}

absl::Status ParseAddress(const std::string& text, std::optional<Ipv4>& ipv4, std::optional<Ipv6>& ipv6) {
  if (text.empty()) return absl::OkStatus();
  if (absl::StrContains(text, ':')) {
    ASSIGN_OR_RETURN(ipv6, Ipv6::Parse(text));
  } else {
    ASSIGN_OR_RETURN(ipv4, Ipv4::Parse(text));
  }
  return absl::OkStatus();
}

// The id that an ARN of one of this account's resources names; any other text is itself.
absl::StatusOr<std::string> IdNamedBy(const std::string& text, const Account& account) {
  const std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value()) return text;
  const auto parts = arn->SplitResource();
  const std::string id(parts.has_value() ? parts->second : absl::string_view(arn->resource));
  const Kind* kind = KindOfId(id);
  if (kind != nullptr && !kind->arn_type.empty() && ArnOf(account, *kind, id) == text) return id;
  return Error("InvalidParameterValue", absl::StrCat("'", absl::CHexEscape(absl::string_view(text).substr(0, 200)),
                                                     "' is not the ARN of a resource of this account"));
}

absl::StatusOr<std::optional<v1::CreateNetworkInsightsPathRequest>> WithIds(
    const v1::CreateNetworkInsightsPathRequest& request, const Account& account) {
  v1::CreateNetworkInsightsPathRequest whole = request;
  ASSIGN_OR_RETURN(*whole.mutable_source(), IdNamedBy(request.source(), account));
  if (request.has_destination()) {
    ASSIGN_OR_RETURN(*whole.mutable_destination(), IdNamedBy(request.destination(), account));
  }
  if (whole.source() == request.source() && whole.destination() == request.destination()) return std::nullopt;
  return whole;
}

absl::Status CheckPorts(std::optional<PathPorts>& ports, absl::string_view name) {
  if (!ports.has_value()) return absl::OkStatus();
  if (!ports->from_port.has_value()) ports->from_port = ports->to_port;
  if (!ports->to_port.has_value()) ports->to_port = ports->from_port;
  if (!ports->from_port.has_value()) return Error(kMissingParameter, absl::StrCat(name, ".fromPort"));
  if (*ports->from_port <= *ports->to_port) return absl::OkStatus();
  return Error("InvalidParameterValue", absl::StrCat("The ports of ", name, ", ", *ports->from_port, " to ",
                                                     *ports->to_port, ", are not in order"));
}

absl::Status CheckAddress(std::optional<std::string>& text) {
  if (!text.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Ipv4 address, Ipv4::Parse(*text));
  text = address.text();
  return absl::OkStatus();
}

absl::StatusOr<PathFilter> ParseFilter(const v1::PathRequestFilter& given) {
  PathFilter filter;
  schema::ReadFields(given, filter);
  RETURN_IF_ERROR(CheckAddress(filter.source_address));
  RETURN_IF_ERROR(CheckAddress(filter.destination_address));
  RETURN_IF_ERROR(CheckPorts(filter.source_port_range, "sourcePortRange"));
  RETURN_IF_ERROR(CheckPorts(filter.destination_port_range, "destinationPortRange"));
  return filter;
}

bool IsIcmp(const NetworkInsightsPath& path) { return path.protocol == 1; }

absl::Status Together(absl::string_view one, absl::string_view other) {
  return Error("InvalidParameterCombination",
               absl::StrCat("The parameters ", one, " and ", other, " cannot be used together"));
}

// No port is translated on the way.
absl::Status CheckSamePorts(const PathFilter& leaving, const PathFilter& arriving) {
  for (const auto member : {&PathFilter::source_port_range, &PathFilter::destination_port_range}) {
    const std::optional<PathPorts>&one = leaving.*member, &other = arriving.*member;
    if (one.has_value() && other.has_value() && one != other) {
      return Together("ports of filterAtSource", "other ports of filterAtDestination");
    }
  }
  return absl::OkStatus();
}

absl::Status ParseFilters(const v1::CreateNetworkInsightsPathRequest& request, NetworkInsightsPath& wanted) {
  if (request.has_filter_at_source()) {
    if (!request.source_ip().empty()) return Together("filterAtSource", "sourceIp");
    if (request.has_destination_port()) return Together("filterAtSource", "destinationPort");
    ASSIGN_OR_RETURN(wanted.filter_at_source, ParseFilter(request.filter_at_source()));
  }
  if (request.has_filter_at_destination()) {
    if (!request.destination_ip().empty()) return Together("filterAtDestination", "destinationIp");
    ASSIGN_OR_RETURN(wanted.filter_at_destination, ParseFilter(request.filter_at_destination()));
    if (request.has_destination_port() && wanted.filter_at_destination->destination_port_range.has_value()) {
      return Together("destinationPort", "destinationPortRange of filterAtDestination");
    }
  }
  for (const std::optional<PathFilter>& filter : {wanted.filter_at_source, wanted.filter_at_destination}) {
    if (!filter.has_value()) continue;
    const bool ports = filter->source_port_range.has_value() || filter->destination_port_range.has_value();
    if (ports && IsIcmp(wanted)) return Together("protocol icmp", "a range of ports");
    if (wanted.is_ipv6() && (filter->source_address.has_value() || filter->destination_address.has_value())) {
      return Together("an IPv6 address", "an IPv4 address of a filter");
    }
  }
  return CheckSamePorts(wanted.filter_at_source.value_or(PathFilter()),
                        wanted.filter_at_destination.value_or(PathFilter()));
}

bool NamesDestination(const v1::CreateNetworkInsightsPathRequest& request) {
  return !request.destination().empty() || !request.destination_ip().empty() ||
         !request.filter_at_source().destination_address().empty() ||
         !request.filter_at_destination().destination_address().empty();
}

absl::StatusOr<v1::CreateNetworkInsightsPathResponse> CreateNetworkInsightsPath(
    const v1::CreateNetworkInsightsPathRequest& request, network::InsightsService& insights, const Settings& settings) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  if (!NamesDestination(request)) return Error(kMissingParameter, "destination or destinationIp");
  NetworkInsightsPath wanted;
  wanted.source = request.source();
  wanted.destination = request.destination();
  RETURN_IF_ERROR(ParseAddress(request.source_ip(), wanted.source_ip, wanted.source_ipv6));
  RETURN_IF_ERROR(ParseAddress(request.destination_ip(), wanted.destination_ip, wanted.destination_ipv6));
  if (wanted.is_ipv6() && (wanted.source_ip.has_value() || wanted.destination_ip.has_value())) {
    return Error("InvalidParameterCombination",
                 "The addresses sourceIp and destinationIp must both be IPv4 or both be IPv6");
  }
  ASSIGN_OR_RETURN(wanted.protocol, ParseIpProtocol(request.protocol()));
  if (request.has_destination_port()) {
    if (IsIcmp(wanted)) return Together("protocol icmp", "destinationPort");
    wanted.port = request.destination_port();
  }
  RETURN_IF_ERROR(ParseFilters(request, wanted));
  wanted.client_token = request.client_token();
  if (!wanted.client_token.empty()) wanted.parameters_digest = gateway::ParametersDigest(request);
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), NetworkInsightsPathId::kKind));
  ASSIGN_OR_RETURN(const network::InsightsPathView made, insights.CreatePath(std::move(wanted), tags));
  v1::CreateNetworkInsightsPathResponse response;
  *response.mutable_network_insights_path() = Render(made, settings);
  return response;
}

absl::StatusOr<v1::DeleteNetworkInsightsPathResponse> DeleteNetworkInsightsPath(
    const v1::DeleteNetworkInsightsPathRequest& request, network::InsightsService& insights) {
  ASSIGN_OR_RETURN(const auto id, NetworkInsightsPathId::Parse(request.network_insights_path_id()));
  RETURN_IF_ERROR(insights.DeletePath(id));
  v1::DeleteNetworkInsightsPathResponse response;
  response.set_network_insights_path_id(id.text());
  return response;
}

absl::StatusOr<v1::StartNetworkInsightsAnalysisResponse> StartNetworkInsightsAnalysis(
    const v1::StartNetworkInsightsAnalysisRequest& request, network::InsightsService& insights,
    const Settings& settings) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  ASSIGN_OR_RETURN(const auto path, NetworkInsightsPathId::Parse(request.network_insights_path_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), NetworkInsightsAnalysisId::kKind));
  ASSIGN_OR_RETURN(const network::InsightsAnalysisView made, insights.Analyse(path, request.client_token(), tags));
  v1::StartNetworkInsightsAnalysisResponse response;
  *response.mutable_network_insights_analysis() = Render(made, settings);
  return response;
}

absl::StatusOr<v1::DeleteNetworkInsightsAnalysisResponse> DeleteNetworkInsightsAnalysis(
    const v1::DeleteNetworkInsightsAnalysisRequest& request, network::InsightsService& insights) {
  ASSIGN_OR_RETURN(const auto id, NetworkInsightsAnalysisId::Parse(request.network_insights_analysis_id()));
  RETURN_IF_ERROR(insights.DeleteAnalysis(id));
  v1::DeleteNetworkInsightsAnalysisResponse response;
  response.set_network_insights_analysis_id(id.text());
  return response;
}

}  // namespace

void AddInsightsActions(gateway::Actions& actions, network::InsightsService& insights, const Settings& settings) {
  actions.Add(DescribeNetworkInsightsPaths, insights, settings);
  actions.Add(CreateNetworkInsightsPath, insights, settings)
      .CompletedBy([account = settings.account()](const v1::CreateNetworkInsightsPathRequest& request) {
        return WithIds(request, account);
      });
  actions.Add(DeleteNetworkInsightsPath, insights);
  actions.Add(StartNetworkInsightsAnalysis, insights, settings);
  actions.Add(DeleteNetworkInsightsAnalysis, insights);
  actions.Add(DescribeNetworkInsightsAnalyses, insights, settings);
}

}  // namespace brume::ec2
