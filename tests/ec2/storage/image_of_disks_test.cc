// Images made of instances, of snapshots and of other images: what they hold, what their instances start from.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

std::string RefusalOf(const absl::Status& status) { return std::string(ec2::ErrorCode(status)); }

struct ImageWorld : ComputeWorld {
  Image Get(const ImageId& id) { return Value(image_service->Get(id)).image; }
  storage::ImageOfInstanceRequest Of(const InstanceId& id, const std::string& name) {
    storage::ImageOfInstanceRequest request;
    request.instance_id = id;
    const Instance instance = Row(id);
    request.image_id = instance.image_id;
    request.root_device = instance.root_device_name;
    request.name = name;
    return request;
  }
  ImageId Make(const storage::ImageOfInstanceRequest& request) {
    const ImageId id = Value(image_service->CreateOf(request));
    REQUIRE(Eventually([&] { return Get(id).state == ImageState::kAvailable; }));
    return id;
  }
  // The root volume of a new instance of the image.
  Volume RootOf(const ImageId& id) {
    compute::RunRequest run = Request();
    run.image_id = id;
    return service->Get(Launch(run))->volumes.front();
  }
};

}  // namespace

TEST_CASE("an image of a running instance holds its disk, and its instances start from there", "[storage]") {
  ImageWorld world;
  const InstanceId id = world.Launch();
  storage::ImageOfInstanceRequest request = world.Of(id, "golden");
  request.tags = {{"k", "v"}};
  request.snapshot_tags = {{"s", "t"}};
  const ImageId made = world.Make(request);
  const Image image = world.Get(made);
  CHECK(image.source_instance_id == id);
  CHECK(Value(world.image_service->Get(made)).tags == request.tags);
  const SnapshotId snapshot = image.root_snapshot_id;
  const auto view = Value(world.snapshot_service->List({&snapshot, 1})).front();
  CHECK(view.tags == request.snapshot_tags);
  CHECK(view.snapshot.description == "Created by CreateImage(" + id.text() + ") for " + made.text());
  CHECK(world.hypervisor.CallsOf("AskToStop") == 0);
  const Volume root = world.RootOf(made);
  CHECK(root.layer_id == snapshot.text());
  CHECK(root.snapshot_id == snapshot);
  CHECK(root.size_gib == 8);
  CHECK(RefusalOf(world.snapshot_service->Delete(snapshot)) == "InvalidSnapshot.InUse");
}

TEST_CASE("a guest is powered off for an image of its disks at rest, and started again", "[storage]") {
  ImageWorld world;
  const InstanceId id = world.Launch();
  storage::ImageOfInstanceRequest request = world.Of(id, "golden");
  request.at_rest = true;
  const ImageId made = world.Make(request);
  CHECK(world.hypervisor.CallsOf("AskToStop") >= 1);
  CHECK(world.hypervisor.CallsOf("SwitchDisks") == 0);
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(world.hypervisor.CallsOf("CreatePaused") == 2);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  CHECK(absl::EndsWith(spec->disks.front().path, TopOver(world.Get(made).root_snapshot_id)));
}

TEST_CASE("a guest deaf to its power button loses power for an image at rest, at its deadline", "[storage]") {
  ImageWorld world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  storage::ImageOfInstanceRequest request = world.Of(id, "golden");
  request.at_rest = true;
  const ImageId made = Value(world.image_service->CreateOf(request));
  REQUIRE(ImageWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") >= 1; }));
  CHECK(world.Get(made).state == ImageState::kPending);
  world.clock.Advance(world.settings.shutdown_timeout);
  world.reconciler->Wake(id);
  CHECK(ImageWorld::Eventually([&] { return world.Get(made).state == ImageState::kAvailable; }));
  CHECK(world.Reaches(id, InstanceState::kRunning));
}

TEST_CASE("a forced stop does not wait for a guest that is being powered off for an image", "[storage]") {
  ImageWorld world;
  world.hypervisor.MakeDeaf(true);
  const InstanceId id = world.Launch();
  storage::ImageOfInstanceRequest request = world.Of(id, "golden");
  request.at_rest = true;
  const ImageId made = Value(world.image_service->CreateOf(request));
  REQUIRE(ImageWorld::Eventually([&] { return world.hypervisor.CallsOf("AskToStop") >= 1; }));
  REQUIRE_OK(world.service->Stop({id}, /*force=*/true).status());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  world.reconciler->Wake(id);
  CHECK(ImageWorld::Eventually([&] { return world.Get(made).state == ImageState::kAvailable; }));
  CHECK(world.Row(id).state == InstanceState::kStopped);
}

TEST_CASE("an image of an image of an instance needs the first one's files, and outlives its row's name", "[storage]") {
  ImageWorld world;
  const ImageId first = world.Make(world.Of(world.Launch(), "first"));
  compute::RunRequest run = world.Request();
  run.image_id = first;
  const InstanceId id = world.Launch(run);
  const ImageId second = world.Make(world.Of(id, "second"));
  REQUIRE_OK(world.image_service->Deregister(first).status());
  REQUIRE_OK(world.image_service->Deregister(world.image).status());
  CHECK(RefusalOf(world.image_service->Get(first).status()) == "InvalidAMIID.NotFound");
  CHECK(world.RootOf(second).layer_id == world.Get(second).root_snapshot_id.text());
}

TEST_CASE("an image of a snapshot is there at once, as large as it or larger", "[storage]") {
  ImageWorld world;
  const ImageId first = world.Make(world.Of(world.Launch(), "first"));
  storage::RegisterRequest request;
  request.name = "registered";
  request.root_snapshot_id = world.Get(first).root_snapshot_id;
  request.root_size_gib = 7;
  CHECK(RefusalOf(world.image_service->Register(request).status()) == "InvalidBlockDeviceMapping");
  request.root_size_gib = 10;
  request.location = "/somewhere";
  CHECK(RefusalOf(world.image_service->Register(request).status()) == "InvalidParameterCombination");
  request.location.clear();
  const ImageId made = Value(world.image_service->Register(request));
  CHECK(world.Get(made).state == ImageState::kAvailable);
  CHECK(world.RootOf(made).size_gib == 10);
  request.name = "lost";
  request.root_snapshot_id = SnapshotId::FromTrusted("snap-00000000000000001");
  CHECK(RefusalOf(world.image_service->Register(request).status()) == "InvalidSnapshot.NotFound");
}

TEST_CASE("a copy of an image has its disks, and goes with its own snapshots", "[storage]") {
  ImageWorld world;
  storage::CopyImageRequest request;
  request.source = world.image;
  request.name = "copy";
  request.copy_tags = true;
  const ImageId copy = Value(world.image_service->Copy(request));
  CHECK(world.Get(copy).source_image_id == world.image);
  CHECK(world.RootOf(copy).layer_id == world.image.text());
  const SnapshotId snapshot = world.Get(copy).root_snapshot_id;
  REQUIRE_OK(world.image_service->Deregister(copy, /*delete_snapshots=*/true).status());
  CHECK(RefusalOf(world.snapshot_service->List({&snapshot, 1}).status()) == "InvalidSnapshot.NotFound");
  request.name = "other";
  const ImageId other = Value(world.image_service->Copy(request));
  const SnapshotId kept = world.Get(other).root_snapshot_id;
  REQUIRE_OK(world.image_service->Deregister(other).status());
  CHECK(world.snapshot_service->List({&kept, 1}).ok());
  CHECK(RefusalOf(world.image_service->Copy(request).status()).empty());
  CHECK(RefusalOf(world.image_service->Copy(request).status()) == "InvalidAMIName.Duplicate");
}

TEST_CASE("an image whose snapshot cannot be taken fails, and says so", "[storage]") {
  ImageWorld world;
  const InstanceId id = world.Launch();
  world.hypervisor.Fail("SwitchDisks", absl::InternalError("QEMU says no"), 1 << 20);
  const ImageId made = Value(world.image_service->CreateOf(world.Of(id, "golden")));
  REQUIRE(ImageWorld::Eventually([&] { return world.hypervisor.CallsOf("SwitchDisks") >= 1; }));
  world.clock.Advance(absl::Minutes(3));
  REQUIRE(ImageWorld::Eventually([&] { return world.Get(made).state == ImageState::kFailed; }));
  CHECK(absl::StrContains(world.Get(made).state_reason.message, world.Get(made).root_snapshot_id.text()));
  REQUIRE_OK(world.image_service->Deregister(made, /*delete_snapshots=*/true).status());
}

TEST_CASE("who may launch an image, and when it is deprecated, is kept", "[storage]") {
  ImageWorld world;
  REQUIRE_OK(world.image_service->Change(world.image, {.description = "new", .allow = {"all"}, .forbid = {}}));
  CHECK(world.Get(world.image).description == "new");
  CHECK(world.Get(world.image).launchable_by == std::vector<std::string>{"all"});
  REQUIRE_OK(world.image_service->Change(world.image, {.description = {}, .allow = {}, .forbid = {"all"}}));
  CHECK(world.Get(world.image).launchable_by.empty());
  const absl::Time later = world.clock.Now() + absl::Hours(1);
  REQUIRE_OK(world.image_service->Deprecate(world.image, later));
  CHECK(world.Get(world.image).deprecated_at == later);
  REQUIRE_OK(world.image_service->Deprecate(world.image, std::nullopt));
  CHECK_FALSE(world.Get(world.image).deprecated_at.has_value());
  CHECK(RefusalOf(world.image_service->Deprecate(world.image, world.clock.Now())) == "InvalidParameterValue");
}

}  // namespace brume
