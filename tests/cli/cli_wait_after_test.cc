#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "cli/ready.h"
#include "cli/ssh.h"
#include "cli/wait.h"
#include "cli/wait_after.h"
#include "lib/base/unique_fd.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

const ApiAction& Action(const std::string& name) {
  const ApiAction* action = TheSchema().FindAction(name);
  REQUIRE(action != nullptr);
  return *action;
}

bool HasPath(const google::protobuf::Descriptor* type, const std::string& path) {
  const size_t dot = path.find('.');
  const auto* field = FindMember(type, path.substr(0, dot));
  if (field == nullptr) return false;
  return dot == std::string::npos ||
         (field->message_type() != nullptr && HasPath(field->message_type(), path.substr(dot + 1)));
}

// A port of this host that greets whoever comes first.
class Greeter {
 public:
  explicit Greeter(std::string greeting) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(fd_.get(), 1) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, greeting] {
      const UniqueFd taken(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      send(taken.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
    });
  }
  ~Greeter() { thread_.join(); }
  int port = 0;

 private:
  UniqueFd fd_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("what --wait follows is in the schema: actions, waiters, their parameters and the ids", "[cli][wait]") {
  for (const WaitedOutcome& outcome : WaitedOutcomes()) {
    INFO(outcome.action);
    const ApiAction* action = nullptr;
    for (const ApiAction& candidate : TheSchema().actions()) {
      if (candidate.family == outcome.family && candidate.api_name == outcome.action) action = &candidate;
    }
    REQUIRE(action != nullptr);
    CHECK(CanWait(*action));
    CHECK((HasPath(action->method->output_type(), outcome.id) || HasPath(action->method->input_type(), outcome.id)));
    const Waiter* waiter = nullptr;
    for (const Waiter& candidate : Waiters()) {
      if (candidate.name == outcome.waiter) waiter = &candidate;
    }
    REQUIRE(waiter != nullptr);
    const ApiAction* describe = TheSchema().FindActionOf(waiter->family, waiter->action);
    REQUIRE(describe != nullptr);
    const std::string parameter = outcome.parameter;
    CHECK(HasPath(describe->method->input_type(), parameter.substr(0, parameter.find(':'))));
    if (outcome.scope == nullptr) continue;
    CHECK(HasPath(describe->method->input_type(), outcome.scope));
    CHECK(HasPath(action->method->input_type(), outcome.scope));
  }
}

// Whether something of it says how far it is.
bool ShowsState(const google::protobuf::Descriptor* type, int depth = 0) {
  static constexpr const char* kStates[] = {"state",      "status",       "status_code", "modification_state",
                                            "task_state", "current_state"};
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (std::find(std::begin(kStates), std::end(kStates), field->name()) != std::end(kStates)) return true;
    if (depth < 2 && field->message_type() != nullptr && ShowsState(field->message_type(), depth + 1)) return true;
  }
  return false;
}

TEST_CASE("what changes and shows a state takes --wait, or is done when it is answered", "[cli][wait]") {
  // Done when they are answered.
  static const std::set<std::string> kDone = {"AcceptVpcPeeringConnection",
                                              "AssignPrivateNatGatewayAddress",
                                              "AssociateIamInstanceProfile",
                                              "AssociateNatGatewayAddress",
                                              "AssociateRouteTable",
                                              "AssociateSubnetCidrBlock",
                                              "AssociateVpcCidrBlock",
                                              "CancelImportTask",
                                              "CreateAccessKey",
                                              "CreateDefaultSubnet",
                                              "CreateDefaultVpc",
                                              "CreateEgressOnlyInternetGateway",
                                              "CreateLaunchTemplateVersion",
                                              "CreateManagedPrefixList",
                                              "CreateRouteTable",
                                              "CreateSubnet",
                                              "DeleteManagedPrefixList",
                                              "DisableFastSnapshotRestores",
                                              "DisableSnapshotBlockPublicAccess",
                                              "DisassociateIamInstanceProfile",
                                              "DisassociateNatGatewayAddress",
                                              "DisassociateSubnetCidrBlock",
                                              "DisassociateVpcCidrBlock",
                                              "EnableSnapshotBlockPublicAccess",
                                              "ModifyAddressAttribute",
                                              "ModifyInstanceMetadataOptions",
                                              "ModifyManagedPrefixList",
                                              "MonitorInstances",
                                              "ReplaceIamInstanceProfileAssociation",
                                              "ReplaceRouteTableAssociation",
                                              "ResetAddressAttribute",
                                              "RestoreManagedPrefixListVersion",
                                              "RestoreSnapshotFromRecycleBin",
                                              "StartSnapshot",
                                              "UnassignPrivateNatGatewayAddress",
                                              "UnmonitorInstances"};
  for (const ApiAction& action : TheSchema().actions()) {
    const bool reads = absl::StartsWith(action.api_name, "Describe") || absl::StartsWith(action.api_name, "Get") ||
                       absl::StartsWith(action.api_name, "List") || absl::StartsWith(action.api_name, "Search");
    if (reads || !ShowsState(action.method->output_type())) continue;
    INFO(action.family << " " << action.api_name);
    CHECK(CanWait(action) != kDone.contains(action.api_name));
  }
}

TEST_CASE("a group has its capacity when enough are in service and nobody comes or goes", "[cli][wait]") {
  const auto judged = [](const std::string& groups) {
    for (const Waiter& waiter : Waiters()) {
      if (waiter.name != "group-in-service") continue;
      return Accept(waiter.acceptors, Json::parse("{\"AutoScalingGroups\":[" + groups + "]}"), "").state;
    }
    FAIL("there is no such waiter");
    return Acceptor::State::kRetry;
  };
  using enum Acceptor::State;
  const std::string in = R"({"LifecycleState":"InService"})", out = R"({"LifecycleState":"Terminating"})",
                    aside = R"({"LifecycleState":"Standby"})",
                    heavy = R"({"LifecycleState":"InService","WeightedCapacity":"3"})";
  const auto group = [](int desired, const std::string& members) {
    return "{\"DesiredCapacity\":" + std::to_string(desired) + ",\"Instances\":[" + members + "]}";
  };
  CHECK(judged(group(2, in + "," + in)) == kSuccess);
  CHECK(judged(group(2, in)) == kRetry);
  CHECK(judged(group(1, in + "," + out)) == kRetry);
  CHECK(judged(group(1, in + "," + aside)) == kSuccess);
  CHECK(judged(group(3, heavy)) == kSuccess);
  CHECK(judged("{\"DesiredCapacity\":0}") == kSuccess);
  CHECK(judged(group(0, "") + "," + group(1, "")) == kRetry);
  CHECK(judged("") == kFailure);
}

TEST_CASE("help says what --wait waits for, and ready is for instances that start", "[cli][wait]") {
  CHECK(WaitedFor(Action("create-volume")) == "the volume is available");
  CHECK(WaitedFor(Action("attach-volume")) == "the volume is in use");
  CHECK(WaitedFor(Action("modify-volume")) == "the volume is modified");
  CHECK(WaitedFor(*TheSchema().FindActionOf("autoscaling", "set-desired-capacity")) == "the group is in service");
  CHECK(WaitedFor(Action("run-instances")) == "the instances are running");
  CHECK(CanWaitForReady(Action("start-instances")));
  CHECK_FALSE(CanWaitForReady(Action("create-volume")));
  CHECK_FALSE(CanWait(Action("describe-volumes")));
}

TEST_CASE("an interrupted wait says what goes on and how to end it", "[cli][wait]") {
  const Json run = {{"Instances", Json::array({Json{{"InstanceId", "i-1"}}, Json{{"InstanceId", "i-2"}}})}};
  const std::string said = GoesOn(Action("run-instances"), run);
  CHECK(absl::StrContains(said, "i-1 i-2 goes on starting"));
  CHECK(absl::StrContains(said, "End it: brume terminate-instances --instance-ids i-1 i-2"));
  const Json stop = {{"StoppingInstances", Json::array({Json{{"InstanceId", "i-1"}}})}};
  CHECK(absl::StrContains(GoesOn(Action("stop-instances"), stop), "stop-instances --force --instance-ids i-1"));
  const std::string task = GoesOn(Action("import-image"), Json{{"ImportTaskId", "import-ami-1"}});
  CHECK(absl::StrContains(task, "End it: brume cancel-import-task --import-task-id import-ami-1"));
  CHECK(absl::StrContains(GoesOn(Action("create-volume"), Json{{"VolumeId", "vol-1"}}),
                          "create-volume goes on with vol-1"));
}

TEST_CASE("a guest answers by SSH when it says so, and nothing else is taken for it", "[cli][wait]") {
  const Greeter ssh("SSH-2.0-dropbear\r\n");
  CHECK(SpeaksSsh("127.0.0.1", absl::Seconds(10), ssh.port));
  const Greeter web("HTTP/1.1 400\r\n");
  CHECK_FALSE(SpeaksSsh("127.0.0.1", absl::Seconds(10), web.port));
  CHECK_FALSE(SpeaksSsh("no address", absl::Seconds(1), 22));
}

TEST_CASE("a launch without a key pair says so and names the console", "[cli][wait]") {
  const Json keyless = {
      {"Instances", Json::array({Json{{"InstanceId", "i-1"}}, Json{{"InstanceId", "i-2"}, {"KeyName", "k"}}})}};
  CHECK(absl::StrContains(KeylessNote(keyless), "i-1 has no key pair"));
  CHECK(absl::StrContains(KeylessNote(keyless), "brume console i-1"));
  CHECK(KeylessNote(Json{{"Instances", Json::array({Json{{"InstanceId", "i-2"}, {"KeyName", "k"}}})}}).empty());
}

TEST_CASE("what fails while it is waited for is told with the console's last lines", "[cli][wait]") {
  const Server server;
  const auto client = server.NewClient();
  const Json answer = {{"Instances", Json::array({Json{{"InstanceId", "i-1"}}})}};
  const absl::Status told = WithConsole(*client, answer, absl::FailedPreconditionError("i-1 is stopped"));
  CHECK(absl::IsFailedPrecondition(told));
  CHECK(absl::StrContains(told.message(), "i-1 is stopped\nThe console of i-1 ends with:\nbefore"));
}

}  // namespace brume::cli
