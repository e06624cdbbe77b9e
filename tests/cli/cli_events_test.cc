#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "brume/host/v1/event.pb.h"
#include "cli/background_events.h"
#include "cli/caller_name.h"
#include "cli/events.h"
#include "lib/base/subprocess.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

const absl::Time kAsked = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

absl::StatusOr<host::v1::LookupEventsRequest> Request(std::vector<std::pair<std::string, std::string>> options) {
  return EventsRequest({.options = std::move(options), .positional = {}, .after_dashes = {}}, kAsked);
}

// The conditions of a request: "ResourceName=i-1 ReadOnly=false".
std::string Conditions(const absl::StatusOr<host::v1::LookupEventsRequest>& request) {
  REQUIRE(request.ok());
  std::string conditions;
  for (const auto& attribute : request->lookup_attributes()) {
    conditions += (conditions.empty() ? "" : " ") + attribute.attribute_key() + "=" + attribute.attribute_value();
  }
  return conditions;
}

CommandResult Events(const Server& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {BRUME_PROGRAM, "--socket", server.socket(), "--output", "table", "events"});
  auto result = RunCommand(arguments);
  REQUIRE(result.ok());
  return *std::move(result);
}

}  // namespace

TEST_CASE("events leave out what only reads, unless it is asked for", "[cli]") {
  CHECK(Conditions(Request({{"resource", "i-1"}})) == "ResourceName=i-1 ReadOnly=false");
  CHECK(Conditions(Request({{"all", ""}})).empty());
  CHECK(Conditions(Request({{"action", "DescribeInstances"}})) == "EventName=DescribeInstances");
  CHECK(Conditions(Request({{"error", "UnauthorizedOperation"}})) == "ErrorCode=UnauthorizedOperation");
  CHECK(Conditions(Request({{"all", ""}, {"changes", ""}})) == "ReadOnly=false");
}

TEST_CASE("a caller's short name is looked for here, the recorded one by the daemon", "[cli]") {
  CHECK(Conditions(Request({{"user", "alice"}})) == "ReadOnly=false");
  CHECK(Conditions(Request({{"user", "uid:0"}})) == "Username=uid:0 ReadOnly=false");
}

TEST_CASE("the time of events is a moment or how long ago it was", "[cli]") {
  CHECK(Request({{"since", "90m"}})->start_time() == "2025-12-31T22:30:00.000Z");
  CHECK(Request({{"since", "2h30m"}})->start_time() == "2025-12-31T21:30:00.000Z");
  CHECK(Request({{"since", "1d"}})->start_time() == "2025-12-31T00:00:00.000Z");
  CHECK(Request({{"since", "1w1s"}})->start_time() == "2025-12-24T23:59:59.000Z");
  CHECK(Request({{"until", "2026-01-31T10:00:00+02:00"}})->end_time() == "2026-01-31T08:00:00.000Z");
  for (const char* bad : {"yesterday", "10", "", "d", "1d2", "1y", "-1d", "99999999999d"}) {
    INFO(bad);
    CHECK_FALSE(Request({{"since", bad}}).ok());
  }
}

TEST_CASE("callers have short names", "[cli]") {
  CHECK(CallerName("uid:0") == "root");
  CHECK(CallerName("uid:4294967294") == "uid:4294967294");
  CHECK(CallerName("cn:build") == "build");
  CHECK(CallerName("arn:aws:iam::000000000000:root") == "root");
  CHECK(CallerName("arn:aws:iam::000000000000:user/ops/alice") == "alice");
  CHECK(CallerName("arn:aws:sts::000000000000:assumed-role/web/i-1") == "web/i-1");
  CHECK(CallerName("arn:aws") == "arn:aws");
  CHECK(CallerName("").empty());
}

TEST_CASE("what a group and an alarm did is an event with its cause", "[cli]") {
  autoscaling::v1::Activity activity;
  activity.set_activity_id("a");
  activity.set_auto_scaling_group_name("web");
  activity.set_description("Terminating EC2 instance: i-0123456789abcdef0");
  activity.set_status_code("Failed");
  activity.set_status_message("It does not go.");
  activity.set_cause("There was one too many.");
  const host::v1::Event grown = EventOf(activity);
  CHECK(grown.username() == "group web");
  CHECK(grown.error_code() == "Failed");
  CHECK(grown.error_message() == "It does not go. There was one too many.");
  REQUIRE(grown.resources_size() == 1);
  CHECK(grown.resources(0) == "i-0123456789abcdef0");

  cloudwatch::v1::AlarmHistoryItem item;
  item.set_alarm_name("cpu");
  item.set_history_summary("Alarm updated from OK to ALARM");
  item.set_history_data(R"({"newState": {"stateValue": "ALARM", "stateReason": "Threshold Crossed"}})");
  const host::v1::Event rung = EventOf(item);
  CHECK(rung.username() == "alarm cpu");
  CHECK(rung.error_code() == "OK");
  CHECK(rung.error_message() == "Threshold Crossed");
  for (const char* odd : {"", "[]", "{", R"({"newState": 1})", R"({"newState": {"stateReason": 1}})"}) {
    item.set_history_data(odd);
    CHECK(EventOf(item).error_message().empty());
  }
}

TEST_CASE("calls and what happened by itself are merged by time", "[cli]") {
  const Server server;
  const std::string shown = Events(server, {}).standard_output;
  const size_t stopped = shown.find("StopInstances"), grown = shown.find("Launching"),
               made = shown.find("iam:CreateUser");
  CHECK(stopped < grown);
  CHECK(grown < made);
  CHECK(absl::StrContains(shown, "alice"));
  CHECK(absl::StrContains(shown, "group web"));
  CHECK(absl::StrContains(shown, "DryRunOperation"));
  CHECK_FALSE(absl::StrContains(shown, "DescribeInstances"));
}

TEST_CASE("events that cannot be had are told of, and the others shown", "[cli]") {
  const Server server;  // it knows no alarms
  const CommandResult result = Events(server, {});
  CHECK(result.exit_code == 0);
  CHECK(absl::StrContains(result.standard_error, "left out what DescribeAlarmHistory would show"));
}

TEST_CASE("events of one user are those of no other and of nothing in the background", "[cli]") {
  const Server server;
  const std::string shown = Events(server, {"--user", "alice"}).standard_output;
  CHECK(absl::StrContains(shown, "StopInstances"));
  CHECK_FALSE(absl::StrContains(shown, "CreateUser"));
  CHECK_FALSE(absl::StrContains(shown, "Launching"));
  CHECK(absl::StrContains(Events(server, {"--user", "root", "--all"}).standard_output, "DescribeInstances"));
}

TEST_CASE("an event that is followed is a line that no one else can steer", "[cli]") {
  host::v1::Event event;
  event.set_event_time("2026-01-31T10:00:00.000Z");
  event.set_username("uid:0");
  event.set_event_name("ec2:CreateTags");
  event.set_error_code("OK");
  event.add_resources("i-1");
  event.set_error_message("bad\x1b[2J");
  CHECK(EventLine(event) ==
        "2026-01-31T10:00:00Z  root          CreateTags                    OK          i-1  bad\\x1b[2J\n");
}

}  // namespace brume::cli
