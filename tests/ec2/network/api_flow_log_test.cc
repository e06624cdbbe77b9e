// Flow logs as the API makes, shows and ends them, and what is written into them.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/flow_log.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/host/v1/flow_record.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// Tells of one flow at each port that it was told to count.
class CountingFabric : public network::SimulatedFabric {
 public:
  absl::StatusOr<std::vector<network::PortFlows>> TakeFlows(const VpcId& id) override {
    if (id != vpc) return std::vector<network::PortFlows>();
    return std::exchange(flows, {});
  }
  VpcId vpc;
  std::vector<network::PortFlows> flows;
};

struct FlowWorld {
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  static std::string Text(const std::string& resource, const std::string& more = "", const char* type = "VPC",
                          const char* destination = "arn:aws:s3:::logs/a/") {
    const char* traffic = absl::StrContains(more, "traffic_type") ? "" : "traffic_type: 'ALL' ";
    return absl::StrCat("resource_type: '", type, "' log_destination_type: 's3' log_destination: '", destination,
                        "' resource_ids: '", resource, "' ", traffic, more);
  }
  ec2::v1::CreateFlowLogsResponse Create(const std::string& text) {
    return Ask<ec2::v1::CreateFlowLogsResponse>("CreateFlowLogs", text);
  }
  std::vector<ec2::v1::FlowLog> Shown(const std::string& text = "") {
    const auto answer = Ask<ec2::v1::DescribeFlowLogsResponse>("DescribeFlowLogs", text);
    return {answer.flow_logs().begin(), answer.flow_logs().end()};
  }
  std::string DefaultVpc() { return Ask<ec2::v1::DescribeVpcsResponse>("DescribeVpcs", "").vpcs(0).vpc_id(); }

  ApiWorld world;
};

}  // namespace

TEST_CASE("a flow log is made, shown, tagged and ended", "[api]") {
  FlowWorld world;
  const std::string vpc = world.DefaultVpc();
  const auto made = world.Create(
      FlowWorld::Text(vpc,
                      "client_token: 'once' traffic_type: 'REJECT' max_aggregation_interval: 60 tag_specifications { "
                      "resource_type: 'vpc-flow-log' tags { key: 'Name' value: 'all' } }"));
  REQUIRE(made.flow_log_ids_size() == 1);
  CHECK(made.unsuccessful().empty());
  CHECK(made.client_token() == "once");
  const std::string& id = made.flow_log_ids(0);
  const auto logs = world.Shown();
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].flow_log_id() == id);
  CHECK(logs[0].resource_id() == vpc);
  CHECK(logs[0].traffic_type() == "REJECT");
  CHECK(logs[0].flow_log_status() == "ACTIVE");
  CHECK(logs[0].deliver_logs_status() == "SUCCESS");
  CHECK(logs[0].log_destination_type() == "s3");
  CHECK(logs[0].log_destination() == "arn:aws:s3:::logs/a/");
  CHECK(absl::StartsWith(logs[0].log_format(), "${version} ${account-id}"));
  CHECK(logs[0].max_aggregation_interval() == 60);
  REQUIRE(logs[0].tags_size() == 1);
  for (const char* filter : {"name: 'traffic-type' values: 'REJECT'", "name: 'tag:Name' values: 'all'",
                             "name: 'deliver-log-status' values: 'SUCCESS'"}) {
    INFO(filter);
    CHECK(world.Shown(absl::StrCat("filter { ", filter, " }")).size() == 1);
  }
  CHECK(world.Shown("filter { name: 'resource-id' values: 'vpc-00000000000000000' }").empty());
  const auto gone = world.Ask<ec2::v1::DeleteFlowLogsResponse>("DeleteFlowLogs", "flow_log_ids: '" + id + "'");
  CHECK(gone.unsuccessful().empty());
  CHECK(world.Shown().empty());
  const auto again = world.Ask<ec2::v1::DeleteFlowLogsResponse>("DeleteFlowLogs", "flow_log_ids: '" + id + "'");
  REQUIRE(again.unsuccessful_size() == 1);
  CHECK(again.unsuccessful(0).resource_id() == id);
  CHECK(again.unsuccessful(0).error().code() == "InvalidFlowLogId.NotFound");
  CHECK(world.CodeOf("DescribeFlowLogs", "flow_log_ids: '" + id + "'") == "InvalidFlowLogId.NotFound");
}

TEST_CASE("the flow logs of one call come about each for itself, and with a token once", "[api]") {
  FlowWorld world;
  const std::string vpc = world.DefaultVpc();
  const std::string text = FlowWorld::Text(vpc, "client_token: 'once' resource_ids: 'vpc-00000000000000000'");
  const auto made = world.Create(text);
  REQUIRE(made.flow_log_ids_size() == 1);
  REQUIRE(made.unsuccessful_size() == 1);
  CHECK(made.unsuccessful(0).error().code() == "InvalidVpcID.NotFound");
  CHECK(world.Create(text).flow_log_ids(0) == made.flow_log_ids(0));
  CHECK(world.CodeOf("CreateFlowLogs", FlowWorld::Text(vpc, "client_token: 'once'")) == "IdempotentParameterMismatch");
  const auto same = world.Create(FlowWorld::Text(vpc));
  REQUIRE(same.unsuccessful_size() == 1);
  CHECK(same.unsuccessful(0).error().code() == "FlowLogAlreadyExists");
  CHECK(world.Create(FlowWorld::Text(vpc, "traffic_type: 'ACCEPT'")).flow_log_ids_size() == 1);
  CHECK(world.Create(FlowWorld::Text(vpc, "traffic_type: 'REJECT'")).unsuccessful(0).error().code() ==
        "FlowLogsLimitExceeded");
  const auto nowhere = world.Create(FlowWorld::Text(vpc, "traffic_type: 'REJECT'", "VPC", "arn:aws:s3:::none"));
  CHECK(nowhere.unsuccessful(0).error().code() == "InvalidParameterValue");
  CHECK(world.Shown().size() == 2);
}

TEST_CASE("what cannot be a flow log is refused, and none is made", "[api]") {
  FlowWorld world;
  const std::string vpc = world.DefaultVpc();
  const std::pair<std::string, const char*> refused[] = {
      {"resource_type: 'VPC' resource_ids: '" + vpc + "'", "MissingParameter"},
      {"resource_type: 'VPC' traffic_type: 'ALL' resource_ids: '" + vpc + "'", "UnsupportedOperation"},
      {"resource_type: 'VPC' traffic_type: 'ALL' log_destination_type: 'cloud-watch-logs' resource_ids: '" + vpc + "'",
       "UnsupportedOperation"},
      {"resource_type: 'VPC' traffic_type: 'ALL' log_destination_type: 's3' resource_ids: '" + vpc + "'",
       "MissingParameter"},
      {FlowWorld::Text(vpc, "", "Subnet"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "", "TransitGateway"), "UnsupportedOperation"},
      {FlowWorld::Text(vpc, "log_format: '${srcaddr} ${vpc-id}'"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "max_aggregation_interval: 61"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "", "VPC", "arn:aws:s3:::logs/../x"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "", "VPC", "arn:aws:s3:::logs/AWSLogs/"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "", "VPC", "arn:aws:s3:::Logs"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "", "VPC", "/var/log"), "InvalidParameterValue"},
      {FlowWorld::Text(vpc, "traffic_type: 'SOME'"), "InvalidParameterValue"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(world.CodeOf("CreateFlowLogs", text) == code);
  }
  CHECK(world.Shown().empty());
}

TEST_CASE("a flow log goes with what it is about", "[api]") {
  FlowWorld world;
  const auto vpc = world.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.9.0.0/16'").vpc().vpc_id();
  REQUIRE(world.Create(FlowWorld::Text(vpc)).flow_log_ids_size() == 1);
  Value(world.world.CallText("DeleteVpc", "vpc_id: '" + vpc + "'"));
  CHECK(world.Shown().empty());
}

TEST_CASE("flows are written to each log that asks for them, and read from where one left off", "[api]") {
  FlowWorld world;
  const std::string vpc = world.DefaultVpc();
  CountingFabric fabric;
  fabric.vpc = Value(VpcId::Parse(vpc));
  network::FlowLogCollector collector(*world.world.database, world.world.clock, fabric, world.world.flow_log_files,
                                      world.world.settings);
  const std::string all = world.Create(FlowWorld::Text(vpc)).flow_log_ids(0);
  const std::string rejected =
      world.Create(FlowWorld::Text(vpc, "traffic_type: 'REJECT' log_format: '${srcaddr} ${action} ${log-status}'"))
          .flow_log_ids(0);
  const auto read = [&](const std::string& id, const std::string& token) {
    return world.Ask<host::v1::ReadFlowRecordsResponse>(
        "ReadFlowRecords",
        absl::StrCat("flow_log_id: '", id, "'", token.empty() ? "" : absl::StrCat(" next_token: '", token, "'")));
  };
  network::PortFlows port;
  port.eni = EniId::FromTrusted("eni-0123456789abcdef0");
  port.flows = {{.source = Value(Ipv4::Parse("172.31.0.4")),
                 .destination = Value(Ipv4::Parse("172.31.0.5")),
                 .source_port = 1025,
                 .destination_port = 22,
                 .protocol = 6,
                 .accepted = true,
                 .packets = 3,
                 .bytes = 180}};
  fabric.flows = {port};
  collector.Collect();
  const auto first = read(all, "");
  REQUIRE(first.records_size() == 1);
  CHECK(absl::StrContains(first.records(0), " eni-0123456789abcdef0 172.31.0.4 172.31.0.5 1025 22 6 3 180 "));
  CHECK(absl::EndsWith(first.records(0), " ACCEPT OK"));
  REQUIRE(read(rejected, "").records_size() == 1);
  CHECK(read(rejected, "").records(0) == "- - NODATA");
  CHECK(read(all, first.next_token()).records_size() == 0);
  port.flows[0].accepted = false;
  fabric.flows = {port};
  collector.Collect();
  CHECK(read(all, first.next_token()).records_size() == 1);
  CHECK(read(rejected, "").records(1) == "172.31.0.4 REJECT OK");
  CHECK(world.CodeOf("ReadFlowRecords", "flow_log_id: '" + all + "' next_token: 'x'") == "InvalidNextToken");
}

}  // namespace brume
