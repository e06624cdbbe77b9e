// brume launch and the commands on instances, against a server that answers as a daemon does.
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "cli/text.h"
#include "tests/cli/cli_answers.h"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kRunning[] = R"({"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0",
    "State": {"Name": "running"}, "PublicIpAddress": "198.18.0.2", "VpcId": "vpc-0123456789abcdef0",
    "Tags": [{"Key": "Name", "Value": "web"}]}]}]})";

// A daemon with one image and nothing else.
void Prepare(AnsweringServer& server) {
  server.Set("ListCatalogueImages", R"({"Images": [{"Name": "debian-12"}]})");
  server.Set("DescribeImages", R"({"Images": [{"ImageId": "ami-0123456789abcdef0", "Name": "mini",
                                                "State": "available"}]})");
  server.Set("DescribeInstances", R"({"Reservations": []})");
  server.Set("DescribeKeyPairs", R"({"KeyPairs": []})");
  server.Set("CreateKeyPair", R"({"KeyName": "default", "KeyMaterial": "SECRET"})");
  server.Set("DeleteKeyPair", "{}");
  server.Set("DescribeVpcs", R"({"Vpcs": [{"VpcId": "vpc-0123456789abcdef0"}]})");
  server.Set("DescribeSecurityGroups", R"({"SecurityGroups": []})");
  server.Set("CreateSecurityGroup", R"({"GroupId": "sg-0123456789abcdef0"})");
  server.Set("AuthorizeSecurityGroupIngress", "{}");
  server.Set("DeleteSecurityGroup", "{}");
  server.Set("RunInstances", R"({"Instances": [{"InstanceId": "i-0123456789abcdef0", "State": {"Name": "pending"},
                                 "Tags": [{"Key": "Name", "Value": "mini"}]}]})");
}

std::string KeyFile(const AnsweringServer& server) { return server.directory() + "/.ssh/brume-default"; }

bool Called(AnsweringServer& server, const std::string& rpc) { return !server.requests(rpc).empty(); }

TEST_CASE("a launch from nothing makes a key pair and a group that lets in SSH", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  const CommandResult result = server.Run({"launch", "--no-wait"});
  INFO(result.standard_error);
  REQUIRE(result.exit_code == 0);
  CHECK(result.standard_output == "mini\ti-0123456789abcdef0\t-\n");
  const Json run = server.requests("RunInstances").at(0);
  CHECK(run["ImageId"] == "ami-0123456789abcdef0");
  CHECK(run["KeyName"] == "default");
  CHECK(run["SecurityGroupIds"] == Json::array({"sg-0123456789abcdef0"}));
  CHECK(run["TagSpecifications"][0]["Tags"][0]["Value"] == "mini");
  const Json rule = server.requests("AuthorizeSecurityGroupIngress").at(0)["IpPermissions"][0];
  CHECK(rule["FromPort"] == 22);
  CHECK(rule["ToPort"] == 22);
  struct stat status = {};
  REQUIRE(stat(KeyFile(server).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::ifstream file(KeyFile(server));
  std::string text;
  std::getline(file, text);
  CHECK(text == "SECRET");
}

TEST_CASE("no key pair is made when its file cannot be written", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  std::filesystem::create_directories(server.directory() + "/.ssh");
  std::ofstream(KeyFile(server)) << "mine";
  const CommandResult result = server.Run({"launch", "--no-wait"});
  CHECK(result.exit_code == 252);
  CHECK(absl::StrContains(result.standard_error, "No key pair was created"));
  CHECK_FALSE(Called(server, "CreateKeyPair"));
  CHECK_FALSE(Called(server, "CreateSecurityGroup"));
  CHECK_FALSE(Called(server, "RunInstances"));
  std::ifstream file(KeyFile(server));
  std::string text;
  std::getline(file, text);
  CHECK(text == "mine");
}

TEST_CASE("a private key that is left from an earlier daemon is imported again", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  server.Set("ImportKeyPair", R"({"KeyName": "default"})");
  std::filesystem::create_directories(server.directory() + "/.ssh");
  REQUIRE(RunCommand({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KeyFile(server)})->exit_code == 0);
  const CommandResult result = server.Run({"launch", "--no-wait"});
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  CHECK_FALSE(Called(server, "CreateKeyPair"));
  std::string imported;
  REQUIRE(Base64Decode(server.requests("ImportKeyPair").at(0)["PublicKeyMaterial"].get<std::string>(), &imported));
  CHECK(absl::StartsWith(imported, "ssh-ed25519 "));
  CHECK(std::filesystem::exists(KeyFile(server)));
}

TEST_CASE("Ctrl-C ends the waiting, and says what goes on and how to end it", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  const std::string pid_file = server.directory() + "/pid";
  server.Set("DescribeInstances", [pid_file](const Json& request) {
    if (request["Filters"][0]["Name"] != "instance-id") return Json::object();
    pid_t pid = 0;
    std::ifstream(pid_file) >> pid;
    if (pid > 1) kill(pid, SIGINT);
    return *ParseJson(R"({"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0",
        "State": {"Name": "pending"}, "Tags": [{"Key": "Name", "Value": "mini"}]}]}]})");
  });
  const auto result = RunCommand({"sh", "-c", "echo $$ >\"$1\"; HOME=\"$2\" exec \"$3\" --socket \"$4\" launch", "sh",
                                  pid_file, server.directory(), BRUME_PROGRAM, server.socket()});
  REQUIRE(result.ok());
  CHECK(result->exit_code == 255);
  CHECK(absl::StrContains(result->standard_error, "mini goes on booting"));
  CHECK(absl::StrContains(result->standard_error, "To end it: brume rm mini"));
}

TEST_CASE("a launch that is refused takes back what was made for it", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  server.Set("RunInstances", [](const Json&) -> Json { throw Refusal{"InsufficientInstanceCapacity", "no room"}; });
  const CommandResult result = server.Run({"launch", "--no-wait"});
  CHECK(result.exit_code == 254);
  CHECK(absl::StrContains(result.standard_error, "no room"));
  CHECK(server.requests("DeleteKeyPair").at(0)["KeyName"] == "default");
  CHECK(server.requests("DeleteSecurityGroup").at(0)["GroupId"] == "sg-0123456789abcdef0");
  CHECK_FALSE(std::filesystem::exists(KeyFile(server)));
}

TEST_CASE("a launch uses the only key pair and the group that is there", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  server.Set("DescribeKeyPairs", R"({"KeyPairs": [{"KeyName": "mine"}]})");
  server.Set("DescribeSecurityGroups", R"({"SecurityGroups": [{"GroupId": "sg-0123456789abcdef1", "IpPermissions": [
                                           {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}]}]})");
  const CommandResult result = server.Run({"launch", "mini", "--name", "web", "--type", "t3.small", "--no-wait"});
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  const Json run = server.requests("RunInstances").at(0);
  CHECK(run["KeyName"] == "mine");
  CHECK(run["InstanceType"] == "t3.small");
  CHECK(run["SecurityGroupIds"] == Json::array({"sg-0123456789abcdef1"}));
  CHECK_FALSE(Called(server, "AuthorizeSecurityGroupIngress"));
  CHECK_FALSE(Called(server, "CreateKeyPair"));
}

TEST_CASE("a launch that cannot know what is meant says what there is, and makes nothing", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  const auto refused = [&](const std::vector<std::string>& arguments) {
    const CommandResult result = server.Run(arguments);
    CHECK(result.exit_code == 252);
    CHECK_FALSE(Called(server, "RunInstances"));
    CHECK_FALSE(Called(server, "CreateKeyPair"));
    return result.standard_error;
  };
  server.Set("DescribeKeyPairs", R"({"KeyPairs": [{"KeyName": "a"}, {"KeyName": "b"}]})");
  CHECK(absl::StrContains(refused({"launch"}), "--key with one of a, b"));
  CHECK(absl::StrContains(refused({"launch", "--key", "c"}), "there is no key pair 'c'"));
  CHECK(absl::StrContains(refused({"launch", "--count", "0"}), "--count takes"));
  CHECK(absl::StrContains(refused({"launch", "--cloud-init", "/no/such/file"}), "cannot be read"));
  server.Set("DescribeInstances", kRunning);
  CHECK(absl::StrContains(refused({"launch", "--name", "web"}), "there is already an instance web"));
  server.Set("DescribeImages", R"({"Images": []})");
  CHECK(absl::StrContains(refused({"launch"}), "brume launch debian-12"));
  CHECK(absl::StrContains(refused({"launch", "debian-13"}), "Did you mean 'debian-12'?"));
  server.Set("DescribeImages", R"({"Images": [{"ImageId": "ami-1", "Name": "x"}, {"ImageId": "ami-2", "Name": "y"}]})");
  CHECK(absl::StrContains(refused({"launch"}), "name one of x, y"));
}

TEST_CASE("several instances are named apart", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  server.Set("CreateTags", "{}");
  server.Set("RunInstances", R"({"Instances": [
      {"InstanceId": "i-0123456789abcdef0", "Tags": [{"Key": "Name", "Value": "web-1"}]},
      {"InstanceId": "i-0123456789abcdef1", "Tags": [{"Key": "Name", "Value": "web-1"}]}]})");
  const CommandResult result = server.Run({"launch", "--name", "web", "--count", "2", "--no-wait"});
  CHECK(result.standard_output == "web-1\ti-0123456789abcdef0\t-\nweb-2\ti-0123456789abcdef1\t-\n");
  CHECK(server.requests("CreateTags").back()["Tags"][0]["Value"] == "web-2");
  server.Set("DescribeKeyPairs", R"({"KeyPairs": [{"KeyName": "default"}]})");
  server.Set("CreateTags", [](const Json&) -> Json { throw Refusal{"UnauthorizedOperation", "no tags"}; });
  const CommandResult unnamed = server.Run({"launch", "--name", "db", "--count", "2", "--no-wait"});
  CHECK(unnamed.exit_code == 254);
  CHECK(absl::StrContains(unnamed.standard_error, "i-0123456789abcdef0 i-0123456789abcdef1"));
}

TEST_CASE("an instance that does not come up is told with its reason and its console's last lines", "[cli]") {
  AnsweringServer server;
  Prepare(server);
  server.Set("DescribeInstances", [](const Json& request) {
    if (request["Filters"][0]["Name"] != "instance-id") return Json::object();
    return *ParseJson(R"({"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0",
        "State": {"Name": "terminated"}, "StateReason": {"Message": "Server.InternalError: no memory"}}]}]})");
  });
  server.Set("GetConsoleOutput", R"({"Output": "a2VybmVsIHBhbmljCg=="})");
  const CommandResult result = server.Run({"launch"});
  CHECK(result.exit_code == 255);
  CHECK(absl::StrContains(result.standard_error, "is terminated: Server.InternalError: no memory"));
  CHECK(absl::StrContains(result.standard_error, "kernel panic"));
}

TEST_CASE("stop, start and rm take names, wait, and print a line each", "[cli]") {
  AnsweringServer server;
  std::string state = "running";
  server.Set("DescribeInstances", [&state](const Json&) {
    Json answer = *ParseJson(kRunning);
    answer["Reservations"][0]["Instances"][0]["State"]["Name"] = state;
    return answer;
  });
  const auto moves = [&](const std::string& rpc, const std::string& to) {
    server.Set(rpc, [&state, to](const Json& request) {
      CHECK(request["InstanceIds"] == Json::array({"i-0123456789abcdef0"}));
      state = to;
      return Json::object();
    });
  };
  moves("StopInstances", "stopped");
  moves("StartInstances", "running");
  moves("TerminateInstances", "terminated");
  server.Set("DescribeSecurityGroups", "{}");
  CHECK(server.Run({"stop", "web"}).standard_output == "web\tstopped\ti-0123456789abcdef0\n");
  CHECK(server.Run({"start", "web"}).standard_output == "web\trunning\ti-0123456789abcdef0\n");
  CHECK(server.Run({"rm", "web", "web"}).standard_output == "web\tterminated\ti-0123456789abcdef0\n");
}

TEST_CASE("a command on an instance that is not there names the nearest", "[cli]") {
  AnsweringServer server;
  server.Set("DescribeInstances", [](const Json& request) {
    return request.value("Filters", Json::array()).empty() ? *ParseJson(kRunning) : Json::object();
  });
  for (const char* command : {"info", "start", "stop", "reboot", "rm", "logs", "shell"}) {
    INFO(command);
    const CommandResult result = server.Run({command, "wep"});
    CHECK(result.exit_code == 255);
    CHECK(result.standard_error == "brume: there is no instance 'wep'. Did you mean 'web'?\n");
  }
}

TEST_CASE("every short command has help, and refuses what it does not know", "[cli]") {
  AnsweringServer server;
  for (const char* command : {"launch", "ls", "info", "start", "stop", "reboot", "rm", "exec", "shell", "cp", "forward",
                              "logs", "top", "images", "pull", "groups", "scale", "open", "snapshot"}) {
    INFO(command);
    CHECK(absl::StartsWith(server.Run({command, "--help"}).standard_output, std::string("brume ") + command));
    CHECK(server.Run({command, "--no-such-option"}).exit_code == 252);
    CHECK(server.Run({command, "1", "2", "3", "4", "5"}).exit_code != 0);
  }
  CHECK(server.calls().empty() == false);  // stop 1 2 … looks for instances
}

TEST_CASE("scale stays within a group's bounds and says how they are moved", "[cli]") {
  AnsweringServer server;
  server.Set("DescribeAutoScalingGroups", R"({"AutoScalingGroups": [{"AutoScalingGroupName": "front", "MinSize": 1,
      "MaxSize": 2, "DesiredCapacity": 1, "Instances": [{"LifecycleState": "InService"}]}]})");
  server.Set("SetDesiredCapacity", "{}");
  const CommandResult over = server.Run({"scale", "front", "3"});
  CHECK(over.exit_code == 252);
  CHECK(absl::StrContains(over.standard_error, "--max-size 3"));
  CHECK_FALSE(Called(server, "SetDesiredCapacity"));
  CHECK(server.Run({"scale", "front", "1"}).exit_code == 0);
  CHECK(server.requests("SetDesiredCapacity").back()["DesiredCapacity"] == 1);
  CHECK(absl::StrContains(server.Run({"scale", "frnt", "1"}).standard_error, "Did you mean 'front'?"));
}

TEST_CASE("open makes a group of the instance's own, and leaves none behind when that fails", "[cli]") {
  AnsweringServer server;
  Json instance = *ParseJson(kRunning);
  instance["Reservations"][0]["Instances"][0]["NetworkInterfaces"] = *ParseJson(R"([
      {"NetworkInterfaceId": "eni-0123456789abcdef0", "Attachment": {"DeviceIndex": 0},
       "Groups": [{"GroupId": "sg-0123456789abcdef9"}]}])");
  server.Set("DescribeInstances", [instance](const Json&) { return instance; });
  server.Set("DescribeSecurityGroups", "{}");
  server.Set("CreateSecurityGroup", R"({"GroupId": "sg-0123456789abcdef0"})");
  server.Set("AuthorizeSecurityGroupIngress", "{}");
  server.Set("ModifyNetworkInterfaceAttribute", "{}");
  server.Set("DeleteSecurityGroup", "{}");
  CHECK(server.Run({"open", "80", "web", "--from", "10.0.0.0/8"}).exit_code == 0);
  CHECK(server.requests("CreateSecurityGroup").back()["GroupName"] == "brume-open-i-0123456789abcdef0");
  const Json rule = server.requests("AuthorizeSecurityGroupIngress").back()["IpPermissions"][0];
  CHECK(rule["IpRanges"][0]["CidrIp"] == "10.0.0.0/8");
  CHECK(server.requests("ModifyNetworkInterfaceAttribute").back()["Groups"] ==
        Json::array({"sg-0123456789abcdef9", "sg-0123456789abcdef0"}));
  CHECK_FALSE(Called(server, "DeleteSecurityGroup"));
  server.Set("ModifyNetworkInterfaceAttribute", [](const Json&) -> Json {
    throw Refusal{"SecurityGroupsPerInterfaceLimitExceeded", "too many"};
  });
  CHECK(server.Run({"open", "80", "web"}).exit_code == 254);
  CHECK(server.requests("DeleteSecurityGroup").back()["GroupId"] == "sg-0123456789abcdef0");
}

}  // namespace
}  // namespace brume::cli
