#include <catch2/catch.hpp>

#include "brume/ec2/v1/network_insights.pb.h"
#include "brume/host/v1/host.pb.h"
#include "cli/explain_path.h"
#include "cli/flow_logs.h"
#include "cli/records.h"

namespace brume::cli {
TEST_CASE("statistics are a table in milliseconds", "[cli]") {
  host::v1::DescribeStatisticsResponse statistics;
  host::v1::ActionStatistics& action = *statistics.add_actions();
  action.set_action("ec2:RunInstances");
  action.set_calls(12);
  action.set_errors(1);
  action.set_p50_microseconds(1280);
  action.set_p90_microseconds(2000);
  action.set_p99_microseconds(3000);
  action.set_max_microseconds(12345);
  CHECK(RenderStatistics(statistics) ==
        "ACTION            CALLS  ERRORS  P50 MS  P90 MS  P99 MS  MAX MS\n"
        "ec2:RunInstances     12       1   1.280   2.000   3.000  12.345\n");
}

TEST_CASE("the flags of brume explain-path name a path", "[cli]") {
  const auto path = [](std::vector<std::pair<std::string, std::string>> options) {
    return PathRequest({.options = std::move(options), .positional = {}, .after_dashes = {}});
  };
  const auto request = path({{"from", "web"}, {"to", "10.0.0.4"}, {"port", "22"}});
  REQUIRE(request.ok());
  CHECK(request->source() == "web");
  CHECK(request->destination_ip() == "10.0.0.4");
  CHECK_FALSE(request->has_destination());
  CHECK(request->protocol() == "tcp");
  CHECK(request->destination_port() == 22);
  CHECK(path({{"from", "a"}, {"to", "i-1"}, {"protocol", "udp"}})->destination() == "i-1");
  CHECK(path({{"from", "a"}, {"to", "i-1"}, {"protocol", "icmp"}})->protocol() == "icmp");
  CHECK(path({{"from", "a"}, {"to", "fd00::4"}})->destination_ip() == "fd00::4");
  CHECK_FALSE(path({{"from", "a"}}).ok());
  CHECK_FALSE(path({{"from", "a"}, {"to", "b"}, {"port", "65536"}}).ok());
}

TEST_CASE("brume explain-path ends with what stops the packet", "[cli]") {
  ec2::v1::NetworkInsightsAnalysis analysis;
  const auto add = [](auto* component, const char* id, const char* name) {
    component->set_id(id);
    component->set_name(name);
  };
  add(analysis.add_forward_path_components()->mutable_component(), "eni-1", "sends it");
  add(analysis.add_forward_path_components()->mutable_component(), "sg-12345", "lets nothing out");
  auto& explanation = *analysis.add_explanations();
  add(explanation.mutable_component(), "sg-12345", "lets nothing out");
  explanation.set_explanation_code("ENI_SG_RULES_MISMATCH");
  CHECK(RenderAnalysis(analysis) ==
        "there\n"
        "  eni-1     sends it\n"
        "  sg-12345  lets nothing out\n"
        "It is stopped by sg-12345: lets nothing out (ENI_SG_RULES_MISMATCH).\n");
  analysis.clear_explanations();
  analysis.set_network_path_found(true);
  add(analysis.add_return_path_components()->mutable_component(), "acl", "rule 100 allows");
  CHECK(RenderAnalysis(analysis) ==
        "there\n"
        "  eni-1     sends it\n"
        "  sg-12345  lets nothing out\n"
        "back\n"
        "  acl       rule 100 allows\n"
        "It arrives, and is answered.\n");
}

TEST_CASE("brume flow-logs knows the interface of a record by the log's format", "[cli]") {
  const std::string format = "${srcaddr} ${interface-id} ${action}", record = "10.0.0.4 eni-1 ACCEPT";
  CHECK(IsRecordOf(record, format, {}));
  CHECK(IsRecordOf(record, format, {"eni-1", "eni-2"}));
  CHECK_FALSE(IsRecordOf(record, format, {"eni-2"}));
  CHECK_FALSE(IsRecordOf(record, "${srcaddr} ${dstaddr} ${action}", {"eni-1"}));
  CHECK_FALSE(IsRecordOf("", format, {"eni-1"}));
}

}  // namespace brume::cli
