// What is said of a packet's way, by the API.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_actions.pb.h"
#include "brume/ec2/v1/network_insights.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct InsightsWorld {
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  ec2::v1::NetworkInsightsPath Path(const std::string& from, const std::string& to, const std::string& more = "") {
    return Ask<ec2::v1::CreateNetworkInsightsPathResponse>(
               "CreateNetworkInsightsPath",
               absl::StrCat("source: '", from, "' destination: '", to, "' protocol: 'tcp' destination_port: 22 ", more))
        .network_insights_path();
  }
  ec2::v1::NetworkInsightsAnalysis Analyse(const ec2::v1::NetworkInsightsPath& path) {
    return Ask<ec2::v1::StartNetworkInsightsAnalysisResponse>("StartNetworkInsightsAnalysis",
                                                              Named(path.network_insights_path_id()))
        .network_insights_analysis();
  }
  static std::string Named(const std::string& id) { return "network_insights_path_id: '" + id + "'"; }
  std::string Launch() { return world.Launch().text(); }

  ApiWorld world;
};

}  // namespace

TEST_CASE("an analysis names what stops a packet, and what it meets where nothing does", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const auto path = world.Path(a, b);
  CHECK(path.source_arn().find(":instance/" + a) != std::string::npos);
  const auto analysis = world.Analyse(path);
  CHECK(analysis.status() == "succeeded");
  // Both are in the default group, whose members reach each other.
  CHECK(analysis.network_path_found());
  CHECK(analysis.explanations_size() == 0);
  CHECK(analysis.forward_path_components_size() >= 4);
  CHECK(analysis.forward_path_components(0).sequence_number() == 1);

  // From outside the default group opens nothing.
  const auto gateways = world.Ask<ec2::v1::DescribeInternetGatewaysResponse>("DescribeInternetGateways", "");
  const auto from_outside = world.Path(gateways.internet_gateways(0).internet_gateway_id(), b);
  const auto stopped = world.Analyse(from_outside);
  CHECK_FALSE(stopped.network_path_found());
  REQUIRE(stopped.explanations_size() == 1);
  CHECK(stopped.explanations(0).explanation_code() == "ENI_SG_RULES_MISMATCH");
  const std::string group = stopped.explanations(0).component().id();
  CHECK(world.CodeOf("AuthorizeSecurityGroupIngress", "group_id: '" + group +
                                                          "' ip_protocol: 'tcp' from_port: 22 to_port: 22 cidr_ip: "
                                                          "'0.0.0.0/0'") == "");
  CHECK(world.Analyse(from_outside).network_path_found());
  // Of a machine that does not run nothing arrives anywhere.
  Value(world.world.CallText("StopInstances", "instance_ids: '" + b + "'"));
  REQUIRE(world.world.Reaches(InstanceId::FromTrusted(b), InstanceState::kStopped));
  CHECK_FALSE(world.Analyse(path).network_path_found());
}

TEST_CASE("a path to or from an IPv6 address is walked by what is about IPv6", "[api]") {
  InsightsWorld world;
  const auto vpc = world
                       .Ask<ec2::v1::CreateVpcResponse>(
                           "CreateVpc", "cidr_block: '10.1.0.0/16' amazon_provided_ipv6_cidr_block: true")
                       .vpc();
  const std::string range =
      Value(CidrIpv6::Parse(vpc.ipv6_cidr_block_association_set(0).ipv6_cidr_block())).Part(64, 1).text();
  const std::string subnet = world
                                 .Ask<ec2::v1::CreateSubnetResponse>(
                                     "CreateSubnet", "vpc_id: '" + vpc.vpc_id() +
                                                         "' cidr_block: '10.1.1.0/24' ipv6_cidr_block: '" + range + "'")
                                 .subnet()
                                 .subnet_id();
  const auto launch = [&](const std::string& more) {
    const auto launched = world.Ask<ec2::v1::RunInstancesResponse>(
        "RunInstances",
        absl::StrCat("image_id: '", world.world.image.text(), "' instance_type: 't3.small' min_count: 1 ",
                     "max_count: 1 subnet_id: '", subnet, "' ", more));
    REQUIRE(world.world.Reaches(InstanceId::FromTrusted(launched.instances(0).instance_id()), InstanceState::kRunning));
    return launched.instances(0);
  };
  const auto a = launch("ipv6_address_count: 1"), b = launch("ipv6_address_count: 2"), without = launch("");
  const std::string second = b.network_interfaces(0).ipv6_addresses(1).ipv6_address();
  const auto path = world.Path(a.instance_id(), b.instance_id(), "destination_ip: '" + second + "'");
  CHECK(path.destination_ip() == second);
  CHECK(world.Analyse(path).network_path_found());
  // Without an id, and by the sender's address alone.
  const auto by_address = world
                              .Ask<ec2::v1::CreateNetworkInsightsPathResponse>(
                                  "CreateNetworkInsightsPath", "source: '" + a.instance_id() + "' destination_ip: '" +
                                                                   second + "' protocol: 'udp' destination_port: 53")
                              .network_insights_path();
  CHECK(world.Analyse(by_address).network_path_found());
  const auto by_source = world.Path(a.instance_id(), b.instance_id(), "source_ip: '" + a.ipv6_address() + "'");
  CHECK(world.Analyse(by_source).network_path_found());

  // What IPv6 is not let through by is named, and IPv4 goes on.
  const std::string group = b.network_interfaces(0).groups(0).group_id();
  Value(world.world.CallText("RevokeSecurityGroupEgress",
                             "group_id: '" + group +
                                 "' ip_permissions { ip_protocol: '-1' ipv6_ranges { cidr_ipv6: "
                                 "'::/0' } }"));
  const auto stopped = world.Analyse(path);
  CHECK_FALSE(stopped.network_path_found());
  REQUIRE(stopped.explanations_size() == 1);
  CHECK(stopped.explanations(0).explanation_code() == "ENI_SG_RULES_MISMATCH");
  CHECK(stopped.explanations(0).component().name().find("tcp port 22") != std::string::npos);
  CHECK(world.Analyse(world.Path(a.instance_id(), b.instance_id())).network_path_found());

  const std::string ends = "source: '" + a.instance_id() + "' destination: '" + b.instance_id() + "' protocol: 'tcp' ";
  const std::pair<std::string, const char*> refused[] = {
      {ends + "source_ip: '" + a.ipv6_address() + "' destination_ip: '" + b.private_ip_address() + "'",
       "InvalidParameterCombination"},
      {ends + "destination_ip: '" + a.ipv6_address() + "'", "InvalidParameterValue"},
      {ends + "destination_ip: 'fd00::zz'", "InvalidParameterValue"},
      {"source: '" + without.instance_id() + "' destination_ip: '" + second + "' protocol: 'tcp'",
       "InvalidParameterValue"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(world.CodeOf("CreateNetworkInsightsPath", text) == code);
  }
}

TEST_CASE("the token of an analysis is of one path", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const std::string there = world.Named(world.Path(a, b).network_insights_path_id()) + " client_token: 'once'";
  const std::string back = world.Named(world.Path(b, a).network_insights_path_id()) + " client_token: 'once'";
  const auto start = [&](const std::string& text) {
    return world.Ask<ec2::v1::StartNetworkInsightsAnalysisResponse>("StartNetworkInsightsAnalysis", text)
        .network_insights_analysis()
        .network_insights_analysis_id();
  };
  const std::string first = start(there);
  CHECK(start(there) == first);
  CHECK(world.CodeOf("StartNetworkInsightsAnalysis", back) == "IdempotentParameterMismatch");
}

TEST_CASE("a path is deleted after its analyses, and what is named must be there", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const auto path = world.Path(a, b, "client_token: 'once'");
  CHECK(world.Path(a, b, "client_token: 'once'").network_insights_path_id() == path.network_insights_path_id());
  const auto analysis = world.Analyse(path);
  const std::string named = world.Named(path.network_insights_path_id());
  CHECK(world.CodeOf("DeleteNetworkInsightsPath", named) == "AnalysisExistsForNetworkInsightsPath");
  const auto shown =
      world.Ask<ec2::v1::DescribeNetworkInsightsAnalysesResponse>("DescribeNetworkInsightsAnalyses", named);
  REQUIRE(shown.network_insights_analyses_size() == 1);
  CHECK(shown.network_insights_analyses(0).SerializeAsString() == analysis.SerializeAsString());
  CHECK(world.CodeOf("DeleteNetworkInsightsAnalysis",
                     "network_insights_analysis_id: '" + analysis.network_insights_analysis_id() + "'") == "");
  CHECK(world.CodeOf("DeleteNetworkInsightsPath", named) == "");
  CHECK(world.CodeOf("StartNetworkInsightsAnalysis", named) == "InvalidNetworkInsightsPathId.NotFound");
  const struct {
    std::string text, code;
  } cases[] = {
      {"source: 'i-00000000000000000' destination: '" + b + "' protocol: 'tcp'", "InvalidInstanceID.NotFound"},
      {"source: '" + a + "' destination: 'eni-00000000000000000' protocol: 'tcp'",
       "InvalidNetworkInterfaceID.NotFound"},
      {"source: '" + a + "' destination: 'igw-00000000000000000' protocol: 'tcp'", "InvalidInternetGatewayID.NotFound"},
      {"source: '" + a + "' destination: 'vol-00000000000000000' protocol: 'tcp'", "InvalidParameterValue"},
      {"source: '" + a + "' protocol: 'tcp'", "MissingParameter"},
      {"source: '" + a + "' destination: '" + b + "' protocol: 'gre'", "InvalidParameterValue"},
      {"source: '" + a + "' destination: '" + b + "' protocol: 'icmp' destination_port: 8",
       "InvalidParameterCombination"},
      {"source: '" + a + "' destination: '" + b + "' protocol: 'tcp' source_ip: '10.1.2.3'", "InvalidParameterValue"},
      {"source: '" + a + "' destination: '" + b + "' protocol: 'tcp' destination_port: 65536", "InvalidParameterValue"},
  };
  for (const auto& [text, code] : cases) {
    INFO(text);
    CHECK(world.CodeOf("CreateNetworkInsightsPath", text) == code);
  }
}

TEST_CASE("a path of ICMP is one of echo requests, of the addresses' family", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const auto path = [&](const std::string& more) {
    return world
        .Ask<ec2::v1::CreateNetworkInsightsPathResponse>("CreateNetworkInsightsPath",
                                                         "source: '" + a + "' protocol: 'icmp' " + more)
        .network_insights_path();
  };
  const auto there = path("destination: '" + b + "'");
  CHECK(there.protocol() == "icmp");
  const auto analysis = world.Analyse(there);
  CHECK(analysis.network_path_found());
  CHECK(analysis.forward_path_components(1).component().name().find("ICMP type 8") != std::string::npos);
  CHECK(world.Analyse(path("destination_ip: '169.254.169.253'")).network_path_found());
  // The router's own addresses, of which EC2's analyzer knows nothing.
  const auto resolver = world
                            .Ask<ec2::v1::CreateNetworkInsightsPathResponse>(
                                "CreateNetworkInsightsPath", "source: '" + a +
                                                                 "' destination_ip: '172.31.0.2' protocol: 'udp' "
                                                                 "destination_port: 53")
                            .network_insights_path();
  const auto asked = world.Analyse(resolver);
  CHECK(asked.network_path_found());
  CHECK(asked.return_path_components_size() == 0);
  REQUIRE(asked.forward_path_components_size() == 2);
  CHECK(asked.forward_path_components(1).component().id() == "172.31.0.2");
  CHECK(asked.forward_path_components(1).component().name() == "the VPC's resolver answers");
}

TEST_CASE("the ends of a path are named by ids or by their ARNs", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const auto by_id = world.Path(a, b);
  const auto by_arn = world.Path(by_id.source_arn(), by_id.destination_arn());
  CHECK(by_arn.source() == a);
  CHECK(by_arn.destination() == b);
  CHECK(by_arn.source_arn() == by_id.source_arn());
  const auto code = [&](const std::string& source) {
    return world.CodeOf("CreateNetworkInsightsPath",
                        absl::StrCat("source: '", source, "' destination: '", b, "' protocol: 'tcp'"));
  };
  CHECK(code(by_id.source_arn()) == "");
  CHECK(code("arn:aws:ec2:us-east-1:999999999999:instance/" + a) == "InvalidParameterValue");
  CHECK(code("arn:aws:ec2:us-east-1:" + world.world.settings.account_id + ":volume/" + a) == "InvalidParameterValue");
  CHECK(code("arn:aws:s3:::logs") == "InvalidParameterValue");
}

TEST_CASE("a path is about what its filters say of a packet at its two ends", "[api]") {
  InsightsWorld world;
  const std::string a = world.Launch(), b = world.Launch();
  const std::string from = world.world.InterfaceOf(InstanceId::FromTrusted(a)).private_ip->text();
  const NetworkInterface to = world.world.InterfaceOf(InstanceId::FromTrusted(b));
  const std::string ends = "source: '" + a + "' destination: '" + b + "' protocol: 'tcp' ";
  const auto make = [&](const std::string& text) {
    return world.Ask<ec2::v1::CreateNetworkInsightsPathResponse>("CreateNetworkInsightsPath", text)
        .network_insights_path();
  };
  const auto path =
      make(ends + "filter_at_source { source_address: '" + from + "' destination_address: '" + to.public_ip->text() +
           "' destination_port_range { from_port: 80 to_port: 90 } source_port_range { from_port: 1024 } } "
           "filter_at_destination { source_address: '" +
           from + "' destination_address: '" + to.private_ip->text() + "' }");
  CHECK(path.filter_at_source().source_address() == from);
  CHECK(path.filter_at_source().destination_port_range().to_port() == 90);
  CHECK(path.filter_at_source().source_port_range().to_port() == 1024);
  CHECK(path.filter_at_destination().destination_address() == to.private_ip->text());
  CHECK_FALSE(path.filter_at_destination().has_source_port_range());
  const auto found = world.Analyse(path);
  CHECK(found.network_path_found());
  CHECK(found.forward_path_components(1).component().name().find("tcp ports 80 to 90") != std::string::npos);
  // Who is asked for at the destination is not who comes there.
  const auto other = world.Analyse(make(ends + "filter_at_destination { source_address: '192.0.2.1' }"));
  CHECK_FALSE(other.network_path_found());
  REQUIRE(other.explanations_size() == 1);
  CHECK(other.explanations(0).explanation_code() == "ENI_ADDRESS_RESTRICTION");
  // From outside only what lets all of the ports through does.
  const auto gateways = world.Ask<ec2::v1::DescribeInternetGatewaysResponse>("DescribeInternetGateways", "");
  const std::string outside =
      "source: '" + gateways.internet_gateways(0).internet_gateway_id() + "' destination: '" + b + "' protocol: 'tcp' ";
  Value(world.world.CallText("AuthorizeSecurityGroupIngress",
                             "group_id: '" + to.groups.front().text() +
                                 "' ip_protocol: 'tcp' from_port: 80 to_port: 85 cidr_ip: '0.0.0.0/0'"));
  for (const auto& [last, arrives] : {std::pair{85, true}, std::pair{86, false}}) {
    INFO(last);
    CHECK(world
              .Analyse(make(absl::StrCat(outside, "filter_at_destination { destination_port_range { from_port: 80 ",
                                         "to_port: ", last, " } destination_address: '", to.private_ip->text(), "' }")))
              .network_path_found() == arrives);
  }
  for (const auto& [name, value] : {std::pair{"filter-at-source.source-address", from.c_str()},
                                    std::pair{"filter-at-source.destination-port-range", "80"},
                                    std::pair{"filter-at-source.source-port-range", "1024"}}) {
    INFO(name);
    const auto shown = world.Ask<ec2::v1::DescribeNetworkInsightsPathsResponse>(
        "DescribeNetworkInsightsPaths", absl::StrCat("filters { name: '", name, "' values: '", value, "' }"));
    REQUIRE(shown.network_insights_paths_size() == 1);
    CHECK(shown.network_insights_paths(0).network_insights_path_id() == path.network_insights_path_id());
  }
  const std::pair<std::string, const char*> refused[] = {
      {"filter_at_source { source_address: '10.0.0' }", "InvalidParameterValue"},
      {"filter_at_source { source_address: '10.0.0.9' }", "InvalidParameterValue"},
      {"filter_at_source { destination_port_range { from_port: 9 to_port: 8 } }", "InvalidParameterValue"},
      {"filter_at_source { destination_port_range { from_port: 65536 } }", "InvalidParameterValue"},
      {"filter_at_source { destination_port_range {} }", "MissingParameter"},
      {"filter_at_source { source_address: '" + from + "' } source_ip: '" + from + "'", "InvalidParameterCombination"},
      {"filter_at_source {} destination_port: 80", "InvalidParameterCombination"},
      {"filter_at_source { destination_port_range { from_port: 80 } } filter_at_destination { destination_port_range { "
       "from_port: 81 } }",
       "InvalidParameterCombination"},
      {"filter_at_destination {} destination_ip: '" + to.private_ip->text() + "'", "InvalidParameterCombination"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(world.CodeOf("CreateNetworkInsightsPath", ends + text) == code);
  }
}

}  // namespace brume
