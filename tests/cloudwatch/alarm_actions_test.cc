// What alarms ask for is executed once, whenever brumed ends.
#include "lib/cloudwatch/alarm_actions.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "tests/cloudwatch/alarm_fixture.h"

namespace brume::cloudwatch {

using alarm::Alarm;
using alarm::HistoryType;
using alarm::State;
using alarm::Step;
using Texts = std::vector<std::string>;

namespace {

constexpr char kInstance[] = "i-0123456789abcdef0";

// One instance, and what was done to it.
class ActionWorld : public AlarmWorld {
 public:
  ~ActionWorld() {
    if (actions != nullptr) actions->Stop();
  }

  // As brumed with what is due on disk.
  void StartActions() {
    StopActions();
    actions = std::make_unique<AlarmActions>(AlarmActionsParts{
        .database = *database,
        .clock = clock,
        .instances = {.state = [this](const InstanceId&) { return State(); },
                      .stop = [this](const InstanceId& id) { return Do("stop", id, InstanceState::kStopping); },
                      .cut_power = [this](const InstanceId& id) { return Do("cut", id, InstanceState::kStopping); },
                      .start = [this](const InstanceId& id) { return Do("start", id, InstanceState::kPending); },
                      .terminate =
                          [this](const InstanceId& id) { return Do("terminate", id, InstanceState::kShuttingDown); },
                      .reboot = [this](const InstanceId& id) { return Do("reboot", id, InstanceState::kRunning); }},
        .webhooks = webhooks,
        .post = [this](const alarm::Url& url, const std::string& id,
                       const std::string& body) { return Post(url, id, body); },
        .on_scaling = [this](const std::string& action) { Note("scale " + action.substr(0, 19)); },
        .first_backoff = absl::Milliseconds(1),
        .poll = absl::Milliseconds(1)});
    Must(actions->Start());
  }
  void StopActions() {
    if (actions != nullptr) actions->Stop();
    actions.reset();
  }

  // An alarm that is in ALARM and asks for this.
  void Ask(const std::string& action) {
    Alarm alarm = Above50("busy");
    Does(alarm, alarm::State::kAlarm, action);
    Put(alarm);
    Must(alarms->SetState("busy", alarm::State::kAlarm, "testing", ""));
  }

  Texts done() {
    std::lock_guard lock(mutex);
    return done_;
  }

  // Waits until a condition holds.
  template <typename Condition>
  void Until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  void UntilOver() {
    Until([&] { return Due().empty(); });
  }
  Texts Ends() { return History("busy", HistoryType::kAction); }

  InstanceState State() {
    std::lock_guard lock(mutex);
    return state;
  }
  void SetState(InstanceState to) {
    std::lock_guard lock(mutex);
    state = to;
  }
  void Note(const std::string& what) {
    std::lock_guard lock(mutex);
    done_.push_back(what);
  }

  std::mutex mutex;
  InstanceState state = InstanceState::kRunning;
  // What the next calls answer; the effect is there all the same, as when brumed ends before it is told.
  absl::Status answer = absl::OkStatus();  // changed while no action runs, or under the lock
  std::vector<std::string> webhooks = {"http://hooks.example.org/"};
  std::unique_ptr<AlarmActions> actions;

 private:
  absl::Status Do(const std::string& what, const InstanceId& id, InstanceState to) {
    std::lock_guard lock(mutex);
    done_.push_back(id.text() == kInstance ? what : "another instance");
    state = to;
    return answer;
  }

  absl::Status Post(const alarm::Url& url, const std::string& id, const std::string& body) {
    std::lock_guard lock(mutex);
    done_.push_back(url.host == "hooks.example.org" && absl::StrContains(body, id) ? "post " + id : "another post");
    return answer;
  }

  Texts done_;
};

}  // namespace

TEST_CASE("what is asked of an instance is done once, and its end is in the history", "[alarms]") {
  for (const std::string verb : {"stop", "terminate", "reboot"}) {
    ActionWorld world;
    world.StartActions();
    world.Ask("arn:aws:automate:us-east-1:ec2:" + verb);
    world.actions->Wake(world.Due());
    world.UntilOver();
    CHECK(world.done() == Texts{verb});
    CHECK(world.Ends() == Texts{"Successfully executed action arn:aws:automate:us-east-1:ec2:" + verb});
    world.StartActions();
    world.StopActions();
    CHECK(world.done() == Texts{verb});
  }
}

TEST_CASE("an instance is told by the older workflows as well", "[alarms]") {
  ActionWorld world;
  world.StartActions();
  world.Ask("arn:aws:swf:us-east-1:000000000000:action/actions/AWS_EC2.InstanceId.Reboot/1.0");
  world.actions->Wake(world.Due());
  world.UntilOver();
  CHECK(world.done() == Texts{"reboot"});
}

TEST_CASE("what names a service that is not here fails once, and the history says why", "[alarms]") {
  ActionWorld world;
  world.StartActions();
  world.Ask("arn:aws:sns:us-east-1:123456789012:ops");
  world.actions->Wake(world.Due());
  world.UntilOver();
  CHECK(world.done().empty());
  CHECK(world.Ends() == Texts{"Failed to execute action arn:aws:sns:us-east-1:123456789012:ops"});
  alarm::HistoryQuery query;
  query.alarm = "busy";
  query.type = HistoryType::kAction;
  const auto items = world.alarms->History(query);
  REQUIRE(items.ok());
  CHECK(absl::StrContains(items->front().data, "not delivered"));
}

TEST_CASE("an action that brumed's end kept from being begun is taken at the next start", "[alarms]") {
  for (const std::string action : {"arn:aws:automate:us-east-1:ec2:reboot", kStopArn, kHook, kPolicyArn}) {
    ActionWorld world;
    world.Ask(action);
    world.Restart();
    world.StartActions();
    world.UntilOver();
    CHECK(world.done().size() == 1);
    CHECK(world.Ends().size() == 1);
  }
}

TEST_CASE("a reboot whose outcome brumed's end hid is not asked for again", "[alarms]") {
  ActionWorld world;
  world.Ask("arn:aws:automate:us-east-1:ec2:reboot");
  const int64_t number = world.Due().at(0).number;
  AlarmWorld::Must(world.database->Write(
      [&](store::Connection& c) { return AlarmDueActionTable(c).SetStep(number, Step::kBegun); }));
  world.StartActions();
  world.UntilOver();
  CHECK(world.done().empty());
  CHECK(world.Ends() == Texts{"Failed to execute action arn:aws:automate:us-east-1:ec2:reboot"});
}

TEST_CASE("a webhook whose answer brumed's end hid is sent again under the same id", "[alarms]") {
  ActionWorld world;
  world.Ask(kHook);
  const std::string sent = "post " + world.Due().at(0).message_id;
  world.answer = absl::UnavailableError("brumed ends here");
  world.StartActions();
  world.Until([&] { return !world.done().empty(); });
  world.StopActions();
  REQUIRE(world.Due().size() == 1);
  const size_t before = world.done().size();
  world.answer = absl::OkStatus();
  world.StartActions();
  world.UntilOver();
  CHECK(world.done() == Texts(before + 1, sent));
  CHECK(world.Ends() == Texts{std::string("Successfully executed action ") + kHook});
}

TEST_CASE("a recovery stops the instance, waits until it is off, and starts it", "[alarms]") {
  ActionWorld world;
  world.Ask("arn:aws:automate:us-east-1:ec2:recover");
  world.StartActions();
  world.Until([&] { return world.State() == InstanceState::kStopping; });
  world.SetState(InstanceState::kStopped);
  world.UntilOver();
  CHECK(world.done() == Texts{"cut", "start"});
  CHECK(world.Ends() == Texts{"Successfully executed action arn:aws:automate:us-east-1:ec2:recover"});
}

TEST_CASE("a recovery goes on after a restart where it was", "[alarms]") {
  struct Row {
    Step step;
    InstanceState state;
    Texts done;
  };
  const Row rows[] = {{Step::kWaiting, InstanceState::kRunning, {"cut", "start"}},
                      {Step::kBegun, InstanceState::kRunning, {"cut", "start"}},
                      {Step::kBegun, InstanceState::kStopping, {"start"}},
                      {Step::kBegun, InstanceState::kStopped, {"start"}},
                      {Step::kStarting, InstanceState::kStopped, {"start"}},
                      {Step::kStarting, InstanceState::kPending, {}},
                      {Step::kStarting, InstanceState::kRunning, {}}};
  for (const Row& row : rows) {
    ActionWorld world;
    world.Ask("arn:aws:automate:us-east-1:ec2:recover");
    const int64_t number = world.Due().at(0).number;
    AlarmWorld::Must(
        world.database->Write([&](store::Connection& c) { return AlarmDueActionTable(c).SetStep(number, row.step); }));
    world.state = row.state;
    world.StartActions();
    world.Until([&] {
      // The guest goes off when it is told to.
      if (world.State() == InstanceState::kStopping) world.SetState(InstanceState::kStopped);
      return world.Due().empty();
    });
    CHECK(world.done() == row.done);
    CHECK(absl::StartsWith(world.Ends().at(0), "Successfully"));
  }
}

TEST_CASE("what an instance refuses is told in the history and not tried again", "[alarms]") {
  ActionWorld world;
  world.answer = ec2::Error("OperationNotPermitted", "The instance may not be stopped");
  world.StartActions();
  world.Ask(kStopArn);
  world.actions->Wake(world.Due());
  world.UntilOver();
  CHECK(world.done() == Texts{"stop"});
  CHECK(world.Ends() == Texts{std::string("Failed to execute action ") + kStopArn});
  alarm::HistoryQuery query;
  query.type = HistoryType::kAction;
  const auto items = world.alarms->History(query).value();
  CHECK(absl::StrContains(items.at(0).data, "The instance may not be stopped"));
}

TEST_CASE("what fails for a reason that may pass is tried again, and given up in the end", "[alarms]") {
  ActionWorld world;
  world.answer = absl::UnavailableError("nobody answers");
  world.StartActions();
  world.Ask(kHook);
  world.actions->Wake(world.Due());
  world.Until([&] { return world.done().size() >= 3; });
  CHECK(world.Due().size() == 1);
  world.clock.Advance(absl::Minutes(2));
  world.UntilOver();
  CHECK(world.Ends() == Texts{std::string("Failed to execute action ") + kHook});
}

TEST_CASE("a webhook that the setting no longer allows is not sent", "[alarms]") {
  ActionWorld world;
  world.Ask(kHook);
  world.webhooks = {"http://hooks.example.org/other"};
  world.StartActions();
  world.UntilOver();
  CHECK(world.done().empty());
  CHECK(world.Ends() == Texts{std::string("Failed to execute action ") + kHook});
}

TEST_CASE("a webhook that waits holds up neither instances nor other webhooks", "[alarms]") {
  ActionWorld world;
  Alarm alarm = AlarmWorld::Above50("busy");
  AlarmWorld::Does(alarm, State::kAlarm, kHook);
  AlarmWorld::Does(alarm, State::kAlarm, kStopArn);
  world.Put(alarm);
  world.answer = absl::UnavailableError("later");
  AlarmWorld::Must(world.alarms->SetState("busy", State::kAlarm, "testing", ""));
  world.StartActions();
  world.Until([&] {
    const Texts done = world.done();
    return std::count(done.begin(), done.end(), "stop") >= 2 && done.size() > 3;
  });
  CHECK(world.Due().size() == 2);
}

}  // namespace brume::cloudwatch
