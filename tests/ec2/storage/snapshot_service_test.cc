// Snapshots from the wish to the layer: which are taken together, what holds a layer, what a failure leaves.
#include "lib/ec2/storage/snapshot_service.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/ec2/storage/snapshot_taking_service.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/volume_service.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

std::string CodeOf(const absl::Status& status) { return std::string(ec2::ErrorCode(status)); }

struct SnapshotWorld : ComputeWorld {
  using ComputeWorld::ComputeWorld;
  std::vector<VolumeSnapshot> ChainOf(const Volume& volume) {
    return Value(database->ReadFor([&](store::Connection& c) {
      return storage::SnapshotTable(c).ListChain(*SnapshotId::Parse(volume.layer_id));
    }));
  }
  Volume RootOf(const InstanceId& id) { return service->Get(id)->volumes.front(); }
  VolumeSnapshot Get(const SnapshotId& id) { return Value(snapshot_service->List({&id, 1})).front().snapshot; }
  SnapshotState StateOf(const SnapshotId& id) { return Get(id).state; }
  // Takes a snapshot of the volume, and waits for it.
  SnapshotId Take(const VolumeId& volume) {
    const SnapshotId id = Value(snapshot_service->Create(volume, "", {})).snapshot.id;
    REQUIRE(Eventually([&] { return StateOf(id) == SnapshotState::kCompleted; }));
    return id;
  }
  std::vector<SnapshotId> Layers() { return Value(disks.List()).snapshots; }
  // The root volume alone: its instance has gone.
  Volume Orphan() {
    compute::RunRequest run = Request();
    run.block_devices = {{.device = "/dev/vda", .delete_on_termination = false}};
    const InstanceId id = Launch(run);
    const VolumeId volume = RootOf(id).id;
    REQUIRE_OK(service->Terminate({id}).status());
    REQUIRE(Reaches(id, InstanceState::kTerminated));
    return Row(volume);
  }
  using ComputeWorld::Row;
  Volume Row(const VolumeId& id) {
    return Value(database->ReadFor([&](store::Connection& c) { return storage::GetVolume(c, id); }));
  }
  void Delete(const VolumeId& id) {
    REQUIRE_OK(disks.RemoveVolume(id));
    REQUIRE_OK(database->Write([&](store::Connection& c) { return storage::RemoveVolume(c, id); }));
    snapshots->WakeAll();
  }
};

}  // namespace

TEST_CASE("a running guest goes over to the new top, and its volume lies over the snapshot", "[storage]") {
  SnapshotWorld world;
  const InstanceId id = world.Launch();
  const Volume before = world.RootOf(id);
  const SnapshotId snapshot = world.Take(before.id);
  const Volume after = world.RootOf(id);
  CHECK(after.layer_id == snapshot.text());
  CHECK(after.disk_file == TopOver(snapshot));
  CHECK(after.snapshot_id == before.snapshot_id);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  CHECK(absl::EndsWith(spec->disks.front().path, TopOver(snapshot)));
  const VolumeSnapshot row = world.Get(snapshot);
  CHECK(row.below == world.image.text());
  CHECK(row.volume_id == before.id);
  CHECK(row.size_gib == before.size_gib);
  world.Take(before.id);
  CHECK(world.ChainOf(world.RootOf(id)).size() == 2);
}

TEST_CASE("a snapshot of a stopped instance, and of a volume without one, needs no guest", "[storage]") {
  SnapshotWorld world;
  const InstanceId id = world.Launch();
  REQUIRE_OK(world.service->Stop({id}, {}).status());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  const SnapshotId stopped = world.Take(world.RootOf(id).id);
  CHECK(world.hypervisor.CallsOf("SwitchDisks") == 0);
  // It starts from the new top.
  REQUIRE_OK(world.service->Start({id}).status());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(absl::EndsWith(world.hypervisor.SpecOf(id)->disks.front().path, TopOver(stopped)));

  const Volume orphan = world.Orphan();
  const SnapshotId alone = world.Take(orphan.id);
  CHECK(world.Row(orphan.id).layer_id == alone.text());
}

TEST_CASE("a deleted snapshot is gone at once, and its layer with the last disk over it", "[storage]") {
  SnapshotWorld world;
  const Volume volume = world.Orphan();
  const SnapshotId first = world.Take(volume.id), second = world.Take(volume.id), third = world.Take(volume.id);
  CHECK(world.Layers().size() == 3);
  // In the middle, at the bottom.
  for (const SnapshotId& id : {second, first}) {
    REQUIRE_OK(world.snapshot_service->Delete(id));
    CHECK(CodeOf(world.snapshot_service->List({&id, 1}).status()) == "InvalidSnapshot.NotFound");
    CHECK(CodeOf(world.snapshot_service->Delete(id)) == "InvalidSnapshot.NotFound");
  }
  CHECK(world.snapshot_service->List({})->size() == 1);
  world.Delete(volume.id);
  // The third is there, and with it what lies under it.
  world.snapshots->WakeAll();
  REQUIRE_OK(world.image_service->Deregister(world.image).status());
  CHECK(world.Layers().size() == 3);
  REQUIRE_OK(world.snapshot_service->Delete(third));
  CHECK(SnapshotWorld::Eventually([&] { return world.Layers().empty() && Value(world.disks.List()).images.empty(); }));
}

TEST_CASE("layers that are too many are merged, and deleted snapshots between are freed", "[storage]") {
  Settings settings = SnapshotWorld::DefaultSettings();
  settings.max_chain = 5;  // the top, three snapshots, the image
  SnapshotWorld world(settings);
  const Volume volume = world.Orphan();
  std::vector<SnapshotId> taken;
  for (int n = 0; n < 3; ++n) taken.push_back(world.Take(volume.id));
  for (const SnapshotId& id : {taken[0], taken[1]}) REQUIRE_OK(world.snapshot_service->Delete(id));
  CHECK(world.Layers().size() == 3);
  taken.push_back(world.Take(volume.id));
  // The last lies over the image alone; the third keeps those two.
  REQUIRE(SnapshotWorld::Eventually([&] { return world.ChainOf(world.Row(volume.id)).size() == 1; }));
  CHECK(world.Get(taken[3]).below == world.image.text());
  CHECK(world.Layers().size() == 4);
  REQUIRE_OK(world.snapshot_service->Delete(taken[2]));
  CHECK(SnapshotWorld::Eventually([&] { return world.Layers() == std::vector<SnapshotId>{taken[3]}; }));
}

TEST_CASE("a chain that was long before the bound came down is merged at the start", "[storage]") {
  SnapshotWorld world;
  const Volume volume = world.Orphan();
  for (int n = 0; n < 9; ++n) world.Take(volume.id);
  REQUIRE(world.ChainOf(world.Row(volume.id)).size() == 9);
  storage::LayerWorker strict({.database = *world.database,
                               .disks = world.disks,
                               .max_chain = 4,
                               .clock = world.clock,
                               .on_freed = [](const SnapshotId&) {}});
  strict.Start();
  const auto too_deep = [&] {
    return Value(world.database->ReadFor(
                     [](store::Connection& c) { return storage::SnapshotTable(c).ListDeeperThan(3); }))
        .size();
  };
  CHECK(SnapshotWorld::Eventually([&] { return too_deep() == 0; }));
  strict.Stop();
}

TEST_CASE("a pending snapshot is a copy in the making where it is encrypted, of no volume and over a layer",
          "[storage]") {
  VolumeSnapshot snapshot;
  CHECK_FALSE(IsPendingCopy(snapshot));
  snapshot.encrypted = true;
  CHECK_FALSE(IsPendingCopy(snapshot));
  snapshot.below = "snap-00000000000000001";
  CHECK(IsPendingCopy(snapshot));
  snapshot.volume_id = VolumeId::FromTrusted("vol-00000000000000001");
  CHECK_FALSE(IsPendingCopy(snapshot));
  snapshot.volume_id = VolumeId();
  snapshot.state = SnapshotState::kCompleted;
  CHECK_FALSE(IsPendingCopy(snapshot));
}

TEST_CASE("a copy shares the layer, which stays as long as one of the two", "[storage]") {
  SnapshotWorld world;
  const Volume volume = world.Orphan();
  const SnapshotId snapshot = world.Take(volume.id);
  const SnapshotId copy = Value(world.snapshot_service->Copy(snapshot, {.description = "again", .tags = {{"k", "v"}}}));
  CHECK(world.Get(copy).layer_id == snapshot.text());
  const auto of_image = world.snapshot_service->Copy(SnapshotOf(world.image), {});
  CHECK(world.Get(Value(of_image)).layer_id == world.image.text());
  world.Delete(volume.id);
  REQUIRE_OK(world.snapshot_service->Delete(snapshot));
  REQUIRE_OK(world.image_service->Deregister(world.image).status());
  CHECK(world.Layers().size() == 1);
  REQUIRE_OK(world.snapshot_service->Delete(copy));
  CHECK(SnapshotWorld::Eventually([&] { return world.Layers().empty(); }));
  CHECK(Value(world.disks.List()).images.size() == 1);
  REQUIRE_OK(world.snapshot_service->Delete(*of_image));
  CHECK(SnapshotWorld::Eventually([&] { return Value(world.disks.List()).images.empty(); }));
}

TEST_CASE("snapshots that cannot be made are refused in EC2's words", "[storage]") {
  SnapshotWorld world;
  const auto create = [&](const VolumeId& id, const std::string& description) {
    return CodeOf(world.snapshot_service->Create(id, description, {}).status());
  };
  CHECK(create(VolumeId::FromTrusted("vol-00000000000000001"), "") == "InvalidVolume.NotFound");
  const Volume volume = world.Orphan();
  CHECK(create(volume.id, std::string(256, 'x')) == "InvalidParameterValue");
  Volume creating = volume;
  creating.state = VolumeState::kCreating;
  REQUIRE_OK(world.database->Write([&](store::Connection& c) { return storage::UpdateVolume(c, creating); }));
  CHECK(create(volume.id, "") == "IncorrectState");
  CHECK(CodeOf(world.snapshot_service->Delete(SnapshotOf(world.image))) == "InvalidSnapshot.InUse");
  CHECK(CodeOf(world.snapshot_service->Copy(SnapshotId::FromTrusted("snap-00000000000000001"), {}).status()) ==
        "InvalidSnapshot.NotFound");
}

TEST_CASE("a hypervisor that cannot switch a disk leaves the volume as it was, and the snapshot in error",
          "[storage]") {
  SnapshotWorld world;
  const InstanceId id = world.Launch();
  const Volume before = world.RootOf(id);
  world.hypervisor.Fail("SwitchDisks", absl::InternalError("QEMU says no"), 1 << 20);
  const SnapshotId snapshot = Value(world.snapshot_service->Create(before.id, "", {})).snapshot.id;
  REQUIRE(SnapshotWorld::Eventually([&] { return world.hypervisor.CallsOf("SwitchDisks") >= 2; }));
  CHECK(world.StateOf(snapshot) == SnapshotState::kPending);
  world.clock.Advance(absl::Minutes(3));
  REQUIRE(SnapshotWorld::Eventually([&] { return world.StateOf(snapshot) == SnapshotState::kError; }));
  CHECK(absl::StrContains(world.Get(snapshot).state_message, "QEMU says no"));
  CHECK(world.RootOf(id).disk_file == before.disk_file);
  CHECK(world.Layers().empty());
  world.hypervisor.Fail("SwitchDisks", absl::OkStatus(), 0);
  world.Take(before.id);
  REQUIRE_OK(world.snapshot_service->Delete(snapshot));
}

TEST_CASE("a switch that nobody saw end is not taken back", "[storage]") {
  SnapshotWorld world;
  const InstanceId id = world.Launch();
  world.hypervisor.Fail("SwitchDisks", absl::DeadlineExceededError("no answer"), 1 << 20);
  const SnapshotId snapshot = Value(world.snapshot_service->Create(world.RootOf(id).id, "", {})).snapshot.id;
  REQUIRE(SnapshotWorld::Eventually([&] { return world.hypervisor.CallsOf("SwitchDisks") >= 1; }));
  world.clock.Advance(absl::Minutes(3));
  REQUIRE(SnapshotWorld::Eventually([&] { return world.hypervisor.CallsOf("SwitchDisks") >= 3; }));
  CHECK(world.StateOf(snapshot) == SnapshotState::kPending);
  world.hypervisor.Fail("SwitchDisks", absl::OkStatus(), 0);
  CHECK(SnapshotWorld::Eventually([&] { return world.StateOf(snapshot) == SnapshotState::kCompleted; }));
}

TEST_CASE("a guest that ends before it went over leaves a snapshot of what it wrote", "[storage]") {
  SnapshotWorld world;
  const InstanceId id = world.Launch();
  world.hypervisor.Fail("SwitchDisks", absl::UnavailableError("busy"), 1 << 20);
  const SnapshotId snapshot = Value(world.snapshot_service->Create(world.RootOf(id).id, "", {})).snapshot.id;
  REQUIRE(SnapshotWorld::Eventually([&] { return world.hypervisor.CallsOf("SwitchDisks") >= 1; }));
  world.hypervisor.EndGuest(id, /*by_itself=*/true);
  CHECK(SnapshotWorld::Eventually([&] { return world.StateOf(snapshot) == SnapshotState::kCompleted; }));
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  CHECK(world.RootOf(id).layer_id == snapshot.text());
}

TEST_CASE("snapshots of one call are taken together, older ones of the same volume before", "[storage]") {
  const auto volume = [](int n) {
    Volume made;
    made.id = VolumeId::FromTrusted("vol-0000000000000000" + std::to_string(n));
    return made;
  };
  const auto snapshot = [&](int n, int of, int second) {
    VolumeSnapshot made;
    made.id = SnapshotId::FromTrusted("snap-0000000000000000" + std::to_string(n));
    made.volume_id = volume(of).id;
    made.started = absl::FromUnixSeconds(second);
    return made;
  };
  const auto ids = [](const std::vector<storage::Taking>& round) {
    std::string text;
    for (const storage::Taking& taking : round) text += taking.snapshot.id.text().back();
    return text;
  };
  const std::vector<Volume> both = {volume(1), volume(2)};
  CHECK(ids(storage::OldestOf({}, both)).empty());
  CHECK(ids(storage::OldestOf({snapshot(1, 1, 5), snapshot(2, 2, 5)}, both)) == "12");
  CHECK(ids(storage::OldestOf({snapshot(1, 1, 4), snapshot(2, 1, 5), snapshot(3, 2, 5)}, both)) == "1");
  CHECK(ids(storage::OldestOf({snapshot(1, 1, 5), snapshot(2, 1, 5)}, both)) == "1");
  CHECK(ids(storage::OldestOf({snapshot(1, 3, 5), snapshot(2, 1, 5)}, both)) == "2");
}

}  // namespace brume
