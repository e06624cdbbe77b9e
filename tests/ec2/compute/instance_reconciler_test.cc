#include <catch2/catch.hpp>

#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

using State = InstanceState;

}  // namespace

TEST_CASE("a launch ends in a guest that runs with its disk and its plugged port", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  CHECK(*world.hypervisor.Observe(id) == compute::Power::kOn);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  CHECK(spec->uuid.substr(0, 3) == "ec2");
  CHECK(spec->memory_mib == 128);
  REQUIRE(spec->nics.size() == 1);
  const auto view = world.service->Get(id);
  CHECK(*world.fabric.Probe(view->interfaces.front(), absl::Seconds(1)));
  CHECK(view->interfaces.front().public_ip.has_value());
}

TEST_CASE("each guest has a user of the host for itself, keeps it, and leaves it to another when it is gone",
          "[compute]") {
  ComputeWorld world;
  world.guest_user_ids = {70001, 70002};
  world.Boot("next");
  const auto user_of = [&](const InstanceId& id) { return world.hypervisor.SpecOf(id)->user_id; };
  const InstanceId first = world.Launch(), second = world.Launch();
  CHECK(user_of(first) == 70001);
  CHECK(user_of(second) == 70002);

  // All ids are taken, also while one of the two is stopped.
  REQUIRE(world.service->Stop({&first, 1}, false).ok());
  REQUIRE(world.Reaches(first, State::kStopped));
  const auto refused = world.service->Run(world.Request());
  REQUIRE(refused.ok());
  const InstanceId third = refused->instances.front().instance.id;
  REQUIRE(ComputeWorld::Eventually([&] { return !world.Row(third).last_error.empty(); }));
  CHECK_THAT(world.Row(third).last_error, Catch::Contains("compute.guest_user_ids"));
  REQUIRE(world.service->Start({&first, 1}).ok());
  REQUIRE(world.Reaches(first, State::kRunning));
  CHECK(user_of(first) == 70001);
}

TEST_CASE("a stop asks the guest first, gives back its public address and keeps its disk", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  const auto changes = world.service->Stop({&id, 1}, false);
  REQUIRE(changes.ok());
  CHECK(changes->front().previous == State::kRunning);
  CHECK(changes->front().current == State::kStopping);
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.hypervisor.CallsOf("CutPower") == 0);
  const auto view = world.service->Get(id);
  CHECK_FALSE(view->interfaces.front().public_ip.has_value());
  CHECK(view->instance.state_reason.code == "Client.UserInitiatedShutdown");
  CHECK(world.disks.List()->volumes.size() == 1);

  REQUIRE(world.service->Start({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kRunning));
  CHECK(world.service->Get(id)->interfaces.front().public_ip.has_value());
  CHECK(world.Row(id).state_reason.code.empty());
}

TEST_CASE("a guest whose process hangs is asked once and loses power at its deadline", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  world.hypervisor.Fail("AskToStop", absl::DeadlineExceededError("the power button took longer than 2s"), 1'000'000);
  const bool terminates = GENERATE(false, true);
  if (terminates) {
    REQUIRE(world.service->Terminate({&id, 1}).ok());
  } else {
    REQUIRE(world.service->Stop({&id, 1}, false).ok());
  }
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") == 1; }));
  // A step that failed is noted, and tried again after a moment.
  world.clock.Advance(absl::Seconds(3));
  CHECK(world.Row(id).last_error.empty());
  CHECK(world.hypervisor.CallsOf("CutPower") == 0);
  world.clock.Advance(terminates ? world.settings.terminate_timeout : world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(id, terminates ? State::kTerminated : State::kStopped));
  CHECK(world.hypervisor.CallsOf("AskToStop") == 1);
  CHECK(world.Row(id).last_error.empty());
}

TEST_CASE("a guest deaf to shutdown loses power at its deadline, not before", "[compute]") {
  ComputeWorld world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") > 0; }));
  CHECK(world.Row(id).state == State::kStopping);
  CHECK(world.hypervisor.CallsOf("CutPower") == 0);
  world.clock.Advance(world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.hypervisor.CallsOf("CutPower") == 1);
}

TEST_CASE("a forced stop cuts the power at once, also when a gentle one is under way", "[compute]") {
  ComputeWorld world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") > 0; }));
  REQUIRE(world.service->Stop({&id, 1}, true).ok());
  REQUIRE(world.Reaches(id, State::kStopped));
}

TEST_CASE("a termination at once cuts the power, also when a gentle one is under way", "[compute]") {
  ComputeWorld world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") > 0; }));
  REQUIRE(world.service->Terminate({&id, 1}, {.at_once = true}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
}

TEST_CASE("a termination gives back ports, addresses and disks, and the row goes after its hour", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  const NetworkInterface eni = world.service->Get(id)->interfaces.front();
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(world.disks.List()->volumes.empty());
  CHECK(world.fabric.List()->taps.empty());
  CHECK_FALSE(*world.fabric.Probe(eni, absl::Seconds(1)));
  CHECK(world.service->Get(id)->interfaces.empty());
  CHECK(world.service->Terminate({&id, 1}).ok());  // idempotent by nature

  world.clock.Advance(world.settings.terminated_visible - absl::Seconds(1));
  world.reconciler->Wake(id);
  CHECK(world.Row(id).state == State::kTerminated);
  world.clock.Advance(absl::Seconds(2));
  world.reconciler->Wake(id);
  REQUIRE(ComputeWorld::Eventually([&] { return !world.service->Get(id).ok(); }));
  CHECK(ec2::ErrorCode(world.service->Get(id).status()) == "InvalidInstanceID.NotFound");
}

TEST_CASE("a volume that is to outlive its instance does", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.block_devices = {{.device = "/dev/vda", .delete_on_termination = false}};
  const InstanceId id = world.Launch(request);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(world.disks.List()->volumes.size() == 1);
}

TEST_CASE("a volume told to outlive its instance while the launch is under way does", "[compute]") {
  ComputeWorld world;
  absl::Status modified = absl::UnknownError("not called");
  world.fabric.on_prepare = [&](const InstanceId& id) {
    compute::InstanceChange change;
    change.delete_on_termination["/dev/vda"] = false;
    modified = world.service->Modify(id, change);
  };
  const InstanceId id = world.Launch();
  REQUIRE(modified.ok());
  CHECK_FALSE(world.service->Get(id)->volumes.front().delete_on_termination);
  CHECK(world.service->Get(id)->volumes.front().state == VolumeState::kInUse);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(world.disks.List()->volumes.size() == 1);
}

TEST_CASE("a launch that loses many races for a row is not a launch that failed", "[compute]") {
  ComputeWorld world;
  int races = 0;
  std::function<void(const InstanceId&)> race = [&](const InstanceId& id) {
    compute::InstanceChange change;
    change.delete_on_termination["/dev/vda"] = races % 2 == 0;
    if (world.service->Modify(id, change).ok() && ++races < 8) world.fabric.on_prepare = race;
  };
  world.fabric.on_prepare = race;
  const InstanceId id = world.Launch();
  CHECK(races == 8);
  CHECK_FALSE(world.service->Get(id)->volumes.front().delete_on_termination);
}

TEST_CASE("a guest that powers itself off stops or terminates, as its shutdown behaviour says", "[compute]") {
  ComputeWorld world;
  const InstanceId stops = world.Launch();
  compute::RunRequest request = world.Request();
  request.shutdown_behavior = ShutdownBehavior::kTerminate;
  const InstanceId terminates = world.Launch(request);
  world.hypervisor.EndGuest(stops, true);
  world.hypervisor.EndGuest(terminates, true);
  REQUIRE(world.Reaches(stops, State::kStopped));
  REQUIRE(world.Reaches(terminates, State::kTerminated));
  CHECK(world.Row(stops).state_reason.code == "Client.InstanceInitiatedShutdown");
}

TEST_CASE("a guest whose process dies is stopped with a reason, never terminated", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.shutdown_behavior = ShutdownBehavior::kTerminate;
  const InstanceId id = world.Launch(request);
  world.hypervisor.EndGuest(id, false);
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.Row(id).state_reason.code == "Server.InternalError");
  CHECK(world.disks.List()->volumes.size() == 1);
}

TEST_CASE("a guest that ended unseen is found by the next life of the daemon", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  world.reconciler->Stop();
  world.hypervisor.LoseGuest(id);
  world.Boot("first-boot");
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.Row(id).state_reason.code == "Server.InternalError");
}

TEST_CASE("instances that ran when the host went down run again after it is up", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  world.reconciler->Stop();
  world.hypervisor.LoseGuest(id);
  world.Boot("second-boot");
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.SpecOf(id).has_value(); }));
  REQUIRE(world.Reaches(id, State::kRunning));
  CHECK(world.Row(id).host_boot_id == "second-boot");
}

TEST_CASE("after a reboot of the host instances boot in the order of their launches, a few at a time", "[compute]") {
  ComputeWorld world;
  world.settings.restart_parallel = 2;
  world.settings.restart_boot_time = absl::Seconds(30);
  std::vector<InstanceId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world.Launch());
  world.reconciler->Stop();
  for (const InstanceId& id : ids) world.hypervisor.LoseGuest(id);
  const auto states = [&] {
    std::string text;
    for (const InstanceId& id : ids) text += world.Row(id).state == State::kRunning ? 'r' : '-';
    return text;
  };
  world.Boot("second-boot");
  REQUIRE(ComputeWorld::Eventually([&] { return states() == "rr---"; }));
  CHECK(world.Row(ids[2]).state == State::kPending);

  // One that waits and is ended is not waited for, and one launched now does not wait.
  REQUIRE(world.service->Terminate({ids[2]}).ok());
  REQUIRE(world.Reaches(ids[2], State::kTerminated));
  const InstanceId fresh = world.Launch();
  CHECK(states() == "rr---");

  world.clock.Advance(absl::Seconds(31));
  world.reconciler->Wake(ids[3]);
  REQUIRE(ComputeWorld::Eventually([&] { return states() == "rr-rr"; }));
  CHECK(world.Row(ids[4]).host_boot_id == "second-boot");
  CHECK(world.Row(fresh).state == State::kRunning);
}

TEST_CASE("an instance that waited for its turn after a reboot has the whole launch time then", "[compute]") {
  ComputeWorld world;
  world.settings.restart_parallel = 1;
  world.settings.restart_boot_time = world.settings.launch_timeout * 2;
  const InstanceId first = world.Launch(), second = world.Launch();
  world.reconciler->Stop();
  world.hypervisor.LoseGuest(first);
  world.hypervisor.LoseGuest(second);
  world.Boot("second-boot");
  REQUIRE(world.Reaches(first, State::kRunning));
  REQUIRE(world.Reaches(second, State::kPending));
  world.hypervisor.Fail("CreatePaused", absl::UnavailableError("not yet"), 1);
  world.clock.Advance(world.settings.restart_boot_time + absl::Seconds(1));
  world.reconciler->Wake(second);
  REQUIRE(world.Reaches(second, State::kRunning));
}

TEST_CASE("an instance whose auto recovery is disabled is stopped after the host went down", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.auto_recovery = false;
  const InstanceId id = world.Launch(request);
  world.reconciler->Stop();
  world.hypervisor.LoseGuest(id);
  world.Boot("second-boot");
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.Row(id).state_reason.code == "Server.ScheduledStop");
  CHECK_FALSE(world.hypervisor.SpecOf(id).has_value());
}

TEST_CASE("a launch goes on from wherever an earlier life of the daemon left it", "[compute]") {
  ComputeWorld world;
  world.reconciler->Stop();
  const auto made_only = world.service->Run(world.Request());
  REQUIRE(made_only.ok());
  const InstanceId id = made_only->instances.front().instance.id;
  // A guest is made only after its tap.
  const NetworkInterface& eni = made_only->instances.front().interfaces.front();
  SECTION("nothing done") {}
  SECTION("tap made") { REQUIRE(world.fabric.PreparePort({.eni = eni, .hostname = "h"}).ok()); }
  SECTION("guest made and paused") {
    REQUIRE(world.fabric.PreparePort({.eni = eni, .hostname = "h"}).ok());
    REQUIRE(world.hypervisor.CreatePaused({.id = id, .uuid = "u"}).ok());
  }
  SECTION("guest resumed, row still pending") {
    REQUIRE(world.fabric.PreparePort({.eni = eni, .hostname = "h"}).ok());
    REQUIRE(world.hypervisor.CreatePaused({.id = id, .uuid = "u"}).ok());
    REQUIRE(world.hypervisor.Resume(id).ok());
  }
  world.Boot("first-boot");
  REQUIRE(world.Reaches(id, State::kRunning));
  CHECK(world.hypervisor.List()->size() == 1);
  CHECK(*world.hypervisor.Observe(id) == compute::Power::kOn);
}

TEST_CASE("a launch ends in a running guest wherever brumed crashed in it and whenever the guest died", "[compute]") {
  // Where the earlier life ended, by the call that it did not come through.
  const std::string reached = GENERATE("nothing", "ports_prepared", "created", "plugged", "resumed");
  enum class Death { kNone, kWhileUp, kWhileDown, kAfterStart };
  const Death death = GENERATE(Death::kNone, Death::kWhileUp, Death::kWhileDown, Death::kAfterStart);
  INFO("crash after " << reached << ", death " << static_cast<int>(death));
  ComputeWorld world;
  const auto hold = [&](bool held) {
    const absl::Status status = held ? absl::UnavailableError("held") : absl::OkStatus();
    const int times = held ? 1'000'000 : 0;
    if (reached == "nothing") world.hypervisor.Fail("Observe", status, times);
    if (reached == "ports_prepared") world.hypervisor.Fail("CreatePaused", status, times);
    if (reached == "created") world.fabric.fail_plug = held;
    if (reached == "plugged") world.hypervisor.Fail("Resume", status, times);
  };
  hold(true);
  const auto reservation = world.service->Run(world.Request());
  REQUIRE(reservation.ok());
  const InstanceId id = reservation->instances.front().instance.id;
  if (reached == "resumed") {
    REQUIRE(world.Reaches(id, State::kRunning));
  } else {
    REQUIRE(ComputeWorld::Eventually([&] { return !world.Row(id).last_error.empty(); }));
  }
  if (death == Death::kWhileUp) world.reconciler->Stop();  // so that no step follows the death before the crash
  if (death == Death::kWhileUp) world.hypervisor.EndGuest(id, /*by_itself=*/false);
  world.reconciler->Stop();
  if (death == Death::kWhileDown) world.hypervisor.LoseGuest(id);
  if (reached == "resumed") {
    // Its crash came before the row was settled.
    Instance row = world.Row(id);
    row.state = State::kPending;
    REQUIRE(world.database->Write([&](store::Connection& c) { return compute::InstanceTable(c).Update(row); }).ok());
  }
  if (death != Death::kAfterStart) hold(false);
  world.Boot("first-boot");
  if (death == Death::kAfterStart && reached != "resumed") {
    REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("Observe") > 0; }));
    world.hypervisor.EndGuest(id, /*by_itself=*/false);
    hold(false);
  }
  REQUIRE(ComputeWorld::Eventually([&] {
    world.reconciler->Wake(id);
    return world.Row(id).state == State::kRunning;
  }));
  CHECK(*world.hypervisor.Observe(id) == compute::Power::kOn);
  CHECK(world.fabric.Probe(reservation->instances.front().interfaces.front(), absl::ZeroDuration()).value());
}

TEST_CASE("a guest that will not start is tried again, then its instance is terminated with the reason", "[compute]") {
  ComputeWorld world;
  world.hypervisor.Fail("CreatePaused", absl::InternalError("qemu says no"), 2);
  const InstanceId lucky = world.Launch();
  CHECK(world.Row(lucky).last_error.empty());

  world.hypervisor.Fail("CreatePaused", absl::InternalError("qemu says no"), 1000);
  const auto reservation = world.service->Run(world.Request());
  REQUIRE(reservation.ok());
  const InstanceId id = reservation->instances.front().instance.id;
  // Any number of tries is too few before the time is up.
  const int tries = world.hypervisor.CallsOf("CreatePaused") + 20;
  REQUIRE(ComputeWorld::Eventually([&] {
    world.reconciler->Wake(id);
    return world.hypervisor.CallsOf("CreatePaused") >= tries;
  }));
  CHECK(world.Row(id).state == State::kPending);
  CHECK(world.Row(id).last_error == "qemu says no");
  world.clock.Advance(world.settings.launch_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(world.Row(id).state_reason.code == "Server.InternalError");
  CHECK(world.Row(id).state_reason.message.find("qemu says no") != std::string::npos);
  CHECK(world.disks.List()->volumes.size() == 1);  // the lucky one's
  CHECK(world.fabric.List()->taps.size() == 1);
}

TEST_CASE("a stopped instance that will not start again is stopped again and keeps its disk", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(world.Reaches(id, State::kStopped));
  world.hypervisor.Fail("CreatePaused", absl::InvalidArgumentError("unusable"), 1000);
  REQUIRE(world.service->Start({&id, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.Row(id).state_reason.code == "Server.InternalError"; }));
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(world.disks.List()->volumes.size() == 1);
}

TEST_CASE("launches wait while the hypervisor cannot be reached, say why, and go on when it is back", "[compute]") {
  ComputeWorld world;
  world.hypervisor.Fail("Observe", absl::UnavailableError("libvirt is down"), 3);
  const auto reservation = world.service->Run(world.Request());
  REQUIRE(reservation.ok());
  REQUIRE(world.Reaches(reservation->instances.front().instance.id, State::kRunning));

  world.hypervisor.Fail("Observe", absl::UnavailableError("libvirt is down"), 1000000);
  const auto second = world.service->Run(world.Request());
  REQUIRE(second.ok());
  const InstanceId id = second->instances.front().instance.id;
  REQUIRE(ComputeWorld::Eventually([&] { return world.Row(id).last_error == "libvirt is down"; }));
  CHECK(world.Row(id).state == State::kPending);
  world.clock.Advance(world.settings.launch_timeout);
  REQUIRE(ComputeWorld::Eventually([&] { return world.Row(id).state == State::kShuttingDown; }));
  world.hypervisor.Fail("Observe", absl::OkStatus(), 0);
  REQUIRE(world.Reaches(id, State::kTerminated));
}

TEST_CASE("a reboot the guest follows is seen, one it ignores is forced at the deadline", "[compute]") {
  ComputeWorld world;
  const InstanceId follows = world.Launch();
  world.hypervisor.MakeDeaf(true);
  const InstanceId ignores = world.Launch();
  REQUIRE(world.service->Reboot({&follows, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return !world.Row(follows).reboot_requested; }));
  CHECK(world.hypervisor.CallsOf("Reset") == 0);

  REQUIRE(world.service->Reboot({&ignores, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToReboot") == 2; }));
  CHECK(world.Row(ignores).reboot_requested.has_value());
  world.clock.Advance(world.settings.reboot_timeout);
  world.reconciler->Wake(ignores);
  REQUIRE(ComputeWorld::Eventually([&] { return !world.Row(ignores).reboot_requested; }));
  CHECK(world.hypervisor.CallsOf("Reset") == 1);
  CHECK(world.Row(ignores).state == State::kRunning);
}

TEST_CASE("a paused guest of a running instance is resumed", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  world.hypervisor.Pause(id);
  world.reconciler->Wake(id);
  REQUIRE(ComputeWorld::Eventually([&] { return *world.hypervisor.Observe(id) == compute::Power::kOn; }));
}

TEST_CASE("a guest that is paused again at once is resumed every few seconds, not in a loop", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  const auto pause_and_observe = [&] {
    world.hypervisor.Pause(id);
    const int observed = world.hypervisor.CallsOf("Observe");
    world.reconciler->Wake(id);
    REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("Observe") > observed; }));
  };
  const int resumed = world.hypervisor.CallsOf("Resume");
  pause_and_observe();
  REQUIRE(ComputeWorld::Eventually([&] { return *world.hypervisor.Observe(id) == compute::Power::kOn; }));
  for (int i = 0; i < 3; ++i) pause_and_observe();
  CHECK(world.hypervisor.CallsOf("Resume") == resumed + 1);
  world.clock.Advance(absl::Seconds(5));
  world.reconciler->Wake(id);
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("Resume") == resumed + 2; }));
}

TEST_CASE("a guest nobody knows is reported and left alone", "[compute]") {
  ComputeWorld world;
  const InstanceId stranger = InstanceId::FromTrusted("i-00000000000000bad");
  REQUIRE(world.hypervisor.CreatePaused({.id = stranger, .uuid = "u"}).ok());
  world.Boot("first-boot");
  REQUIRE(ComputeWorld::Eventually([&] { return world.reconciler->Orphans().size() == 1; }));
  CHECK(world.reconciler->Orphans().front() == stranger);
  CHECK(world.hypervisor.SpecOf(stranger).has_value());
}

TEST_CASE("a deregistered image goes only when its last instance has gone", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  REQUIRE(world.image_service->Deregister(world.image).ok());
  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(world.Reaches(id, State::kStopped));
  REQUIRE(world.service->Start({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kRunning));
  CHECK(world.disks.List()->images.size() == 1);
  CHECK(ec2::ErrorCode(world.service->Run(world.Request()).status()) == "InvalidAMIID.NotFound");
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.disks.List()->images.empty(); }));
}

}  // namespace brume
