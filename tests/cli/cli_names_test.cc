// Names and beginnings of ids where the API takes ids.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cli/names.h"
#include "tests/cli/cli_answers.h"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kWeb[] = "i-0aaaaaaaaaaaaaaaa", kOther[] = "i-0abbbbbbbbbbbbbbb", kGone[] = "i-0cccccccccccccccc";

Json InstanceJson(const std::string& id, const std::string& name, const std::string& state) {
  return {{"InstanceId", id}, {"State", {{"Name", state}}}, {"Tags", {{{"Key", "Name"}, {"Value", name}}}}};
}

bool Matches(const Json& instance, const Json& filter) {
  const std::string value = filter["Values"][0];
  if (filter["Name"] == "tag:Name") return instance["Tags"][0]["Value"] == value;
  if (filter["Name"] == "instance-id") {
    return absl::StartsWith(instance["InstanceId"].get<std::string>(), value.substr(0, value.size() - 1));
  }
  return false;
}

// Describes these instances; filters of one value, as brume sends them.
void Describe(AnsweringServer& server, const std::vector<Json>& instances) {
  server.Set("DescribeInstances", [instances](const Json& request) {
    Json found = Json::array();
    for (const Json& instance : instances) {
      bool all = true;
      for (const Json& filter : request.value("Filters", Json::array())) all = all && Matches(instance, filter);
      if (all) found.push_back(instance);
    }
    return Json({{"Reservations", {{{"Instances", found}}}}});
  });
  server.Set("StopInstances", [](const Json&) -> Json { throw Refusal{"InvalidInstanceID.NotFound", "no such"}; });
}

// What `stop-instances` was called with, when it was.
std::vector<Json> Stopped(AnsweringServer& server, const std::string& name, int* code, std::string* said) {
  const CommandResult result = server.Run({"stop-instances", "--instance-ids", name});
  *code = result.exit_code;
  *said = result.standard_error;
  return server.requests("StopInstances");
}

TEST_CASE("a whole id is known by its form", "[cli]") {
  CHECK(IsWholeId("i-0123456789abcdef0"));
  CHECK(IsWholeId("vpc-cidr-assoc-0123456789abcdef0"));
  CHECK_FALSE(IsWholeId("i-0123456789abcde"));
  CHECK_FALSE(IsWholeId("i-0123456789ABCDEF0"));
  CHECK_FALSE(IsWholeId("web"));
  CHECK(IsBeginningOfId("i", "i-0ab"));
  CHECK(IsBeginningOfId("i", "i-"));
  CHECK_FALSE(IsBeginningOfId("i", "i-web"));
  CHECK_FALSE(IsBeginningOfId("i", "i-0123456789abcdef0"));
  CHECK(FilterLiteral("a*b?c\\") == "a\\*b\\?c\\\\");
}

TEST_CASE("an action of EC2's takes a Name tag or the beginning of an id for the id", "[cli]") {
  AnsweringServer server;
  Describe(server, {InstanceJson(kWeb, "web", "running"), InstanceJson(kOther, "db", "stopped")});
  int code = 0;
  std::string said;
  CHECK(Stopped(server, "web", &code, &said).back()["InstanceIds"] == Json::array({kWeb}));
  CHECK(code == 254);
  CHECK(Stopped(server, "i-0ab", &code, &said).back()["InstanceIds"] == Json::array({kOther}));
}

TEST_CASE("a name that several have is refused with their ids, and nothing is called", "[cli]") {
  AnsweringServer server;
  Describe(server, {InstanceJson(kWeb, "web", "running"), InstanceJson(kOther, "web", "stopped")});
  int code = 0;
  std::string said;
  CHECK(Stopped(server, "web", &code, &said).empty());
  CHECK(code == 252);
  CHECK(said == std::string("brume: 'web' means 2 instances: ") + kWeb + ", " + kOther + ". Give an id.\n");
  CHECK(Stopped(server, "i-0a", &code, &said).empty());
  CHECK(code == 252);
}

TEST_CASE("a terminated instance has its name only where no other has it", "[cli]") {
  AnsweringServer server;
  Describe(server, {InstanceJson(kWeb, "web", "running"), InstanceJson(kGone, "web", "terminated")});
  int code = 0;
  std::string said;
  CHECK(Stopped(server, "web", &code, &said).back()["InstanceIds"] == Json::array({kWeb}));
  Describe(server, {InstanceJson(kGone, "web", "terminated")});
  CHECK(Stopped(server, "web", &code, &said).back()["InstanceIds"] == Json::array({kGone}));
}

TEST_CASE("what nothing has as its name is sent as it is, and so is what may not be looked up", "[cli]") {
  AnsweringServer server;
  Describe(server, {});
  int code = 0;
  std::string said;
  CHECK(Stopped(server, "nothing", &code, &said).back()["InstanceIds"] == Json::array({"nothing"}));
  CHECK(absl::StrContains(said, "InvalidInstanceID.NotFound"));
  server.Set("DescribeInstances", [](const Json&) -> Json { throw Refusal{"UnauthorizedOperation", "no"}; });
  CHECK(Stopped(server, "web", &code, &said).back()["InstanceIds"] == Json::array({"web"}));
}

TEST_CASE("a call with whole ids looks nothing up", "[cli]") {
  AnsweringServer server;
  Describe(server, {});
  int code = 0;
  std::string said;
  Stopped(server, kWeb, &code, &said);
  CHECK(server.calls() == std::vector<std::string>{"StopInstances"});
}

TEST_CASE("security groups and images have names of their own, also inside structures", "[cli]") {
  AnsweringServer server;
  server.Set("ListCatalogueImages", R"({"Images": [{"Name": "debian-12"}]})");
  server.Set("DescribeSecurityGroups", [](const Json& request) {
    const bool named = request["Filters"][0]["Name"] == "group-name" && request["Filters"][0]["Values"][0] == "front";
    return named ? *ParseJson(R"({"SecurityGroups": [{"GroupId": "sg-0123456789abcdef0"}]})") : Json::object();
  });
  server.Set("DescribeImages", [](const Json& request) {
    const bool named = request["Filters"][0]["Name"] == "name" && request["Filters"][0]["Values"][0] == "mini";
    return named ? *ParseJson(R"({"Images": [{"ImageId": "ami-0123456789abcdef0"}]})") : Json::object();
  });
  server.Set("RunInstances", "{}");
  const auto run = [&](const std::string& image) {
    const CommandResult result =
        server.Run({"run-instances", "--image-id", image, "--network-interfaces", "DeviceIndex=0,Groups=front"});
    INFO(result.standard_error);
    CHECK(result.exit_code == 0);
    return server.requests("RunInstances").back();
  };
  const Json by_name = run("mini");
  CHECK(by_name["ImageId"] == "ami-0123456789abcdef0");
  CHECK(by_name["NetworkInterfaces"][0]["Groups"][0] == "sg-0123456789abcdef0");
  // The daemon knows the catalogue, and which of its images is the newest.
  CHECK(run("debian-12")["ImageId"] == "debian-12");
}

TEST_CASE("a field for ids of any kind takes any Name tag", "[cli]") {
  AnsweringServer server;
  server.Set("DescribeTags", [](const Json& request) {
    CHECK(request["Filters"][1]["Values"][0] == "data");
    return *ParseJson(R"({"Tags": [{"ResourceId": "vol-0123456789abcdef0"}]})");
  });
  server.Set("CreateTags", "{}");
  CHECK(server.Run({"create-tags", "--resources", "data", "--tags", "Key=a,Value=b"}).exit_code == 0);
  CHECK(server.requests("CreateTags").back()["Resources"] == Json::array({"vol-0123456789abcdef0"}));
}

TEST_CASE("every kind that has a describe action with a filter for its ids is looked up by it", "[cli]") {
  AnsweringServer server;
  const std::pair<const char*, std::vector<std::string>> lookups[] = {
      {"DescribeVolumes", {"delete-volume", "--volume-id", "data"}},
      {"DescribeSnapshots", {"delete-snapshot", "--snapshot-id", "data"}},
      {"DescribeVpcs", {"delete-vpc", "--vpc-id", "data"}},
      {"DescribeInternetGateways",
       {"create-route", "--route-table-id", "rtb-0123456789abcdef0", "--gateway-id", "data"}},
      {"DescribeSubnets", {"delete-subnet", "--subnet-id", "data"}},
      {"DescribeRouteTables", {"delete-route-table", "--route-table-id", "data"}},
      {"DescribeInternetGateways", {"delete-internet-gateway", "--internet-gateway-id", "data"}},
      {"DescribeNetworkInterfaces", {"delete-network-interface", "--network-interface-id", "data"}},
      {"DescribeAddresses", {"release-address", "--allocation-id", "data"}},
      {"DescribeNatGateways", {"delete-nat-gateway", "--nat-gateway-id", "data"}}};
  for (const auto& [rpc, command] : lookups) {
    INFO(rpc);
    const size_t before = server.requests(rpc).size();
    server.Run(command);
    REQUIRE(server.requests(rpc).size() == before + 1);
    const Json request = server.requests(rpc).back();
    CHECK((request.contains("Filter") ? request["Filter"] : request["Filters"])[0]["Name"] == "tag:Name");
  }
}

}  // namespace
}  // namespace brume::cli
