// Alarms on metrics: when they are evaluated, what they come to, what they ask for.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/tables/alarm_table.h"
#include "tests/cloudwatch/alarm_fixture.h"

namespace brume::cloudwatch {

using alarm::Alarm;
using alarm::HistoryType;
using alarm::State;
using Texts = std::vector<std::string>;

TEST_CASE("an alarm follows its metric, and its history tells each transition", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  CHECK(world.StateOf("busy") == "INSUFFICIENT_DATA");
  CHECK(world.alarms->Find("busy")->reason == "Unchecked: Initial alarm creation");
  world.Tick(20);
  CHECK(world.StateOf("busy") == "OK");
  world.Tick(90);
  CHECK(world.StateOf("busy") == "ALARM");
  CHECK(world.alarms->Find("busy")->transitioned == world.clock.Now());
  CHECK(absl::StartsWith(world.alarms->Find("busy")->reason, "Threshold Crossed: 1 out of the last 1 datapoints [90]"));
  CHECK(absl::StrContains(world.alarms->Find("busy")->reason_data, R"("recentDatapoints":[20.0,90.0])"));
  world.Tick(95);
  world.Tick(10);
  CHECK(world.StateOf("busy") == "OK");
  CHECK(world.History("busy", HistoryType::kStateUpdate) == Texts{"Alarm updated from INSUFFICIENT_DATA to OK",
                                                                  "Alarm updated from OK to ALARM",
                                                                  "Alarm updated from ALARM to OK"});
}

TEST_CASE("an alarm that is put is evaluated at once by the datapoints that are there", "[alarms]") {
  AlarmWorld world;
  world.Tick(90);
  world.Put(AlarmWorld::Above50("busy"));
  CHECK(world.StateOf("busy") == "ALARM");
}

TEST_CASE("an alarm that is changed keeps its state and is evaluated at once by what it says now", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  world.Tick(60);
  CHECK(world.StateOf("busy") == "ALARM");
  const absl::Time since = world.alarms->Find("busy")->transitioned;
  world.clock.Advance(absl::Seconds(1));
  Alarm changed = AlarmWorld::Above50("busy");
  changed.description = "busier";
  world.Put(changed);
  CHECK(world.StateOf("busy") == "ALARM");
  CHECK(world.alarms->Find("busy")->transitioned == since);
  changed.watch.threshold.value = 70;
  world.Put(changed);
  CHECK(world.StateOf("busy") == "OK");
  CHECK(world.History("busy", HistoryType::kConfigurationUpdate) ==
        Texts{"Alarm \"busy\" created", "Alarm \"busy\" updated", "Alarm \"busy\" updated"});
}

TEST_CASE("M of N periods raise an alarm, and fewer clear it", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy", 2, 3));
  for (const double value : {90.0, 10.0, 10.0}) world.Tick(value);
  CHECK(world.StateOf("busy") == "OK");
  world.Tick(90);
  CHECK(world.StateOf("busy") == "OK");
  world.Tick(90);
  CHECK(world.StateOf("busy") == "ALARM");
  world.Tick(10);
  CHECK(world.StateOf("busy") == "ALARM");
  world.Tick(10);
  CHECK(world.StateOf("busy") == "OK");
}

TEST_CASE("an alarm without datapoints comes to what it says of missing data", "[alarms]") {
  AlarmWorld world;
  const std::map<alarm::MissingData, std::string> expected = {{alarm::MissingData::kMissing, "INSUFFICIENT_DATA"},
                                                              {alarm::MissingData::kIgnore, "OK"},
                                                              {alarm::MissingData::kBreaching, "ALARM"},
                                                              {alarm::MissingData::kNotBreaching, "OK"}};
  for (const auto& [treatment, state] : expected) {
    Alarm alarm = AlarmWorld::Above50(std::string(MissingDataName(treatment)));
    alarm.watch.threshold.missing = treatment;
    world.Put(alarm);
  }
  world.Tick(10);
  for (const auto& [treatment, state] : expected) CHECK(world.StateOf(std::string(MissingDataName(treatment))) == "OK");
  // Datapoints of three periods are looked at, so that one that comes late is made up for.
  world.Tick(std::nullopt);
  world.Tick(std::nullopt);
  CHECK(world.StateOf("missing") == "OK");
  world.Tick(std::nullopt);
  for (const auto& [treatment, state] : expected)
    CHECK(world.StateOf(std::string(MissingDataName(treatment))) == state);
}

TEST_CASE("an alarm is read once in its period, however often it is looked at", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  Alarm slow = AlarmWorld::Above50("slow");
  slow.watch.period = absl::Minutes(1);
  world.Put(slow);
  world.reads = 0;
  const absl::Time next = world.evaluator->EvaluateDue();
  CHECK(world.reads == 0);
  CHECK(next == world.clock.Now() + absl::Seconds(10));
  for (int i = 0; i < 6; ++i) {
    world.clock.Advance(absl::Seconds(10));
    world.evaluator->EvaluateDue();
    world.evaluator->EvaluateDue();
  }
  CHECK(world.reads == 7);
}

TEST_CASE("a clock that is set back does not make alarms wait for it", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  world.Tick(10);
  world.clock.Advance(-absl::Hours(5));
  world.Tick(90);
  CHECK(world.StateOf("busy") == "ALARM");
}

TEST_CASE("an alarm whose metric cannot be read keeps its state until it can", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  world.Tick(90);
  world.read_fails = absl::UnavailableError("the state disk is full");
  for (int i = 0; i < 5; ++i) world.Tick(10);
  CHECK(world.StateOf("busy") == "ALARM");
  world.read_fails = absl::OkStatus();
  world.Tick(10);
  CHECK(world.StateOf("busy") == "OK");
}

TEST_CASE("a state that is set lasts until the next evaluation", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  world.Tick(10);
  AlarmWorld::Must(world.alarms->SetState("busy", State::kAlarm, "testing", R"({"why": ["not"]})"));
  world.evaluator->EvaluateDue();
  CHECK(world.StateOf("busy") == "ALARM");
  CHECK(world.alarms->Find("busy")->reason == "testing");
  world.Tick(10);
  CHECK(world.StateOf("busy") == "OK");
  CHECK(ec2::ErrorCode(world.alarms->SetState("none", State::kOk, "", "")) == "ResourceNotFound");
  CHECK(ec2::ErrorCode(world.alarms->SetState("busy", State::kOk, "", "{")) == "InvalidFormat");
}

TEST_CASE("a verdict on an alarm that has changed since is dropped", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  const AlarmPtr before = world.alarms->Find("busy");
  AlarmWorld::Must(world.alarms->SetState("busy", State::kOk, "by hand", ""));
  const AlarmVerdict late{.of = before, .state = State::kAlarm, .reason = "late", .reason_data = "", .breach = 1};
  AlarmWorld::Must(world.alarms->Apply({&late, 1}));
  CHECK(world.StateOf("busy") == "OK");
  CHECK(world.Due().empty());
}

TEST_CASE("a transition asks for the actions of its state once, in the order they were given", "[alarms]") {
  AlarmWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kHook);
  AlarmWorld::Does(alarm, State::kAlarm, kStopArn);
  AlarmWorld::Does(alarm, State::kOk, "http://hooks.example.org/ok");
  world.Put(alarm);
  for (int i = 0; i < 3; ++i) world.Tick(90);
  REQUIRE(world.Due().size() == 2);
  CHECK(world.due.size() == 2);
  CHECK(world.Due()[0].action == kHook);
  CHECK(world.Due()[0].instance_id.empty());
  CHECK(absl::StrContains(world.Due()[0].message, R"(\"NewStateValue\":\"ALARM\")"));
  CHECK(absl::StrContains(world.Due()[0].message, world.Due()[0].message_id));
  CHECK(world.Due()[1].action == kStopArn);
  CHECK(world.Due()[1].instance_id == "i-0123456789abcdef0");
  CHECK(world.Due()[1].message.empty());
  for (int i = 0; i < 3; ++i) world.Tick(10);
  REQUIRE(world.Due().size() == 3);
  CHECK(world.Due()[2].action == "http://hooks.example.org/ok");
}

TEST_CASE("a restart neither repeats a transition nor loses what it asks for", "[alarms]") {
  AlarmWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kHook);
  world.Put(alarm);
  world.Tick(90);
  const std::string message_id = world.Due().at(0).message_id;
  world.Restart();
  CHECK(world.StateOf("busy") == "ALARM");
  world.evaluator->EvaluateDue();
  for (int i = 0; i < 3; ++i) world.Tick(90);
  REQUIRE(world.Due().size() == 1);
  CHECK(world.Due()[0].message_id == message_id);
  CHECK(world.History("busy", HistoryType::kStateUpdate).size() == 1);
  // What is in memory after a restart is what was before it.
  const AlarmPtr read = world.alarms->Find("busy");
  CHECK(read->watch.metric == alarm.watch.metric);
  CHECK(read->watch.threshold.value == 50);
  CHECK(read->ActionsOf(State::kAlarm) == Texts{kHook});
}

TEST_CASE("an alarm with disabled actions changes its state and asks for nothing", "[alarms]") {
  AlarmWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kHook);
  AlarmWorld::Does(alarm, State::kAlarm, kPolicyArn);
  world.Put(alarm);
  AlarmWorld::Must(world.alarms->EnableActions({"busy"}, false));
  for (int i = 0; i < 3; ++i) world.Tick(90);
  CHECK(world.StateOf("busy") == "ALARM");
  CHECK(world.Due().empty());
  CHECK(world.scaling.empty());
  CHECK(world.alarms->AlarmsFor(kPolicyArn).empty());
  world.Tick(10);
  AlarmWorld::Must(world.alarms->EnableActions({"busy"}, true));
  world.Tick(90);
  CHECK(world.Due().size() == 2);
  CHECK(ec2::ErrorCode(world.alarms->EnableActions({"busy", "none"}, false)) == "ResourceNotFound");
  CHECK(world.alarms->Find("busy")->actions_enabled);
}

TEST_CASE("a scaling policy is asked at the transition, and again in each period that the state lasts", "[alarms]") {
  AlarmWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kPolicyArn);
  world.Put(alarm);
  world.Tick(10);
  CHECK(world.scaling.empty());
  world.Tick(90);
  CHECK(world.scaling.empty());
  CHECK(world.Due().size() == 1);
  world.Tick(91);
  world.Tick(92);
  CHECK(world.scaling == Texts{kPolicyArn, kPolicyArn});
  CHECK(world.Due().size() == 1);
  world.Tick(10);
  CHECK(world.scaling.size() == 2);
}

TEST_CASE("a scaling policy finds its alarms, their states and how far they are past the threshold", "[alarms]") {
  AlarmWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kPolicyArn);
  world.Put(alarm);
  world.Put(AlarmWorld::Above50("other"));
  world.Tick(72.5);
  world.Tick(70);
  const auto found = world.alarms->AlarmsFor(kPolicyArn);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "busy");
  CHECK(found[0].arn == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy");
  CHECK(found[0].state == State::kAlarm);
  CHECK(found[0].breach == 20);
  CHECK(found[0].since == world.clock.Now() - absl::Seconds(10));
  CHECK(world.alarms->AlarmsFor(kStopArn).empty());
  AlarmWorld::Must(world.alarms->Delete({"busy"}));
  CHECK(world.alarms->AlarmsFor(kPolicyArn).empty());
}

TEST_CASE("history is bounded for each alarm and by its age, and outlives its alarm", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  world.Put(AlarmWorld::Above50("quiet"));
  for (int i = 0; i < 1100; ++i) {
    AlarmWorld::Must(world.alarms->SetState("busy", i % 2 == 0 ? State::kAlarm : State::kOk, "flapping", ""));
  }
  CHECK(world.History("busy").size() == 1000);
  CHECK(world.History("quiet").size() == 1);
  AlarmWorld::Must(world.alarms->Delete({"quiet"}));
  CHECK(world.History("quiet") == Texts{"Alarm \"quiet\" created", "Alarm \"quiet\" deleted"});
  world.clock.Advance(absl::Hours(24 * 30) - absl::Minutes(1));
  AlarmWorld::Must(world.alarms->EvictHistory());
  CHECK(world.History("busy").size() == 1000);
  world.clock.Advance(absl::Minutes(2));
  AlarmWorld::Must(world.alarms->EvictHistory());
  CHECK(world.History("busy").empty());
  CHECK(world.History("quiet").empty());
}

TEST_CASE("a deleted alarm is not evaluated, and one that is made anew is", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("busy"));
  AlarmWorld::Must(world.alarms->Delete({"busy"}));
  world.reads = 0;
  world.Tick(90);
  world.Tick(90);
  CHECK(world.reads == 0);
  world.Put(AlarmWorld::Above50("busy"));
  CHECK(world.StateOf("busy") == "ALARM");
}

TEST_CASE("five thousand alarms are evaluated by one look, and one more is refused", "[alarms]") {
  AlarmWorld world;
  AlarmWorld::Must(world.database->Write([](store::Connection& c) -> absl::Status {
    for (size_t i = 0; i < alarm::kMaxAlarms; ++i) {
      RETURN_IF_ERROR(AlarmTable(c).Insert(AlarmWorld::Above50(absl::StrCat("alarm ", i))));
    }
    return absl::OkStatus();
  }));
  world.Restart();
  CHECK(ec2::ErrorCode(world.alarms->PutMetricAlarm(AlarmWorld::Above50("more"), {})) == "LimitExceeded");
  CHECK(world.alarms->PutMetricAlarm(AlarmWorld::Above50("alarm 7"), {}).ok());
  world.evaluator->EvaluateDue();
  world.Tick(90);
  for (const AlarmPtr& alarm : world.alarms->List()) REQUIRE(alarm->state == State::kAlarm);
}

}  // namespace brume::cloudwatch
