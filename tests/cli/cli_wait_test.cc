#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/api_schema.h"
#include "cli/call.h"
#include "cli/fill.h"
#include "cli/jmespath.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/shorthand.h"
#include "cli/wait.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::Message;

const Schema& TheSchema() {
  static const auto* const schema = LoadEmbeddedSchema()->release();
  return *schema;
}

const Waiter& TheWaiter(const std::string& name) {
  for (const Waiter& waiter : Waiters()) {
    if (waiter.name == name) return waiter;
  }
  FAIL("no waiter " << name);
  return Waiters()[0];
}

WaitVerdict At(const std::string& waiter, const std::string& states, size_t expected) {
  return Judge(TheWaiter(waiter), *ParseJson(R"({"Reservations": [{"Instances": [)" + states + "]}]}"), expected);
}

constexpr char kRunning[] = R"({"InstanceId": "i-1", "State": {"Name": "running"}})";
constexpr char kPending[] = R"({"InstanceId": "i-2", "State": {"Name": "pending"}})";
constexpr char kGone[] = R"({"InstanceId": "i-3", "State": {"Name": "terminated"},
                             "StateReason": {"Message": "Server.InternalError: no room"}})";

TEST_CASE("a waiter is done when all are there in the state, failed when one cannot come", "[cli]") {
  CHECK(At("instance-running", kRunning, 1).verdict == WaitProgress::kDone);
  CHECK(At("instance-running", kRunning, 2).verdict == WaitProgress::kWait);
  CHECK(At("instance-running", "", 0).verdict == WaitProgress::kWait);
  const WaitVerdict mixed = At("instance-running", absl::StrCat(kRunning, ",", kPending), 2);
  CHECK(mixed.verdict == WaitProgress::kWait);
  CHECK(mixed.summary == "i-2 pending; 1 running");
  const WaitVerdict failed = At("instance-running", absl::StrCat(kRunning, ",", kGone), 2);
  CHECK(failed.verdict == WaitProgress::kFailed);
  CHECK(failed.reason == "i-3 is terminated: Server.InternalError: no room");
  CHECK(At("instance-terminated", kGone, 1).verdict == WaitProgress::kDone);
  CHECK(At("instance-exists", kPending, 1).verdict == WaitProgress::kDone);
}

TEST_CASE("a task that says how far it is is shown as a bar with what it does, and why it failed", "[cli]") {
  CHECK(ProgressBar(0) == "[>                             ] 0 %");
  CHECK(ProgressBar(50) == "[===============>              ] 50 %");
  CHECK(ProgressBar(100) == "[==============================] 100 %");
  const Waiter waiter{.name = "",
                      .summary = "",
                      .action = "",
                      .list = "ImportImageTasks",
                      .id = "ImportTaskId",
                      .state = "Status",
                      .wanted = "completed",
                      .failures = {"deleting", "deleted"},
                      .percent = "Progress",
                      .message = "StatusMessage"};
  const auto judge = [&](const std::string& task) {
    return Judge(waiter, *ParseJson(R"({"ImportImageTasks": [)" + task + "]}"), 1);
  };
  const WaitVerdict under_way =
      judge(R"({"ImportTaskId": "t", "Status": "active", "Progress": "50", "StatusMessage": "downloading"})");
  CHECK(under_way.verdict == WaitProgress::kWait);
  CHECK(under_way.summary == "t [===============>              ] 50 % downloading");
  const WaitVerdict failed = judge(R"({"ImportTaskId": "t", "Status": "deleted", "StatusMessage": "ClientError: no"})");
  CHECK(failed.verdict == WaitProgress::kFailed);
  CHECK(failed.reason == "t is deleted: ClientError: no");
  CHECK(judge(R"({"ImportTaskId": "t", "Status": "completed"})").verdict == WaitProgress::kDone);
}

TEST_CASE("every waiter asks an action of the schema for members it has", "[cli]") {
  for (const Waiter& waiter : Waiters()) {
    INFO(waiter.name);
    const ApiAction* action = TheSchema().FindActionOf(waiter.family, waiter.action);
    REQUIRE(action != nullptr);
    for (const Acceptor& acceptor : waiter.acceptors) {
      if (!acceptor.argument.empty()) CHECK(JmesPath::Parse(acceptor.argument).ok());
    }
    const auto* type = action->method->output_type();
    for (const std::string& path : {waiter.list, waiter.id, waiter.state}) {
      const auto* holder = type;
      std::string rest = path;
      while (!rest.empty()) {
        const std::string member = rest.substr(0, rest.find('.'));
        rest = member.size() == rest.size() ? "" : rest.substr(member.size() + 1);
        const auto* field = FindMember(holder, member);
        INFO(path);
        REQUIRE(field != nullptr);
        holder = field->message_type();
      }
      if (path == waiter.list) type = holder;
    }
  }
}

TEST_CASE("a waiter of the aws command line goes by the first of its acceptors that fits", "[cli]") {
  const auto accept = [](const std::string& waiter, const std::string& answer, const std::string& error = "") {
    return Accept(TheWaiter(waiter).acceptors, *ParseJson(answer), error);
  };
  using State = Acceptor::State;
  CHECK(accept("volume-available", R"({"Volumes": [{"State": "available"}]})").state == State::kSuccess);
  const Accepted mixed = accept("volume-available", R"({"Volumes": [{"State": "available"}, {"State": "creating"}]})");
  CHECK(mixed.state == State::kRetry);
  CHECK(mixed.seen == "available, creating");
  CHECK(accept("volume-available", R"({"Volumes": []})").seen == "not there yet");
  CHECK(accept("volume-available", R"({"Volumes": [{"State": "deleted"}]})").state == State::kFailure);
  CHECK(accept("volume-deleted", "{}", "InvalidVolume.NotFound").state == State::kSuccess);
  CHECK_FALSE(accept("volume-deleted", "{}", "UnauthorizedOperation").fits);
  CHECK(accept("user-exists", "{}").state == State::kSuccess);
  CHECK(accept("user-exists", "{}", "NoSuchEntity").state == State::kRetry);
  CHECK(accept("instance-profile-exists", "{}", "NoSuchEntity").fits);
  CHECK(accept("alarm-exists", R"({"MetricAlarms": []})").state == State::kRetry);
  CHECK(accept("alarm-exists", R"({"MetricAlarms": [{}]})").state == State::kSuccess);
  CHECK(accept("network-interface-available", "{}", "InvalidNetworkInterfaceID.NotFound").state == State::kFailure);
  CHECK(WaiterSummary("nat-gateway-deleted") == "until the nat gateway is deleted");
  CHECK(WaiterSummary("volume-in-use") == "until the volume is in use");
  CHECK(WaiterSummary("vpc-exists") == "until the vpc exists");
}

// Pages of five security groups, sg-0 to sg-11, as a daemon gives them.
absl::Status GiveGroups(const Message& request, Message* response) {
  constexpr int kAll = 12;
  const nlohmann::ordered_json asked = ToJson(request);
  const int from = std::stoi(asked.value("NextToken", "0"));
  const int to = std::min(kAll, from + asked.value("MaxResults", 5));
  nlohmann::ordered_json answer;
  for (int i = from; i < to; ++i) answer["SecurityGroups"].push_back({{"GroupId", "sg-" + std::to_string(i)}});
  if (to < kAll) answer["NextToken"] = std::to_string(to);
  return FillMessage(answer, "", response);
}

struct Pages {
  std::vector<std::string> ids;
  std::string next;
};

Pages Fetch(const ActionOptions& options, const std::string& request_json = "{}") {
  const ApiAction* action = TheSchema().FindAction("describe-security-groups");
  REQUIRE(action != nullptr);
  auto request = TheSchema().NewMessage(action->method->input_type());
  auto response = TheSchema().NewMessage(action->method->output_type());
  REQUIRE(FillMessage(*ParseJson(request_json), "", request.get()).ok());
  const absl::Status status = Pager::Run(*action, options, request.get(), response.get(), GiveGroups);
  INFO(status.message());
  REQUIRE(status.ok());
  const auto answer = ToJson(*response);
  Pages pages;
  for (const auto& group : answer["SecurityGroups"]) pages.ids.push_back(group["GroupId"]);
  pages.next = answer.value("NextToken", "");
  return pages;
}

TEST_CASE("all pages come unless the request or a flag says otherwise", "[cli]") {
  CHECK(Fetch({}).ids.size() == 12);
  CHECK(Fetch({}).next.empty());
  CHECK(Fetch({.page_size = 7}).ids.size() == 12);
  CHECK(Fetch({.paginate = false}).ids.size() == 5);
  CHECK(Fetch({.paginate = false}).next == "5");
  CHECK(Fetch({}, R"({"MaxResults": 6})").ids.size() == 6);
  CHECK(Fetch({}, R"({"NextToken": "10"})").ids == std::vector<std::string>{"sg-10", "sg-11"});
}

TEST_CASE("max-items and starting-token walk the list without gap or repetition", "[cli]") {
  for (int step = 1; step <= 13; ++step) {
    std::vector<std::string> all;
    ActionOptions options{.max_items = step};
    for (int guard = 0; guard < 20; ++guard) {
      const Pages pages = Fetch(options);
      CHECK(pages.ids.size() <= static_cast<size_t>(step));
      all.insert(all.end(), pages.ids.begin(), pages.ids.end());
      if (pages.next.empty()) break;
      options.starting_token = pages.next;
    }
    INFO("by " << step);
    REQUIRE(all.size() == 12);
    for (int i = 0; i < 12; ++i) CHECK(all[i] == "sg-" + std::to_string(i));
  }
}

TEST_CASE("a daemon whose pages do not advance ends in an error", "[cli]") {
  const ApiAction* action = TheSchema().FindAction("describe-security-groups");
  auto request = TheSchema().NewMessage(action->method->input_type());
  auto response = TheSchema().NewMessage(action->method->output_type());
  const auto same = [](const Message&, Message* answer) {
    return FillMessage(*ParseJson(R"({"NextToken": "same"})"), "", answer);
  };
  CHECK_FALSE(Pager::Run(*action, {}, request.get(), response.get(), same).ok());
}

}  // namespace
}  // namespace brume::cli
