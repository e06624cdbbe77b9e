#include "cli/explain_path.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "brume/ec2/v1/network_insights.pb.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/instances.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"
#include "lib/resource/kinds.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

const std::vector<OptionSpec>& PathOptions() {
  static const auto* const options =
      new std::vector<OptionSpec>{{"from"}, {"to"}, {"port"}, {"protocol"}, {"help", false}};
  return *options;
}

absl::Status Ask(const Schema& schema, Client& client, const char* action, const google::protobuf::Message& request,
                 google::protobuf::Message* response) {
  const auto* method = schema.pool().FindMethodByName(absl::StrCat("brume.ec2.v1.NetworkInsights.", action));
  if (method == nullptr) return absl::InternalError(absl::StrCat("the schema has no ", action));
  return client.Call(*method, request, response);
}

// The id of an end: it is one, or what names an instance.
absl::StatusOr<std::string> IdOf(const Schema& schema, Client& client, const std::string& end) {
  const bool other_kind = KindOfId(end) != nullptr && !IsBeginningOfId(InstanceId::kKind.prefix, end);
  if (IsWholeId(end) || other_kind) return end;
  ASSIGN_OR_RETURN(const nlohmann::ordered_json instance, FindInstance(schema, client, end));
  return instance.value("InstanceId", "");
}

// The analysis, and nothing left of what it took.
absl::StatusOr<ec2::v1::NetworkInsightsAnalysis> Analyse(const Schema& schema, Client& client,
                                                         const ec2::v1::CreateNetworkInsightsPathRequest& request) {
  ec2::v1::CreateNetworkInsightsPathResponse made;
  RETURN_IF_ERROR(Ask(schema, client, "CreateNetworkInsightsPath", request, &made));
  const std::string& path = made.network_insights_path().network_insights_path_id();
  ec2::v1::StartNetworkInsightsAnalysisRequest start;
  start.set_network_insights_path_id(path);
  ec2::v1::StartNetworkInsightsAnalysisResponse started;
  absl::Status status = Ask(schema, client, "StartNetworkInsightsAnalysis", start, &started);
  if (status.ok()) {
    ec2::v1::DeleteNetworkInsightsAnalysisRequest end;
    end.set_network_insights_analysis_id(started.network_insights_analysis().network_insights_analysis_id());
    ec2::v1::DeleteNetworkInsightsAnalysisResponse ended;
    status = Ask(schema, client, "DeleteNetworkInsightsAnalysis", end, &ended);
  }
  ec2::v1::DeleteNetworkInsightsPathRequest remove;
  remove.set_network_insights_path_id(path);
  ec2::v1::DeleteNetworkInsightsPathResponse removed;
  status.Update(Ask(schema, client, "DeleteNetworkInsightsPath", remove, &removed));
  RETURN_IF_ERROR(status);
  return started.network_insights_analysis();
}

}  // namespace

absl::StatusOr<ec2::v1::CreateNetworkInsightsPathRequest> PathRequest(const ParsedOptions& options) {
  const std::string* from = options.Find("from");
  const std::string* to = options.Find("to");
  if (from == nullptr || to == nullptr || !options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError(
        "brume explain-path takes two ends: brume explain-path --from ID --to ID|ADDRESS [--port N]");
  }
  ec2::v1::CreateNetworkInsightsPathRequest request;
  request.set_source(*from);
  if (Ipv4::Parse(*to).ok() || Ipv6::Parse(*to).ok()) {
    request.set_destination_ip(*to);
  } else {
    request.set_destination(*to);
  }
  const std::string* protocol = options.Find("protocol");
  request.set_protocol(protocol == nullptr ? "tcp" : *protocol);
  if (const std::string* text = options.Find("port"); text != nullptr) {
    int port = 0;
    if (!absl::SimpleAtoi(*text, &port) || port < 0 || port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("--port: '", *text, "' is not a port from 0 to 65535"));
    }
    request.set_destination_port(port);
  }
  return request;
}

std::string RenderAnalysis(const ec2::v1::NetworkInsightsAnalysis& analysis) {
  std::string text;
  size_t width = 0;
  const auto each = [&](const auto& visit) {
    for (const auto* components : {&analysis.forward_path_components(), &analysis.return_path_components()}) {
      for (const auto& component : *components) visit(component.component());
    }
  };
  each([&](const auto& component) { width = std::max(width, component.id().size()); });
  const auto line = [&](const auto& component) {
    absl::StrAppend(&text, absl::StrFormat("  %-*s  %s\n", width, component.id(), component.name()));
  };
  text += "there\n";
  for (const auto& component : analysis.forward_path_components()) line(component.component());
  if (analysis.return_path_components_size() > 0) text += "back\n";
  for (const auto& component : analysis.return_path_components()) line(component.component());
  if (analysis.network_path_found()) return absl::StrCat(text, "It arrives, and is answered.\n");
  text += "It is stopped";
  for (const auto& explanation : analysis.explanations()) {
    absl::StrAppend(&text, " by ", explanation.component().id(), ": ", explanation.component().name(), " (",
                    explanation.explanation_code(), ")");
  }
  return absl::StrCat(text, ".\n");
}

absl::StatusOr<int> RunExplainPath(const Schema& schema, const GlobalOptions& global,
                                   const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, PathOptions()));
  if (options.Find("help")) {
    RETURN_IF_ERROR(Print(CommandHelpText("explain-path", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  ASSIGN_OR_RETURN(ec2::v1::CreateNetworkInsightsPathRequest request, PathRequest(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(*request.mutable_source(), IdOf(schema, *client, request.source()));
  if (request.has_destination()) {
    ASSIGN_OR_RETURN(*request.mutable_destination(), IdOf(schema, *client, request.destination()));
  }
  ASSIGN_OR_RETURN(const ec2::v1::NetworkInsightsAnalysis analysis, Analyse(schema, *client, request));
  if (PrintsAnswer(global)) {
    RETURN_IF_ERROR(PrintAnswer(analysis, global));
  } else {
    RETURN_IF_ERROR(Print(RenderAnalysis(analysis)));
  }
  return analysis.network_path_found() ? 0 : 1;
}

Command ExplainPathCommand() {
  return {
      "explain-path",
      "explain-path --from ID --to ID|ADDRESS [--port N] [--protocol tcp|udp|icmp]",
      "Shows what stops a packet between two machines, or the path it takes.",
      "ID is the id of an instance, a network interface or an internet gateway, which stands for any address outside; "
      "or the Name tag of one instance. No packet is sent: the routes, gateways, security groups and network ACLs in "
      "force on the host are evaluated for the packet and for its reply. The exit code is 0 if the packet arrives and "
      "its reply does too, and 1 if either is stopped.",
      {{"--from ID", "The source."},
       {"--to ID|ADDRESS", "The destination. With an IPv6 address the packet is an IPv6 packet."},
       {"--port N", "The destination port. Default: any, which only rules for all ports allow."},
       {"--protocol NAME", "tcp (the default), udp, or icmp for an echo request, which has no port."}},
      RunExplainPath,
      /*has_answer=*/true};
}

}  // namespace brume::cli
