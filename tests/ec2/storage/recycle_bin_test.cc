// The recycle bin: what is retained, what holds its files, and how it ends.
#include <catch2/catch.hpp>
#include <string>

#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/recycle_bin.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/gateway/time_text.h"
#include "lib/store/connection.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

Settings Retaining() {
  Settings settings = ComputeWorld::DefaultSettings();
  settings.recycle_bin_snapshots = absl::Hours(24 * 7);
  settings.recycle_bin_images = absl::Hours(24 * 14);
  return settings;
}

struct BinWorld : ApiWorld {
  explicit BinWorld(Settings changed = Retaining()) : ApiWorld(std::move(changed)) {}

  std::string CodeOf(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, request).status()));
  }
  std::string VolumeOf(const InstanceId& id) { return service->Get(id)->volumes.front().id.text(); }
  // Completed.
  SnapshotId Take(const std::string& volume, const std::string& tag = "") {
    const TagMap tags = tag.empty() ? TagMap() : TagMap{{"Name", tag}};
    const SnapshotId id = Value(snapshot_service->Create(*VolumeId::Parse(volume), "nightly", tags)).snapshot.id;
    REQUIRE(Eventually([&] {
      return Value(snapshot_service->List({&id, 1})).front().snapshot.state == SnapshotState::kCompleted;
    }));
    return id;
  }
  bool Shows(const SnapshotId& id) { return snapshot_service->List({&id, 1}).ok(); }
  bool HasLayer(const SnapshotId& id) {
    const std::vector<SnapshotId> layers = Value(disks.List()).snapshots;
    return std::find(layers.begin(), layers.end(), id) != layers.end();
  }
  std::vector<SnapshotRecycleBinInfo> SnapshotsInBin() {
    const auto answer = Value(Call<ListSnapshotsInRecycleBinResponse>(ListSnapshotsInRecycleBinRequest()));
    return {answer.snapshots().begin(), answer.snapshots().end()};
  }
  std::vector<ImageRecycleBinInfo> ImagesInBin() {
    const auto answer = Value(Call<ListImagesInRecycleBinResponse>(ListImagesInRecycleBinRequest()));
    return {answer.images().begin(), answer.images().end()};
  }
  absl::Status Restore(const SnapshotId& id) {
    return CallText("RestoreSnapshotFromRecycleBin", "snapshot_id: '" + id.text() + "'").status();
  }
  absl::Status Restore(const ImageId& id) {
    return CallText("RestoreImageFromRecycleBin", "image_id: '" + id.text() + "'").status();
  }
  template <typename Table, typename Id>
  auto Read(const Id& id) {
    return Value(database->ReadFor([&](store::Connection& c) { return Table(c).Get(id); }));
  }
  template <typename Table, typename Row>
  absl::StatusOr<absl::Duration> Remaining(const Row& row) {
    return storage::RemainingInBin<Table>(*database, row, clock.Now());
  }
  // An image with a snapshot under its root volume, and that snapshot.
  std::pair<ImageId, SnapshotId> ImageOfSnapshot(const std::string& name) {
    const SnapshotId snapshot = Take(VolumeOf(Launch()));
    storage::RegisterRequest request;
    request.name = name;
    request.root_snapshot_id = snapshot;
    return {Value(image_service->Register(request)), snapshot};
  }
};

}  // namespace

TEST_CASE("a deleted snapshot waits in the recycle bin, of no use to anybody, and comes back with its tags", "[bin]") {
  BinWorld world;
  const std::string volume = world.VolumeOf(world.Launch());
  const SnapshotId id = world.Take(volume, "kept");
  const std::string named = "snapshot_id: '" + id.text() + "'";
  const absl::Time deleted = world.clock.Now();
  REQUIRE_OK(world.CallText("DeleteSnapshot", named).status());

  CHECK_FALSE(world.Shows(id));
  CHECK(world.CodeOf("DeleteSnapshot", named) == "InvalidSnapshot.NotFound");
  CHECK(world.CodeOf("CreateVolume", "availability_zone: 'us-east-1a' " + named) == "InvalidSnapshot.NotFound");
  CHECK(world.CodeOf("CopySnapshot", "source_region: 'us-east-1' source_snapshot_id: '" + id.text() + "'") ==
        "InvalidSnapshot.NotFound");
  CHECK(Value(world.tags.Of(id.text())).empty());
  const std::vector<SnapshotRecycleBinInfo> kept = world.SnapshotsInBin();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].snapshot_id() == id.text());
  CHECK(kept[0].description() == "nightly");
  CHECK(kept[0].volume_id() == volume);
  CHECK(kept[0].recycle_bin_enter_time() == gateway::RenderTime(deleted));
  CHECK(kept[0].recycle_bin_exit_time() == gateway::RenderTime(deleted + absl::Hours(24 * 7)));

  RestoreSnapshotFromRecycleBinRequest request;
  request.set_snapshot_id(id.text());
  const auto restored = Value(world.Call<RestoreSnapshotFromRecycleBinResponse>(request));
  CHECK(restored.snapshot_id() == id.text());
  CHECK(restored.state() == "completed");
  CHECK(restored.volume_id() == volume);
  CHECK(restored.volume_size() == 8);
  CHECK(world.Shows(id));
  CHECK(Value(world.tags.Of(id.text())) == TagMap{{"Name", "kept"}});
  CHECK(world.SnapshotsInBin().empty());
  CHECK(ec2::ErrorCode(world.Restore(id)) == "InvalidSnapshot.NotFound");
  REQUIRE_OK(world.CallText("CreateVolume", "availability_zone: 'us-east-1a' " + named).status());
}

TEST_CASE("the recycle bin holds a snapshot's layer until its time is over, and then it goes for good", "[bin]") {
  BinWorld world;
  const InstanceId instance = world.Launch();
  const SnapshotId id = world.Take(world.VolumeOf(instance));
  REQUIRE_OK(world.service->Terminate({instance}).status());
  REQUIRE(world.Reaches(instance, InstanceState::kTerminated));
  REQUIRE_OK(world.snapshot_service->Delete(id));
  world.clock.Advance(absl::Hours(24 * 7) - absl::Seconds(1));
  world.snapshots->WakeAll();
  REQUIRE(world.SnapshotsInBin().size() == 1);
  REQUIRE(world.HasLayer(id));
  world.clock.Advance(absl::Seconds(1));
  CHECK(world.SnapshotsInBin().empty());
  CHECK(ec2::ErrorCode(world.Restore(id)) == "InvalidSnapshot.NotFound");
  world.snapshots->WakeAll();
  CHECK(ComputeWorld::Eventually([&] { return !world.HasLayer(id); }));
}

TEST_CASE("what was restored since it was read is not taken for what the recycle bin let go of", "[bin]") {
  BinWorld world;
  const auto [image, snapshot] = world.ImageOfSnapshot("golden");
  REQUIRE_OK(world.image_service->Deregister(image).status());
  REQUIRE_OK(world.snapshot_service->Delete(snapshot));
  const auto old_image = world.Read<storage::ImageTable>(image);
  const VolumeSnapshot old_snapshot = world.Read<storage::SnapshotTable>(snapshot);
  CHECK(Value(world.Remaining<storage::ImageTable>(old_image)) == absl::Hours(24 * 14));
  CHECK(Value(world.Remaining<storage::SnapshotTable>(old_snapshot)) == absl::Hours(24 * 7));
  REQUIRE_OK(world.Restore(snapshot));
  REQUIRE_OK(world.Restore(image));
  CHECK(absl::IsAborted(world.Remaining<storage::ImageTable>(old_image).status()));
  CHECK(absl::IsAborted(world.Remaining<storage::SnapshotTable>(old_snapshot).status()));
  // Nor when it is in the bin again.
  REQUIRE_OK(world.image_service->Deregister(image).status());
  CHECK(absl::IsAborted(world.Remaining<storage::ImageTable>(old_image).status()));
}

TEST_CASE("a restart finds what is in the recycle bin, and what is over meanwhile", "[bin]") {
  BinWorld world;
  const InstanceId instance = world.Launch();
  const SnapshotId over = world.Take(world.VolumeOf(instance));
  REQUIRE_OK(world.service->Terminate({instance}).status());
  REQUIRE(world.Reaches(instance, InstanceState::kTerminated));
  REQUIRE_OK(world.snapshot_service->Delete(over));
  world.snapshots->Stop();
  world.clock.Advance(absl::Hours(24 * 8));
  world.snapshots = std::make_unique<storage::SnapshotReconciler>(
      storage::SnapshotReconcilerParts{.database = *world.database,
                                       .disks = world.disks,
                                       .clock = world.clock,
                                       .wake_instance = [](const InstanceId&) {},
                                       .on_layer_work = [](const SnapshotId&) {},
                                       .on_layer_removed = [] {}});
  CHECK(world.HasLayer(over));
  world.snapshots->Start();
  CHECK(ComputeWorld::Eventually([&] { return !world.HasLayer(over); }));
}

TEST_CASE("without a retention what is deleted is deleted, and so is what was never whole", "[bin]") {
  BinWorld off(ComputeWorld::DefaultSettings());
  const auto [image, snapshot] = off.ImageOfSnapshot("one");
  REQUIRE_OK(off.image_service->Deregister(image, /*delete_snapshots=*/true).status());
  CHECK(off.ImagesInBin().empty());
  CHECK(off.SnapshotsInBin().empty());

  BinWorld world;
  const SnapshotId bad = world.Take(world.VolumeOf(world.Launch()));
  REQUIRE_OK(world.database->Write([&](store::Connection& c) {
    return c.Run("UPDATE snapshots SET state = ? WHERE id = ?", SnapshotState::kError, bad);
  }));
  REQUIRE_OK(world.snapshot_service->Delete(bad));
  CHECK(world.SnapshotsInBin().empty());
}

TEST_CASE("a deregistered image waits in the recycle bin, launches nothing, and comes back with its tags", "[bin]") {
  BinWorld world;
  const ImageId id = world.image;
  REQUIRE_OK(world.tags.Create({id.text()}, {{"Name", "golden"}}));
  REQUIRE_OK(world.image_service->Deregister(id).status());
  CHECK(ec2::ErrorCode(world.image_service->Get(id).status()) == "InvalidAMIID.NotFound");
  CHECK(ec2::ErrorCode(world.service->Run(world.Request()).status()) == "InvalidAMIID.NotFound");
  CHECK(ec2::ErrorCode(world.image_service->Deregister(id).status()) == "InvalidAMIID.Unavailable");
  const std::vector<ImageRecycleBinInfo> kept = world.ImagesInBin();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].image_id() == id.text());
  CHECK(kept[0].name() == "world");
  CHECK(kept[0].recycle_bin_exit_time() == gateway::RenderTime(world.clock.Now() + absl::Hours(24 * 14)));

  REQUIRE_OK(world.Restore(id));
  CHECK(world.image_service->Get(id)->tags == TagMap{{"Name", "golden"}});
  CHECK(world.ImagesInBin().empty());
  const InstanceId instance = world.Launch();

  // Its files go when its time is over.
  REQUIRE_OK(world.image_service->Deregister(id).status());
  REQUIRE_OK(world.service->Terminate({instance}).status());
  REQUIRE(world.Reaches(instance, InstanceState::kTerminated));
  world.images->WakeAll();
  world.clock.Advance(absl::Hours(24 * 14));
  CHECK(Value(world.disks.List()).images.size() == 1);
  world.images->WakeAll();
  CHECK(ComputeWorld::Eventually([&] { return Value(world.disks.List()).images.empty(); }));
}

TEST_CASE("an image in the recycle bin keeps nobody from deleting its snapshot, and needs it to come back", "[bin]") {
  BinWorld world;
  const auto [image, snapshot] = world.ImageOfSnapshot("one");
  CHECK(ec2::ErrorCode(world.snapshot_service->Delete(snapshot)) == "InvalidSnapshot.InUse");
  REQUIRE_OK(world.image_service->Deregister(image).status());
  REQUIRE_OK(world.snapshot_service->Delete(snapshot));
  CHECK(ec2::ErrorCode(world.Restore(image)) == "InvalidSnapshot.NotFound");
  CHECK(world.ImagesInBin().size() == 1);
  REQUIRE_OK(world.Restore(snapshot));
  REQUIRE_OK(world.Restore(image));
  CHECK(ec2::ErrorCode(world.snapshot_service->Delete(snapshot)) == "InvalidSnapshot.InUse");
}

TEST_CASE("an image whose name was given to another does not come back under it", "[bin]") {
  BinWorld world;
  REQUIRE_OK(world.image_service->Deregister(world.image).status());
  const ImageId other = world.RegisterImage("world");
  CHECK(ec2::ErrorCode(world.Restore(world.image)) == "InvalidAMIName.Duplicate");
  CHECK(world.ImagesInBin().size() == 1);
  REQUIRE_OK(world.image_service->Deregister(other).status());
  REQUIRE_OK(world.Restore(world.image));
}

TEST_CASE("the lists of the recycle bin are read by ids and by pages", "[bin]") {
  BinWorld world;
  const std::string volume = world.VolumeOf(world.Launch());
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) {
    const SnapshotId id = world.Take(volume);
    REQUIRE_OK(world.snapshot_service->Delete(id));
    ids.push_back(id.text());
  }
  ListSnapshotsInRecycleBinRequest request;
  request.set_max_results(5);
  std::vector<std::string> found;
  int pages = 0;
  do {
    const auto page = Value(world.Call<ListSnapshotsInRecycleBinResponse>(request));
    for (const SnapshotRecycleBinInfo& info : page.snapshots()) found.push_back(info.snapshot_id());
    request.set_next_token(page.next_token());
    ++pages;
  } while (!request.next_token().empty());
  std::sort(ids.begin(), ids.end());
  CHECK(found == ids);
  CHECK(pages == 2);
  ListSnapshotsInRecycleBinRequest named;
  named.add_snapshot_ids(ids[3]);
  CHECK(Value(world.Call<ListSnapshotsInRecycleBinResponse>(named)).snapshots(0).snapshot_id() == ids[3]);
  const std::string there = world.Take(volume).text();
  CHECK(world.CodeOf("ListSnapshotsInRecycleBin", "snapshot_ids: '" + there + "'") == "InvalidSnapshot.NotFound");
  CHECK(world.CodeOf("ListSnapshotsInRecycleBin", "max_results: 4") == "InvalidParameterValue");
  CHECK(world.CodeOf("ListImagesInRecycleBin", "image_ids: '" + world.image.text() + "'") == "InvalidAMIID.NotFound");
}

}  // namespace brume
