// Composite alarms: rules over other alarms, and actions that another alarm holds back.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/cloudwatch/alarm_fixture.h"

namespace brume::cloudwatch {

using alarm::Alarm;
using alarm::HistoryType;
using alarm::State;
using Texts = std::vector<std::string>;

namespace {

// Alarms a and b on metrics of their names, both OK.
struct Pair : AlarmWorld {
  Pair() {
    for (const char* name : {"a", "b"}) Put(Above50(name, 1, 1, name));
    Move(10, 10);
  }
  void Move(double a, double b) {
    data["b"][absl::UnixEpoch() + absl::Floor(clock.Now() - absl::UnixEpoch(), absl::Seconds(10))] = b;
    Tick(a, "a");
  }
};

Alarm Held(absl::Duration wait, absl::Duration extension) {
  Alarm alarm = AlarmWorld::Composite("both", "ALARM(a)");
  alarm.suppressor = {.alarm = "b", .wait = wait, .extension = extension};
  AlarmWorld::Does(alarm, State::kAlarm, kHook);
  AlarmWorld::Does(alarm, State::kOk, "http://hooks.example.org/ok");
  return alarm;
}

std::string SuppressedBy(const AlarmWorld& world) {
  return std::string(SuppressedByName(world.alarms->Find("both")->suppressed_by));
}

}  // namespace

TEST_CASE("a composite alarm follows its rule as soon as an alarm it names changes", "[alarms]") {
  Pair world;
  Alarm both = AlarmWorld::Composite("both", "ALARM(a) AND ALARM(\"b\")");
  AlarmWorld::Does(both, State::kAlarm, kHook);
  world.Put(both);
  CHECK(world.StateOf("both") == "OK");
  world.Move(90, 10);
  CHECK(world.StateOf("both") == "OK");
  world.Move(90, 90);
  CHECK(world.StateOf("both") == "ALARM");
  CHECK(absl::StrContains(world.alarms->Find("both")->reason, "alarm:b transitioned to ALARM"));
  REQUIRE(world.Due().size() == 1);
  CHECK(world.Due()[0].kind == alarm::Kind::kComposite);
  CHECK(absl::StrContains(world.Due()[0].message, "TriggeringChildren"));
  world.Move(10, 90);
  CHECK(world.StateOf("both") == "OK");
  CHECK(world.Due().size() == 1);
  CHECK(world.History("both", HistoryType::kStateUpdate) == Texts{"Alarm updated from INSUFFICIENT_DATA to OK",
                                                                  "Alarm updated from OK to ALARM",
                                                                  "Alarm updated from ALARM to OK"});
}

TEST_CASE("a composite alarm may name alarms by their ARNs", "[alarms]") {
  Pair world;
  world.Put(AlarmWorld::Composite("both", "ALARM(\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a\")"));
  world.Move(90, 10);
  CHECK(world.StateOf("both") == "ALARM");
}

TEST_CASE("a composite alarm may tell a topic, and tells neither instances nor scaling policies", "[alarms]") {
  AlarmWorld world;
  world.Put(AlarmWorld::Above50("a"));
  const auto put = [&](const std::string& action) {
    alarm::Alarm both = AlarmWorld::Composite("both", "ALARM(a)");
    AlarmWorld::Does(both, alarm::State::kAlarm, action);
    return world.alarms->PutCompositeAlarm(both, {});
  };
  CHECK(put("arn:aws:sns:us-east-1:123456789012:ops").ok());
  for (const char* action :
       {kStopArn, kPolicyArn, "arn:aws:swf:us-east-1:000000000000:action/actions/AWS_EC2.InstanceId.Stop/1.0"}) {
    CHECK(ec2::ErrorCode(put(action)) == "ValidationError");
  }
}

TEST_CASE("composite alarms of composite alarms change once, after all that they name", "[alarms]") {
  Pair world;
  world.Put(AlarmWorld::Composite("c1", "ALARM(a)"));
  world.Put(AlarmWorld::Composite("c2", "ALARM(c1)"));
  // Where c1 alone had changed, this would be in ALARM for a moment.
  world.Put(AlarmWorld::Composite("glitch", "ALARM(c1) AND NOT ALARM(c2)"));
  world.Put(AlarmWorld::Composite("top", "ALARM(c1) AND ALARM(c2)"));
  world.Move(90, 10);
  CHECK(world.StateOf("top") == "ALARM");
  CHECK(world.StateOf("glitch") == "OK");
  CHECK(world.History("glitch", HistoryType::kStateUpdate).size() == 1);
  CHECK(world.History("top", HistoryType::kStateUpdate).size() == 2);
}

TEST_CASE("a composite alarm that would depend on itself is refused", "[alarms]") {
  Pair world;
  world.Put(AlarmWorld::Composite("c1", "ALARM(a)"));
  world.Put(AlarmWorld::Composite("c2", "ALARM(c1) OR ALARM(b)"));
  for (const char* rule : {"ALARM(c1)", "ALARM(c2)", "ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:c2)"}) {
    const absl::Status status = world.alarms->PutCompositeAlarm(AlarmWorld::Composite("c1", rule), {});
    CHECK(ec2::ErrorCode(status) == "ValidationError");
    CHECK(absl::StrContains(status.message(), "depends on this one"));
  }
  CHECK(world.alarms->Find("c1")->rule == "ALARM(a)");
  CHECK(ec2::ErrorCode(world.alarms->PutCompositeAlarm(AlarmWorld::Composite("c3", "ALARM(none)"), {})) ==
        "ValidationError");
}

TEST_CASE("an alarm that others depend on cannot be deleted without them", "[alarms]") {
  Pair world;
  world.Put(AlarmWorld::Composite("c1", "ALARM(a)"));
  world.Put(AlarmWorld::Composite("c2", "ALARM(b)"));
  CHECK(ec2::ErrorCode(world.alarms->Delete({"a", "b"})) == "ValidationError");
  CHECK(ec2::ErrorCode(world.alarms->Delete({"c1", "c2"})) == "ValidationError");
  CHECK(ec2::ErrorCode(world.alarms->Delete({"a", "none", "c1"})) == "ResourceNotFound");
  CHECK(world.alarms->List().size() == 4);
  CHECK(world.alarms->Delete({"a", "c1"}).ok());
  CHECK(world.alarms->List().size() == 2);
}

TEST_CASE("relatives of a composite alarm are known in both directions, also after a restart", "[alarms]") {
  Pair world;
  world.Put(AlarmWorld::Composite("both", "ALARM(b) OR ALARM(a)"));
  world.Restart();
  const auto names = [](const absl::StatusOr<std::vector<AlarmPtr>>& found) {
    Texts names;
    for (const AlarmPtr& alarm : found.value()) names.push_back(alarm->name);
    return names;
  };
  CHECK(names(world.alarms->ChildrenOf("both")) == Texts{"a", "b"});
  CHECK(names(world.alarms->ParentsOf("b")) == Texts{"both"});
  CHECK(names(world.alarms->ParentsOf("both")).empty());
  CHECK(ec2::ErrorCode(world.alarms->ChildrenOf("none").status()) == "ResourceNotFound");
  world.Move(90, 10);
  CHECK(world.StateOf("both") == "ALARM");
}

TEST_CASE("actions wait for their suppressor, and are taken when it does not come", "[alarms]") {
  Pair world;
  world.Put(Held(absl::Seconds(15), absl::Seconds(20)));
  CHECK(world.Due().empty());
  CHECK(world.waits == 1);
  CHECK(world.evaluator->EvaluateDue() <= world.clock.Now() + absl::Seconds(15));
  world.clock.Advance(absl::Seconds(20));
  world.evaluator->EvaluateDue();
  REQUIRE(world.Due().size() == 1);
  CHECK(world.Due()[0].action == "http://hooks.example.org/ok");
  world.Move(90, 10);
  CHECK(world.StateOf("both") == "ALARM");
  CHECK(SuppressedBy(world) == "WaitPeriod");
  CHECK(world.Due().size() == 1);
  world.Restart();
  CHECK(SuppressedBy(world) == "WaitPeriod");
  world.Move(90, 10);
  CHECK(world.Due().size() == 1);
  world.Move(90, 10);
  REQUIRE(world.Due().size() == 2);
  CHECK(world.Due()[1].action == kHook);
  CHECK(SuppressedBy(world).empty());
}

TEST_CASE("actions are held back while their suppressor is in ALARM and a while after", "[alarms]") {
  Pair world;
  world.Put(Held(absl::Seconds(15), absl::Seconds(15)));
  world.clock.Advance(absl::Seconds(20));
  world.Move(90, 90);
  REQUIRE(world.Due().size() == 1);  // that it was OK
  CHECK(SuppressedBy(world) == "Alarm");
  for (int i = 0; i < 5; ++i) world.Move(90, 90);
  CHECK(world.Due().size() == 1);
  world.Move(90, 10);
  CHECK(SuppressedBy(world) == "ExtensionPeriod");
  CHECK(world.Due().size() == 1);
  world.Move(90, 10);
  world.Move(90, 10);
  REQUIRE(world.Due().size() == 2);
  CHECK(world.Due()[1].action == kHook);
}

TEST_CASE("a composite alarm that is back where it was has nothing to tell", "[alarms]") {
  Pair world;
  world.Put(Held(absl::Seconds(15), absl::Seconds(15)));
  world.clock.Advance(absl::Seconds(20));
  world.Move(10, 10);
  REQUIRE(world.Due().size() == 1);
  world.Move(90, 10);
  world.Move(10, 10);
  for (int i = 0; i < 4; ++i) world.Move(10, 10);
  CHECK(world.Due().size() == 1);
  CHECK(SuppressedBy(world).empty());
}

}  // namespace brume::cloudwatch
