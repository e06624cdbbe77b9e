// Root volumes that are replaced, over real services and reconcilers.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

using State = RootReplacementState;

class World : public ComputeWorld {
 public:
  using ComputeWorld::ComputeWorld;

  absl::StatusOr<Volume> Find(const VolumeId& id) {
    return database->ReadFor([&](store::Connection& c) { return storage::GetVolume(c, id); });
  }
  Volume RootOf(const InstanceId& id) {
    const auto volumes = database->ReadFor([&](store::Connection& c) {
                                   return storage::ListVolumesOf(c, {&id, 1});
                                 })
                             .value();
    const std::string device = Row(id).root_device_name;
    for (const Volume& volume : volumes) {
      if (volume.device_name == device) return volume;
    }
    return {};
  }
  RootReplacement Task(const ReplaceRootVolumeTaskId& id) {
    const auto views = root_replacements.List({&id, 1});
    REQUIRE(views.ok());
    return views->front().task;
  }
  bool Reaches(const ReplaceRootVolumeTaskId& id, State state) {
    return Eventually([&] { return Task(id).state == state; });
  }
  using ComputeWorld::Reaches;

  ReplaceRootVolumeTaskId Begin(compute::RootReplacementRequest request) {
    const auto view = root_replacements.Create(request);
    INFO(view.status());
    REQUIRE(view.ok());
    return view->task.id;
  }
  std::string CodeOf(const compute::RootReplacementRequest& request) {
    return std::string(ec2::ErrorCode(root_replacements.Create(request).status()));
  }
  SnapshotId Snapshot(const VolumeId& volume) {
    const auto view = snapshot_service->Create(volume, "", {});
    REQUIRE(view.ok());
    const SnapshotId id = view->snapshot.id;
    REQUIRE(Eventually([&] {
      return snapshot_service->List({&id, 1})->front().snapshot.state == SnapshotState::kCompleted;
    }));
    return id;
  }
  VolumeId AddVolume(const InstanceId& instance, const std::string& device) {
    const auto made = volumes.Create({.availability_zone = "us-east-1a", .type = VolumeType::kGp3, .size_gib = 1});
    REQUIRE(made.ok());
    const VolumeId id = made->volume.id;
    REQUIRE(Eventually([&] { return Find(id)->state == VolumeState::kAvailable; }));
    REQUIRE(attachments.Attach({id, instance, device}).ok());
    REQUIRE(Eventually([&] { return Find(id)->attachment_state == AttachmentState::kAttached; }));
    return id;
  }

  storage::VolumeService volumes{{.database = *database,
                                  .settings = settings,
                                  .clock = clock,
                                  .random = random,
                                  .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); }}};
  compute::RootReplacementService root_replacements{
      *database,
      clock,
      random,
      {.wake_instance = [this](const InstanceId& id) { reconciler->Wake(id); },
       .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); }}};
  compute::VolumeAttachmentService attachments{*database, clock,
                                               [this](const InstanceId& id) { reconciler->Wake(id); }};
};

}  // namespace

TEST_CASE("a replaced root leaves the instance all else it has, and the old root available", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId data = world.AddVolume(id, "/dev/sdf");
  const Volume old = world.RootOf(id);
  const auto before = world.service->Get(id);
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kSucceeded));
  CHECK(world.Task(task).completed.has_value());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));

  const Volume fresh = world.RootOf(id);
  CHECK(fresh.id != old.id);
  CHECK(fresh.snapshot_id == old.snapshot_id);
  CHECK(fresh.layer_id == old.layer_id);
  CHECK(fresh.size_gib == old.size_gib);
  CHECK(fresh.type == old.type);
  CHECK(fresh.delete_on_termination == old.delete_on_termination);
  CHECK(world.Find(old.id)->state == VolumeState::kAvailable);
  CHECK(world.Find(old.id)->instance_id.empty());
  CHECK(world.Find(data)->instance_id == id);
  const auto after = world.service->Get(id);
  // The root is shown first, as ever.
  CHECK(after->volumes.front().id == fresh.id);
  CHECK(after->interfaces.front().id == before->interfaces.front().id);
  CHECK(after->interfaces.front().private_ip == before->interfaces.front().private_ip);
  CHECK(after->interfaces.front().public_ip == before->interfaces.front().public_ip);
  CHECK(after->instance.image_id == before->instance.image_id);
  CHECK(after->instance.launch_time == before->instance.launch_time);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  REQUIRE(spec->disks.size() == 2);
  CHECK(spec->disks.front().serial == compute::SerialOf(fresh.id));
}

TEST_CASE("a root is replaced by a snapshot of it, by one of an earlier root and by an image, and the old one deleted",
          "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const Volume first = world.RootOf(id);
  const SnapshotId of_first = world.Snapshot(first.id);
  REQUIRE(world.Reaches(world.Begin({.instance_id = id, .snapshot_id = of_first, .delete_replaced = true}),
                        State::kSucceeded));
  CHECK(world.RootOf(id).snapshot_id == of_first);
  CHECK(ComputeWorld::Eventually([&] { return absl::IsNotFound(world.Find(first.id).status()); }));
  // A snapshot of a root that is no more.
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  REQUIRE(world.Reaches(world.Begin({.instance_id = id, .snapshot_id = of_first}), State::kSucceeded));
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  const ImageId other = world.RegisterImage("other");
  REQUIRE(world.Reaches(world.Begin({.instance_id = id, .image_id = other}), State::kSucceeded));
  CHECK(world.RootOf(id).snapshot_id == SnapshotOf(other));
  CHECK(world.Row(id).image_id == other);
}

TEST_CASE("a task that cannot be is refused and nothing is made", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const InstanceId another = world.Launch();
  const SnapshotId foreign = world.Snapshot(world.RootOf(another).id);
  const VolumeId data = world.AddVolume(id, "/dev/sdf");
  const SnapshotId of_data = world.Snapshot(data);
  const ImageId uefi = world.RegisterImage("uefi");
  REQUIRE(world.database
              ->Write([&](store::Connection& c) {
                return c.Run("UPDATE images SET boot_mode = 1, version = version + 1 WHERE id = ?", uefi);
              })
              .ok());
  const size_t volumes = world.volumes.List({})->size();
  const auto unknown = *InstanceId::Parse("i-00000000000000000");
  CHECK(world.CodeOf({.instance_id = unknown}) == "InvalidInstanceID.NotFound");
  CHECK(world.CodeOf({.instance_id = id, .snapshot_id = foreign}) == "InvalidParameterValue");
  CHECK(world.CodeOf({.instance_id = id, .snapshot_id = of_data}) == "InvalidParameterValue");
  CHECK(world.CodeOf({.instance_id = id, .snapshot_id = SnapshotOf(world.image)}) == "InvalidParameterValue");
  CHECK(world.CodeOf({.instance_id = id, .snapshot_id = *SnapshotId::Parse("snap-00000000000000000")}) ==
        "InvalidSnapshot.NotFound");
  CHECK(world.CodeOf({.instance_id = id, .image_id = *ImageId::Parse("ami-00000000000000000")}) ==
        "InvalidAMIID.NotFound");
  CHECK(world.CodeOf({.instance_id = id, .image_id = uefi}) == "InvalidParameterValue");
  CHECK(world.CodeOf({.instance_id = id, .snapshot_id = foreign, .image_id = world.image}) ==
        "InvalidParameterCombination");
  REQUIRE(world.service->Stop({&another, 1}, true).ok());
  CHECK(world.CodeOf({.instance_id = another}) == "IncorrectInstanceState");
  CHECK(world.volumes.List({})->size() == volumes);
  CHECK(world.root_replacements.List({})->empty());
}

TEST_CASE("the same token gives the same task, and other parameters with it are refused", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  compute::RootReplacementRequest request{.instance_id = id, .client_token = "once", .parameters_digest = "a"};
  const ReplaceRootVolumeTaskId task = world.Begin(request);
  REQUIRE(world.Reaches(task, State::kSucceeded));
  CHECK(world.Begin(request) == task);
  CHECK(world.root_replacements.List({})->size() == 1);
  request.parameters_digest = "b";
  CHECK(world.CodeOf(request) == "IdempotentParameterMismatch");
}

TEST_CASE("an instance has one task at a time, and a guest deaf to shutdown loses its power for it", "[compute]") {
  World world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kInProgress));
  CHECK(world.CodeOf({.instance_id = id}) == "IncorrectState");
  REQUIRE(ComputeWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") > 0; }));
  CHECK(world.hypervisor.CallsOf("CutPower") == 0);
  world.clock.Advance(world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(task, State::kSucceeded));
}

TEST_CASE("a guest that shuts itself down in a task is not terminated by it", "[compute]") {
  World world;
  compute::RunRequest request = world.Request();
  request.shutdown_behavior = ShutdownBehavior::kTerminate;
  const InstanceId id = world.Launch(request);
  REQUIRE(world.Reaches(world.Begin({.instance_id = id}), State::kSucceeded));
  CHECK(world.Row(id).state == InstanceState::kRunning);
}

TEST_CASE("a new root that is gone before it is needed fails the task, and the guest keeps its root", "[compute]") {
  World world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  const VolumeId old = world.RootOf(id).id;
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kInProgress));
  REQUIRE(world.volumes.Delete(world.Task(task).volume_id).ok());
  world.clock.Advance(world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(task, State::kFailed));
  CHECK(world.RootOf(id).id == old);
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(*world.hypervisor.Observe(id) == compute::Power::kOn);
}

TEST_CASE("a guest that does not start from its new root gets the old one back", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId old = world.RootOf(id).id;
  const ImageId before = world.Row(id).image_id;
  const ImageId other = world.RegisterImage("other");
  world.hypervisor.OnCreate([&](const compute::GuestSpec& spec) -> absl::Status {
    if (spec.disks.front().serial == compute::SerialOf(old)) return absl::OkStatus();
    return absl::InvalidArgumentError("QEMU does not take this disk");
  });
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id, .image_id = other, .delete_replaced = true});
  REQUIRE(world.Reaches(task, State::kFailed));
  CHECK(world.RootOf(id).id == old);
  CHECK(world.Row(id).image_id == before);
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(ComputeWorld::Eventually([&] { return absl::IsNotFound(world.Find(world.Task(task).volume_id).status()); }));
}

TEST_CASE("an instance that is terminated in a task takes the new root with it", "[compute]") {
  World world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kInProgress));
  const VolumeId fresh = world.Task(task).volume_id;
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(ComputeWorld::Eventually([&] { return world.Task(task).state == State::kFailed; }));
  world.clock.Advance(world.settings.terminate_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(ComputeWorld::Eventually([&] { return absl::IsNotFound(world.Find(fresh).status()); }));
  // The tasks go with the row.
  world.clock.Advance(world.settings.terminated_visible + absl::Seconds(1));
  world.reconciler->Wake(id);
  CHECK(ComputeWorld::Eventually([&] { return world.root_replacements.List({})->empty(); }));
}

TEST_CASE("an instance that is stopped in a task gets its new root where it is", "[compute]") {
  World world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kInProgress));
  REQUIRE(world.service->Stop({&id, 1}, true).ok());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(task, State::kSucceeded));
  CHECK(world.RootOf(id).id == world.Task(task).volume_id);
  CHECK(world.Row(id).state == InstanceState::kStopped);
}

TEST_CASE("a task goes on where an earlier life of the daemon left it", "[compute]") {
  World world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  const ReplaceRootVolumeTaskId task = world.Begin({.instance_id = id});
  REQUIRE(world.Reaches(task, State::kInProgress));
  world.Boot("first-boot");
  world.clock.Advance(world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  REQUIRE(world.Reaches(task, State::kSucceeded));
  CHECK(world.RootOf(id).id == world.Task(task).volume_id);
}

TEST_CASE("a new root is encrypted where the old one is", "[compute]") {
  World world;
  compute::RunRequest request = world.Request();
  request.block_devices = {{.device = "/dev/vda", .encrypted = true}};
  const InstanceId id = world.Launch(request);
  REQUIRE(world.RootOf(id).encrypted);
  REQUIRE(world.Reaches(world.Begin({.instance_id = id, .image_id = world.image}), State::kSucceeded));
  CHECK(world.RootOf(id).encrypted);
  CHECK_FALSE(world.RootOf(id).data_key_id.empty());
}

}  // namespace brume
