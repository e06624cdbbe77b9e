// Short commands about images, groups, metrics and snapshots, against a server that answers as a daemon does.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "tests/cli/cli_answers.h"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("pull imports a name of the catalogue, with progress, and prints the image's id", "[cli]") {
  AnsweringServer server;
  server.Set("ListCatalogueImages", R"({"Images": [{"Name": "debian-12"}]})");
  server.Set("ImportImage", R"({"ImportTaskId": "import-ami-1", "Status": "active"})");
  int looks = 0;
  server.Set("DescribeImportImageTasks", [&looks](const Json& request) {
    CHECK(request["ImportTaskIds"] == Json::array({"import-ami-1"}));
    return ++looks < 3 ? *ParseJson(R"({"ImportImageTasks": [{"Status": "active", "Progress": "40",
                                        "StatusMessage": "downloading"}]})")
                       : *ParseJson(R"({"ImportImageTasks": [{"Status": "completed", "ImageId": "ami-1"}]})");
  });
  const CommandResult pulled = server.Run({"pull", "debian-12"});
  CHECK(pulled.exit_code == 0);
  CHECK(pulled.standard_output == "ami-1\n");
  CHECK(absl::StrContains(pulled.standard_error, "debian-12 [============>                 ] 40 % downloading"));
  CHECK(server.requests("ImportImage").at(0)["DiskContainers"][0]["Url"] == "catalogue:debian-12");
}

TEST_CASE("pull refuses a name that the catalogue has not, and tells why an import failed", "[cli]") {
  AnsweringServer server;
  server.Set("ListCatalogueImages", R"({"Images": [{"Name": "debian-12"}]})");
  server.Set("ImportImage", R"({"ImportTaskId": "import-ami-1", "Status": "active"})");
  server.Set("DescribeImportImageTasks", R"({"ImportImageTasks": [{"Status": "deleted",
                                              "StatusMessage": "ClientError: the checksum differs"}]})");
  const CommandResult unknown = server.Run({"pull", "debain-12"});
  CHECK(unknown.exit_code == 252);
  CHECK(absl::StrContains(unknown.standard_error, "Did you mean 'debian-12'?"));
  CHECK(server.requests("ImportImage").empty());
  const CommandResult failed = server.Run({"pull", "https://example.org/a.qcow2"});
  CHECK(failed.exit_code == 255);
  CHECK(absl::StrContains(failed.standard_error, "the checksum differs"));
  CHECK(server.requests("ImportImage").at(0)["DiskContainers"][0]["Url"] == "https://example.org/a.qcow2");
}

// A group of as many members in service as `members` says at each look.
void SetGroup(AnsweringServer& server, std::function<int()> members) {
  server.Set("DescribeAutoScalingGroups", [members](const Json&) {
    Json instances = Json::array();
    for (int i = members(); i > 0; --i) instances.push_back({{"LifecycleState", "InService"}});
    return Json({{"AutoScalingGroups",
                  {{{"AutoScalingGroupName", "front"}, {"MinSize", 0}, {"MaxSize", 4}, {"Instances", instances}}}}});
  });
  server.Set("SetDesiredCapacity", "{}");
}

TEST_CASE("scale waits until a group has what it was told to have", "[cli]") {
  AnsweringServer server;
  int members = 0;
  SetGroup(server, [&members] { return members++; });
  server.Set("DescribeScalingActivities", "{}");
  const CommandResult result = server.Run({"scale", "front", "2"});
  CHECK(result.exit_code == 0);
  CHECK(absl::StrContains(result.standard_error, "front has 1 in service of 2"));
}

TEST_CASE("scale tells why a launch failed rather than waiting on", "[cli]") {
  AnsweringServer server;
  SetGroup(server, [] { return 1; });
  server.Set("DescribeScalingActivities", R"({"Activities": [
      {"StatusCode": "Failed", "StartTime": "2999-01-01T00:00:00Z", "StatusMessage": "no memory is free"},
      {"StatusCode": "Failed", "StartTime": "2001-01-01T00:00:00Z", "StatusMessage": "of long ago"}]})");
  const CommandResult result = server.Run({"scale", "front", "2"});
  CHECK(result.exit_code == 255);
  CHECK(absl::StrContains(result.standard_error, "front has 1 in service of 2: no memory is free"));
}

TEST_CASE("a short command takes --query, and selects from what it prints as JSON", "[cli]") {
  AnsweringServer server;
  server.Set("DescribeInstances", R"({"Reservations": [{"Instances": [
      {"InstanceId": "i-1", "State": {"Name": "running"}}, {"InstanceId": "i-2", "State": {"Name": "stopped"}}]}]})");
  server.Set("DescribeAutoScalingGroups", R"({"AutoScalingGroups": [{"AutoScalingGroupName": "front"}]})");
  server.Set("DescribeStatistics", R"({})");
  server.Set("DescribeHost", R"({"Checks": [{"Name": "kvm", "Ok": true}]})");
  const std::string ids = "Reservations[].Instances[].[InstanceId, State.Name]";
  CHECK(server.Run({"ls", "--query", ids, "--output", "text"}).standard_output == "i-1\trunning\ni-2\tstopped\n");
  CHECK(server.Run({"ls", "--query", ids, "--output", "table"}).standard_output == "i-1  running\ni-2  stopped\n");
  // As with actions: what is piped is JSON.
  CHECK(*ParseJson(server.Run({"ls", "--query", ids}).standard_output) ==
        Json::array({{"i-1", "running"}, {"i-2", "stopped"}}));
  CHECK(server.Run({"groups", "--query", "AutoScalingGroups[0].AutoScalingGroupName"}).standard_output ==
        "\"front\"\n");
  CHECK(server.Run({"stats", "--query", "Nothing", "--output", "table"}).exit_code == 0);
  CHECK(server.Run({"doctor", "--query", "Checks[].Name", "--output", "text"}).standard_output == "kvm\n");
}

TEST_CASE("top shows the busiest instance first, and nothing where a metric has no value yet", "[cli]") {
  AnsweringServer server;
  server.Set("DescribeInstances", R"({"Reservations": [{"Instances": [
      {"InstanceId": "i-0123456789abcdef0", "InstanceType": "b1.tiny", "Tags": [{"Key": "Name", "Value": "idle"}]},
      {"InstanceId": "i-0123456789abcdef1", "InstanceType": "b1.tiny", "Tags": [{"Key": "Name", "Value": "busy"}]}]}]})");
  server.Set("GetMetricData", R"({"MetricDataResults": [
      {"Id": "q0_0", "Values": [1.04, 50]}, {"Id": "q1_0", "Values": [97.46]}, {"Id": "q1_2", "Values": [6000000]}]})");
  const CommandResult plain = server.Run({"top"});
  CHECK(plain.standard_output ==
        "busy\t97.5\t-\t100000\t-\t-\t-\tb1.tiny\n"
        "idle\t1.0\t-\t-\t-\t-\t-\tb1.tiny\n");
  CHECK(server.Run({"top", "--output", "table"}).standard_output ==
        "NAME  CPU     NET IN    TYPE\n"
        "busy  97.5 %  98 KiB/s  b1.tiny\n"
        "idle  1.0 %   -         b1.tiny\n");
}

TEST_CASE("a snapshot by name is of an instance or of a volume, and never of one of both", "[cli]") {
  AnsweringServer server;
  std::atomic<bool> instance = true, volume = false;
  server.Set("DescribeInstances", [&instance](const Json&) {
    return instance ? *ParseJson(R"({"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0"}]}]})")
                    : Json::object();
  });
  server.Set("DescribeVolumes", [&volume](const Json&) {
    return volume ? *ParseJson(R"({"Volumes": [{"VolumeId": "vol-0123456789abcdef0"}]})") : Json::object();
  });
  server.Set("CreateSnapshots", R"({"Snapshots": [{"SnapshotId": "snap-1"}, {"SnapshotId": "snap-2"}]})");
  server.Set("CreateSnapshot", R"({"SnapshotId": "snap-3"})");
  server.Set("DescribeSnapshots", R"({"Snapshots": [{"State": "completed"}]})");
  CHECK(server.Run({"snapshot", "data"}).standard_output == "snap-1\nsnap-2\n");
  volume = true;
  const CommandResult both = server.Run({"snapshot", "data"});
  CHECK(both.exit_code == 252);
  CHECK(absl::StrContains(both.standard_error, "vol-0123456789abcdef0, i-0123456789abcdef0"));
  instance = false;
  CHECK(server.Run({"snapshot", "data"}).standard_output == "snap-3\n");
  volume = false;
  const CommandResult neither = server.Run({"snapshot", "data"});
  CHECK(neither.exit_code == 255);
  CHECK(absl::StrContains(neither.standard_error, "there is no instance and no volume 'data'"));
}

}  // namespace
}  // namespace brume::cli
