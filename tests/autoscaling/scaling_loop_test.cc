// Groups as they are kept and executed: the services and the loop over real rows and instances.
#include "lib/autoscaling/scaling_loop.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "lib/autoscaling/model/scaling_arns.h"
#include "tests/fakes/scaling_service_world.h"

namespace brume {
namespace {

using scaling::ActivityStatus;
using scaling::Lifecycle;

TEST_CASE("a group launches its desired capacity and says why", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 4, 3);
  CHECK(world.InService().size() == 3);
  CHECK(world.CountRunning() == 3);
  const auto activities = world.Activities();
  REQUIRE(activities.size() == 3);
  for (const scaling::Activity& activity : activities) {
    CHECK(activity.status == ActivityStatus::kSuccessful);
    CHECK(activity.description == "Launching a new EC2 instance: " + activity.instance.text());
    CHECK(absl::StrContains(activity.cause, "a difference between desired and actual capacity"));
  }
  const auto view = world.service->Get(world.InService().front());
  CHECK(view->tags.at("aws:autoscaling:groupName") == "web");
}

TEST_CASE("a member that is terminated or crashes is replaced at once", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(2, 4, 2);
  const std::vector<InstanceId> before = world.InService();
  REQUIRE(world.service->Terminate({&before[0], 1}).ok());
  world.hypervisor.EndGuest(before[1], /*by_itself=*/false);
  REQUIRE(world.Reaches(before[1], InstanceState::kStopped));
  world.Settle();
  const std::vector<InstanceId> after = world.InService();
  CHECK(after.size() == 2);
  for (const InstanceId& id : after) CHECK(std::find(before.begin(), before.end(), id) == before.end());
  // The one that crashed is not left behind, off and forgotten.
  CHECK(world.Reaches(before[1], InstanceState::kTerminated));
}

TEST_CASE("a smaller desired capacity takes members out, and a group goes when its last one has gone", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(0, 4, 3);
  REQUIRE(world.groups.SetDesired("web", 1, false).ok());
  world.Settle();
  CHECK(world.InService().size() == 1);
  CHECK(world.CountRunning() == 1);
  CHECK(ec2::ErrorCode(world.groups.Delete("web", false)) == "ResourceInUse");
  REQUIRE(world.groups.Delete("web", true).ok());
  CHECK(ec2::ErrorCode(world.groups.SetDesired("web", 2, false)) == "ScalingActivityInProgress");
  world.Settle();
  CHECK(world.CountRunning() == 0);
  CHECK(ec2::ErrorCode(world.groups.Get("web").status()) == "ValidationError");
  // What was done stays to be read.
  CHECK(world.Activities().size() == 6);
}

TEST_CASE("a member that has gone while a group was looked at is forgotten before the group counts as settled",
          "[scaling]") {
  ScalingServiceWorld world;
  world.hypervisor.MakeDeaf(true);  // so that the one to be taken out stays until the test ends it
  world.MakeGroup(0, 4, 2);
  REQUIRE(world.groups.SetDesired("web", 1, false).ok());
  REQUIRE(world.loop->Reconcile("web").ok());
  REQUIRE(world.In(Lifecycle::kTerminating).size() == 1);
  const InstanceId leaving = world.In(Lifecycle::kTerminating).front();
  REQUIRE(world.Row(leaving).state == InstanceState::kShuttingDown);
  world.DuringNextReconcile([&] {
    world.hypervisor.EndGuest(leaving, /*by_itself=*/true);
    REQUIRE(world.Reaches(leaving, InstanceState::kTerminated));
  });
  world.Settle();
  CHECK(world.Group().members.size() == 1);
}

TEST_CASE("a member that ends while its group is looked at for the first time in a life wakes it", "[scaling]") {
  std::binary_semaphore reconciling(0), ended(0);
  ScalingServiceWorld world;
  world.MakeGroup(1, 2, 1);
  const InstanceId member = world.InService().front();
  world.Restart();
  world.DuringNextReconcile([&] {
    reconciling.release();
    (void)ended.try_acquire_for(std::chrono::seconds(20));  // the deadline is for a test that has failed already
  });
  world.loop->Start();
  REQUIRE(reconciling.try_acquire_for(std::chrono::seconds(20)));
  CHECK(world.service->Terminate({&member, 1}).ok());
  CHECK(world.Reaches(member, InstanceState::kTerminated));
  world.loop->OnInstance(member);
  ended.release();
  // Its replacement comes at once, not when the loop has rested.
  CHECK(world.Eventually([&] { return world.CountInstances() == 2; }));
}

TEST_CASE("a launch whose answer was lost is the same launch when it is tried again", "[scaling]") {
  for (const bool after : {false, true}) {
    INFO((after ? "after the launch" : "before it"));
    ScalingServiceWorld world;
    REQUIRE(world.groups.Create("web", world.Definition(0, 6, 3), {}, {}).ok());
    for (int life = 0; life < 3; ++life) {
      world.lost = after ? ScalingServiceWorld::Lost::kAfter : ScalingServiceWorld::Lost::kBefore;
      // What was launched in the first life is found in the next ones.
      CHECK(world.loop->Reconcile("web").ok() == (after && life > 0));
      world.lost = ScalingServiceWorld::Lost::kNothing;
      world.Restart();
    }
    world.Settle();
    CHECK(world.InService().size() == 3);
    CHECK(world.CountInstances() == 3);
    // One that is given up before its launch was answered does not stay behind.
    world.lost = ScalingServiceWorld::Lost::kAfter;
    REQUIRE(world.groups.SetDesired("web", 4, false).ok());
    CHECK_FALSE(world.loop->Reconcile("web").ok());
    world.lost = ScalingServiceWorld::Lost::kNothing;
    REQUIRE(world.groups.SetDesired("web", 1, false).ok());
    world.Restart();
    world.Settle();
    CHECK(world.InService().size() == 1);
    CHECK(world.CountRunning() == 1);
  }
}

TEST_CASE("a launch that is refused fails its activity with the reason, and is tried again later and later",
          "[scaling]") {
  ScalingServiceWorld world;
  world.refuse = ec2::Error("InsufficientInstanceCapacity", "This host has no room for another b1.tiny");
  world.MakeGroup(1, 2, 1);
  CHECK(world.Group().members.empty());
  CHECK(world.CountInstances() == 0);
  const auto failed = world.Activities();
  REQUIRE(failed.size() == 2);  // the first failure costs no time
  for (const scaling::Activity& activity : failed) {
    CHECK(activity.status == ActivityStatus::kFailed);
    CHECK(absl::StrContains(activity.status_message, "no room for another"));
  }
  world.Settle();
  CHECK(world.Activities().size() == 2);
  world.clock.Advance(absl::Seconds(11));
  world.Settle();
  CHECK(world.Activities().size() == 3);
  world.refuse = absl::OkStatus();
  world.clock.Advance(absl::Minutes(1));
  world.Settle();
  CHECK(world.InService().size() == 1);
}

TEST_CASE("a hook holds a member until it is completed, and one that abandons it has it replaced", "[scaling]") {
  ScalingServiceWorld world;
  scaling::Hook hook;
  hook.name = "setup";
  world.MakeGroup(0, 2, 1, {hook});
  REQUIRE(world.In(Lifecycle::kPendingWait).size() == 1);
  CHECK(world.Activities().front().status == ActivityStatus::kMidLifecycleAction);
  const InstanceId first = world.In(Lifecycle::kPendingWait).front();
  CHECK(ec2::ErrorCode(world.groups.CompleteAction({"web", "other", first, ""}, scaling::HookResult::kContinue)) ==
        "ValidationError");
  // A heartbeat is another hour.
  world.clock.Advance(absl::Minutes(50));
  REQUIRE(world.groups.Heartbeat({"web", "setup", first, ""}).ok());
  world.clock.Advance(absl::Minutes(50));
  world.Settle();
  CHECK(world.In(Lifecycle::kPendingWait).size() == 1);
  REQUIRE(world.groups.CompleteAction({"web", "setup", first, ""}, scaling::HookResult::kAbandon).ok());
  world.Settle();
  REQUIRE(world.In(Lifecycle::kPendingWait).size() == 1);
  CHECK(world.In(Lifecycle::kPendingWait).front() != first);
  const std::string token = world.Group().members.front().waits.front().token;
  REQUIRE(world.groups.CompleteAction({"web", "setup", InstanceId(), token}, scaling::HookResult::kContinue).ok());
  world.Settle();
  CHECK(world.InService().size() == 1);
}

TEST_CASE("a group tracks a target by its members' samples, out at once and in when all is quiet", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 8, 2);
  scaling::PolicyRecord policy;
  policy.group = "web";
  policy.policy.name = "cpu50";
  policy.policy.rule = scaling::TrackingPolicy{50, false};
  policy.metric.predefined = "ASGAverageCPUUtilization";
  REQUIRE(world.policies.Put(policy).ok());
  const auto sample = [&](double load) {
    world.clock.Advance(absl::Seconds(10));
    const std::vector<InstanceId> members = world.InService();
    for (const InstanceId& id : members) {
      world.samples[id.text() + "CPUUtilization"] = {world.clock.Now(), load / static_cast<double>(members.size())};
    }
    world.Settle();
  };
  sample(200);
  CHECK(world.InService().size() == 4);
  CHECK(absl::StrContains(world.Activities().front().cause, "target tracking policy cpu50 left its target"));
  for (int i = 0; i < 20; ++i) sample(200);
  CHECK(world.InService().size() == 4);
  for (int i = 0; i < 40; ++i) sample(20);
  CHECK(world.InService().size() == 1);
}

TEST_CASE("a group tracks metric maths by the newest minute that is over, each once", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 8, 2);
  scaling::PolicyRecord policy;
  policy.group = "web";
  policy.policy.name = "backlog";
  policy.policy.rule = scaling::TrackingPolicy{10, false};
  alarm::WatchQuery& query = policy.metric.queries.emplace_back();
  query.id = "m1";
  query.is_metric = query.return_data = true;
  query.metric = {.metric_namespace = "App", .name = "Queue", .dimensions = {{.name = "Name", .value = "q"}}};
  query.statistic = "Sum";
  REQUIRE(world.policies.Put(policy).ok());
  // What was kept is what was put.
  const auto kept = world.policies.List(std::nullopt);
  REQUIRE(kept.ok());
  REQUIRE(kept->front().metric.queries.size() == 1);
  CHECK(kept->front().metric.queries.front().metric == query.metric);
  CHECK(kept->front().metric.queries.front().return_data);
  const absl::Time minute = absl::UnixEpoch() + absl::Floor(world.clock.Now() - absl::UnixEpoch(), absl::Minutes(1));
  world.maths[minute] = 20;  // not over yet
  world.Settle();
  CHECK(world.InService().size() == 2);
  world.clock.Advance(absl::Minutes(1));
  world.Settle();
  CHECK(world.InService().size() == 4);
  world.Settle();
  CHECK(world.InService().size() == 4);
}

TEST_CASE("an alarm makes a step policy act once each time it invokes it", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 8, 1);
  scaling::PolicyRecord policy;
  policy.group = "web";
  policy.policy.name = "more";
  policy.policy.rule = scaling::StepPolicy{scaling::AdjustmentType::kChangeInCapacity, 0, {{0, std::nullopt, 1}}};
  const auto put = world.policies.Put(policy);
  REQUIRE(put.ok());
  const std::string arn = world.policies.Arn(*put);
  CHECK(scaling::GroupOfPolicyArn(arn) == "web");
  world.alarms = {{"high", "arn:alarm", true, 5}};
  world.Settle();
  CHECK(world.InService().size() == 1);
  world.loop->OnAlarmAction(arn);
  world.Settle();
  CHECK(world.InService().size() == 2);
  world.Settle();
  CHECK(world.InService().size() == 2);
  world.loop->OnAlarmAction(arn);
  world.Settle();
  CHECK(world.InService().size() == 3);
  // A policy keeps its ARN when it is put anew, and loses it with its name.
  const auto again = world.policies.Put(policy);
  CHECK(world.policies.Arn(*again) == arn);
  REQUIRE(world.policies.Delete("", arn).ok());
  CHECK(ec2::ErrorCode(world.policies.Delete("web", "more")) == "ValidationError");
}

TEST_CASE("what a policy was told is not lost to an owner's change while it was evaluated", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 8, 1);
  scaling::PolicyRecord policy;
  policy.group = "web";
  policy.policy.name = "more";
  const auto change_meanwhile = [&] {
    world.DuringNextReconcile([&] {
      autoscaling::GroupChange change;
      change.max_size = 7;
      REQUIRE(world.groups.Update("web", change).ok());
    });
  };
  SECTION("by an alarm") {
    policy.policy.rule = scaling::StepPolicy{scaling::AdjustmentType::kChangeInCapacity, 0, {{0, std::nullopt, 1}}};
    const auto put = world.policies.Put(policy);
    REQUIRE(put.ok());
    world.alarms = {{"high", "arn:alarm", true, 5}};
    change_meanwhile();
    world.loop->OnAlarmAction(world.policies.Arn(*put));
  }
  SECTION("by a datapoint") {
    policy.policy.rule = scaling::TrackingPolicy{50, false};
    policy.metric.predefined = "ASGAverageCPUUtilization";
    REQUIRE(world.policies.Put(policy).ok());
    world.samples[world.InService().front().text() + "CPUUtilization"] = {world.clock.Now(), 100};
    change_meanwhile();
  }
  world.Settle();
  CHECK(world.Group().record.group.max_size == 7);
  CHECK(world.InService().size() == 2);
  // It is heard once.
  world.Settle();
  CHECK(world.InService().size() == 2);
}

TEST_CASE("a policy begins without what one that was deleted has seen", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 8, 1);
  scaling::PolicyRecord policy;
  policy.group = "web";
  policy.policy.name = "cpu50";
  policy.policy.rule = scaling::TrackingPolicy{50, false};
  policy.metric.predefined = "ASGAverageCPUUtilization";
  REQUIRE(world.policies.Put(policy).ok());
  world.samples[world.InService().front().text() + "CPUUtilization"] = {world.clock.Now(), 50};
  world.Settle();
  CHECK(world.InService().size() == 1);
  REQUIRE(world.policies.Delete("web", "cpu50").ok());
  policy.policy.name = "cpu25";
  policy.policy.rule = scaling::TrackingPolicy{25, false};
  REQUIRE(world.policies.Put(policy).ok());
  // The datapoint is new to it.
  world.Settle();
  CHECK(world.InService().size() == 2);
}

TEST_CASE("of two callers who each change a part of a hook or a scheduled action, none undoes the other's",
          "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 2, 1);
  // The second call begins while the first has read what is there and not written it yet.
  absl::Status seconds_outcome;
  std::jthread second;
  const auto heartbeat = [&](scaling::Hook& hook, bool) {
    hook.heartbeat = absl::Minutes(5);
    return absl::OkStatus();
  };
  const auto metadata = [](scaling::Hook& hook, bool) {
    hook.metadata = "drain";
    return absl::OkStatus();
  };
  const auto interrupted_hook = [&](scaling::Hook& hook, bool is_new) {
    second = std::jthread([&] { seconds_outcome = world.groups.PutHook("web", "ready", metadata); });
    return heartbeat(hook, is_new);
  };
  REQUIRE(world.groups.PutHook("web", "ready", interrupted_hook).ok());
  second.join();
  REQUIRE(seconds_outcome.ok());
  const auto hooks = world.groups.ListHooks("web");
  REQUIRE(hooks.ok());
  REQUIRE(hooks->size() == 1);
  CHECK(hooks->front().heartbeat == absl::Minutes(5));
  CHECK(hooks->front().metadata == "drain");

  const auto desired = [](scaling::ScheduleRecord& schedule) {
    schedule.recurrence = "0 8 * * *";
    schedule.action.desired = 2;
    return absl::OkStatus();
  };
  REQUIRE(world.policies.PutSchedule("web", "opening", desired).ok());
  const auto maximum = [](scaling::ScheduleRecord& schedule) {
    schedule.action.max_size = 7;
    return absl::OkStatus();
  };
  const auto interrupted_schedule = [&](scaling::ScheduleRecord& schedule) {
    second = std::jthread([&] { seconds_outcome = world.policies.PutSchedule("web", "opening", maximum); });
    schedule.recurrence = "0 9 * * *";
    return absl::OkStatus();
  };
  REQUIRE(world.policies.PutSchedule("web", "opening", interrupted_schedule).ok());
  second.join();
  REQUIRE(seconds_outcome.ok());
  const auto schedules = world.policies.ListSchedules("web");
  REQUIRE(schedules.ok());
  REQUIRE(schedules->size() == 1);
  CHECK(schedules->front().recurrence == "0 9 * * *");
  CHECK(schedules->front().action.max_size == 7);
  CHECK(schedules->front().action.desired == 2);
}

TEST_CASE("a scheduled action changes a group's sizes when its time comes, also when nobody was there", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 2, 1);
  const auto opening = [&](scaling::ScheduleRecord& schedule) {
    schedule.action.start = world.clock.Now() + absl::Hours(1);
    schedule.action.min_size = 2;
    schedule.action.max_size = 5;
    return absl::OkStatus();
  };
  REQUIRE(world.policies.PutSchedule("web", "opening", opening).ok());
  const auto daily = [](scaling::ScheduleRecord& schedule) {
    schedule.recurrence = "0 0 * * *";
    schedule.action.max_size = 5;
    schedule.action.desired = 3;
    return absl::OkStatus();
  };
  REQUIRE(world.policies.PutSchedule("web", "daily", daily).ok());
  world.Settle();
  CHECK(world.InService().size() == 1);
  world.clock.Advance(absl::Minutes(90));
  world.Restart();
  world.Settle();
  CHECK(world.InService().size() == 2);
  CHECK(absl::StrContains(world.Activities().front().cause, "a scheduled action update of AutoScalingGroup"));
  // One without a recurrence is gone once it ran.
  REQUIRE(world.policies.ListSchedules("web")->size() == 1);
  world.clock.Advance(absl::Hours(24));
  world.Settle();
  CHECK(world.InService().size() == 3);
  CHECK(world.policies.ListSchedules("web")->size() == 1);
}

TEST_CASE("members of a warm pool wait switched off, and are taken before anything is launched", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 3, 1);
  REQUIRE(world.groups.PutWarmPool("web", {.min_size = 0, .max_prepared = 3, .reuse_on_scale_in = true}).ok());
  world.Settle();
  CHECK(world.In(Lifecycle::kWarmedStopped).size() == 2);
  CHECK(world.CountRunning() == 1);
  REQUIRE(world.groups.SetDesired("web", 3, false).ok());
  world.Settle();
  CHECK(world.InService().size() == 3);
  CHECK(world.CountInstances() == 3);
  CHECK(absl::StrContains(world.Activities().front().description, "from warm pool"));
  REQUIRE(world.groups.SetDesired("web", 2, false).ok());
  world.Settle();
  CHECK(world.In(Lifecycle::kWarmedStopped).size() == 1);
  CHECK(world.CountInstances() == 3);
  REQUIRE(world.groups.DeleteWarmPool("web", false).ok());
  world.Settle();
  CHECK(world.Group().members.size() == 2);
}

TEST_CASE("members are attached, detached, and put into standby and out of it", "[scaling]") {
  ScalingServiceWorld world;
  compute::RunRequest request = world.Request();
  request.subnet_id = world.subnets.front();
  const InstanceId stranger = world.Launch(request);
  world.MakeGroup(0, 3, 1);
  const InstanceId own = world.InService().front();
  REQUIRE(world.members.Attach("web", {&stranger, 1}).ok());
  world.Settle();
  CHECK(world.Group().record.group.desired == 2);
  CHECK(world.InService().size() == 2);
  CHECK(world.service->Get(stranger)->tags.at("aws:autoscaling:groupName") == "web");
  CHECK(ec2::ErrorCode(world.members.Attach("web", {&stranger, 1})) == "ValidationError");

  REQUIRE(world.members.EnterStandby("web", {&own, 1}, true).ok());
  world.Settle();
  CHECK(world.In(Lifecycle::kStandby) == std::vector<InstanceId>{own});
  CHECK(world.Group().record.group.desired == 1);
  // It is not replaced when it is switched off there.
  REQUIRE(world.service->Stop({&own, 1}, false).ok());
  REQUIRE(world.Reaches(own, InstanceState::kStopped));
  world.Settle();
  CHECK(world.CountInstances() == 2);
  REQUIRE(world.members.ExitStandby("web", {&own, 1}).ok());
  world.Settle();
  CHECK(world.InService().size() == 2);
  CHECK(world.Row(own).state == InstanceState::kRunning);

  const auto detached = world.members.Detach("web", {&stranger, 1}, true);
  REQUIRE(detached.ok());
  CHECK(detached->front().description == "Detaching EC2 instance: " + stranger.text());
  world.Settle();
  CHECK(world.InService() == std::vector<InstanceId>{own});
  CHECK(world.Row(stranger).state == InstanceState::kRunning);
  CHECK(world.service->Get(stranger)->tags.count("aws:autoscaling:groupName") == 0);
  const auto ended = world.members.Terminate(own, true);
  REQUIRE(ended.ok());
  CHECK(absl::StrContains(ended->cause, "shrinking the capacity from 1 to 0"));
  world.Settle();
  CHECK(world.Group().members.empty());
}

TEST_CASE("an instance refresh replaces every member, and stops at checkpoints and when it is cancelled", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(0, 6, 4);
  const std::vector<InstanceId> before = world.InService();
  world.clock.Advance(absl::Seconds(1));
  scaling::RefreshPreferences preferences;
  preferences.min_healthy_percent = 50;
  preferences.checkpoints = {50, 100};
  const auto id = world.refreshes.Start("web", preferences, std::nullopt);
  REQUIRE(id.ok());
  CHECK(ec2::ErrorCode(world.refreshes.Start("web", {}, std::nullopt).status()) == "InstanceRefreshInProgress");
  const auto replaced = [&] {
    const std::vector<InstanceId> now = world.InService();
    return std::count_if(now.begin(), now.end(), [&](const InstanceId& each) {
      return std::find(before.begin(), before.end(), each) == before.end();
    });
  };
  world.Settle();
  CHECK(replaced() == 2);
  CHECK(world.InService().size() == 4);
  CHECK(world.refreshes.Describe("web", {})->front().percent() == 50);
  world.clock.Advance(absl::Hours(1) + absl::Seconds(1));
  world.Settle();
  CHECK(replaced() == 4);
  CHECK(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kSuccessful);
  CHECK(ec2::ErrorCode(world.refreshes.Cancel("web").status()) == "ActiveInstanceRefreshNotFound");

  REQUIRE(world.refreshes.Start("web", {}, std::nullopt).ok());
  REQUIRE(world.refreshes.Cancel("web").ok());
  world.Settle();
  CHECK(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kCancelled);
}

TEST_CASE("a refresh whose launches fail goes back to what was before it", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(0, 4, 2);
  const std::vector<InstanceId> before = world.InService();
  const scaling::LaunchDefinition second{.source = {true, world.template_id.text(), "2"}};
  REQUIRE(world.templates.CreateVersion(world.template_id, "", {}, {}).ok());
  world.clock.Advance(absl::Seconds(1));
  scaling::RefreshPreferences preferences;
  preferences.auto_rollback = true;
  world.refuse = ec2::Error("InvalidAMIID.NotFound", "The image is gone");
  // The latest version is another one tomorrow.
  CHECK(ec2::ErrorCode(world.refreshes.Start("web", preferences, second).status()) == "ValidationError");
  autoscaling::GroupChange change;
  change.source = scaling::SourceRequest{true, world.template_id.text(), "1"};
  REQUIRE(world.groups.Update("web", change).ok());
  REQUIRE(world.refreshes.Start("web", preferences, second).ok());
  for (int i = 0; i < 4; ++i) {
    world.Settle();
    world.clock.Advance(absl::Minutes(1));
  }
  world.refuse = absl::OkStatus();
  world.Settle();
  CHECK(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kRollbackSuccessful);
  CHECK(world.Group().record.source.version == "1");
  CHECK(world.InService() == before);
}

TEST_CASE("a refresh ends when one of its alarms is in ALARM, and goes back where it is to", "[scaling]") {
  for (const bool goes_back : {false, true}) {
    ScalingServiceWorld world;
    world.MakeGroup(0, 4, 2);
    const std::vector<InstanceId> before = world.InService();
    REQUIRE(world.templates.CreateVersion(world.template_id, "", {}, {}).ok());
    autoscaling::GroupChange change;
    change.source = scaling::SourceRequest{true, world.template_id.text(), "1"};
    REQUIRE(world.groups.Update("web", change).ok());
    world.clock.Advance(absl::Seconds(1));
    scaling::RefreshPreferences preferences;
    preferences.checkpoints = {50, 100};
    preferences.auto_rollback = goes_back;
    preferences.alarms = {"quiet", "errors"};
    const scaling::LaunchDefinition second{.source = {true, world.template_id.text(), "2"}};
    REQUIRE(world.refreshes.Start("web", preferences, second).ok());
    world.in_alarm = {"others"};
    world.Settle();
    // It waits at its checkpoint.
    REQUIRE(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kInProgress);
    CHECK(world.refreshes.Describe("web", {})->front().preferences.alarms == preferences.alarms);
    world.in_alarm = {"errors"};
    world.clock.Advance(absl::Seconds(6));
    for (int i = 0; i < 3; ++i) {
      world.Settle();
      world.clock.Advance(absl::Minutes(10));
    }
    const scaling::Refresh ended = world.refreshes.Describe("web", {})->front();
    INFO(ended.reason);
    CHECK(absl::StrContains(ended.reason, "The alarm errors is in ALARM."));
    CHECK(ended.status == (goes_back ? scaling::RefreshStatus::kRollbackSuccessful : scaling::RefreshStatus::kFailed));
    CHECK(world.Group().record.source.version == (goes_back ? "1" : "2"));
    int old = 0;
    for (const scaling::Member& member : world.Group().members) old += member.source.version == 1 ? 1 : 0;
    CHECK(old == (goes_back ? 2 : 1));
  }
}

TEST_CASE("a refresh terminates members in standby where it is told so, and leaves them otherwise", "[scaling]") {
  for (const char* treatment : {"", "Wait", "Ignore", "Terminate"}) {
    INFO(treatment);
    ScalingServiceWorld world;
    world.MakeGroup(0, 4, 2);
    const InstanceId aside = world.InService().front();
    REQUIRE(world.members.EnterStandby("web", {&aside, 1}, true).ok());
    world.Settle();
    world.clock.Advance(absl::Seconds(1));
    scaling::RefreshPreferences preferences;
    preferences.standby_members = treatment;
    REQUIRE(world.refreshes.Start("web", preferences, std::nullopt).ok());
    for (int i = 0; i < 3; ++i) {
      world.Settle();
      world.clock.Advance(absl::Minutes(1));
    }
    CHECK(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kSuccessful);
    const bool terminates = treatment == std::string("Terminate");
    CHECK(world.In(Lifecycle::kStandby).empty() == terminates);
    CHECK(world.InService().size() == 1);
    CHECK(world.Group().record.group.desired == 1);
  }
}

TEST_CASE("a refresh is taken back when its owner says so", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(0, 4, 2);
  REQUIRE(world.templates.CreateVersion(world.template_id, "", {}, {}).ok());
  const auto start = [&] {
    world.clock.Advance(absl::Seconds(1));
    scaling::RefreshPreferences preferences;
    preferences.checkpoints = {50, 100};
    REQUIRE(world.refreshes
                .Start("web", preferences, scaling::LaunchDefinition{.source = {true, world.template_id.text(), "2"}})
                .ok());
    world.Settle();
  };
  const auto versions = [&] {
    std::multiset<int64_t> all;
    for (const scaling::Member& member : world.Group().members) all.insert(member.source.version);
    return all;
  };
  // There is nothing fixed to go back to.
  start();
  CHECK(ec2::ErrorCode(world.refreshes.Rollback("web").status()) == "IrreversibleInstanceRefresh");
  REQUIRE(world.refreshes.Cancel("web").ok());
  world.Settle();
  autoscaling::GroupChange change;
  change.source = scaling::SourceRequest{true, world.template_id.text(), "1"};
  REQUIRE(world.groups.Update("web", change).ok());
  world.clock.Advance(absl::Seconds(1));
  REQUIRE(world.refreshes.Start("web", {}, std::nullopt).ok());
  world.Settle();
  REQUIRE(versions() == std::multiset<int64_t>{1, 1});

  start();
  CHECK(versions() == std::multiset<int64_t>{1, 2});
  REQUIRE(world.refreshes.Rollback("web").ok());
  world.Settle();
  CHECK(versions() == std::multiset<int64_t>{1, 1});
  CHECK(world.refreshes.Describe("web", {})->front().status == scaling::RefreshStatus::kRollbackSuccessful);
  CHECK(world.Group().record.source.version == "1");
  CHECK(ec2::ErrorCode(world.refreshes.Rollback("web").status()) == "ActiveInstanceRefreshNotFound");
}

TEST_CASE("a group's own metrics are noted when they are enabled", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(1, 4, 2);
  CHECK(world.noted.empty());
  const std::vector<std::string> wanted = {"GroupInServiceInstances", "GroupMaxSize"};
  REQUIRE(world.groups.EnableMetrics("web", wanted).ok());
  world.Settle();
  CHECK(world.noted == std::map<std::string, double>{{"GroupInServiceInstances", 2}, {"GroupMaxSize", 4}});
}

TEST_CASE("an owner's change is not lost to an evaluation that was under way", "[scaling]") {
  ScalingServiceWorld world;
  world.MakeGroup(0, 4, 1);
  std::atomic<bool> stop = false;
  std::thread reconciler([&] {
    while (!stop) (void)world.loop->Reconcile("web");
  });
  for (int i = 0; i < 30; ++i) REQUIRE(world.groups.SetDesired("web", 1 + i % 4, false).ok());
  REQUIRE(world.groups.SetDesired("web", 2, false).ok());
  stop = true;
  reconciler.join();
  world.Settle();
  CHECK(world.Group().record.group.desired == 2);
  CHECK(world.InService().size() == 2);
}

}  // namespace
}  // namespace brume
