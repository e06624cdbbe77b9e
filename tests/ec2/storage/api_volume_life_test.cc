// Volumes that calls make and delete by themselves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/volume.pb.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kZone[] = "availability_zone: 'us-east-1a' ";

ec2::v1::CreateVolumeResponse Create(ApiWorld& world, const std::string& request) {
  auto answer = world.CallText("CreateVolume", absl::StrCat(kZone, request));
  INFO(answer.status());
  REQUIRE(answer.ok());
  return static_cast<const ec2::v1::CreateVolumeResponse&>(**answer);
}

std::vector<ec2::v1::Volume> Volumes(ApiWorld& world) {
  const auto answer = Value(world.Call<ec2::v1::DescribeVolumesResponse>(ec2::v1::DescribeVolumesRequest()));
  return {answer.volumes().begin(), answer.volumes().end()};
}

// The state it comes to.
bool Reaches(ApiWorld& world, const std::string& volume, const std::string& state) {
  return ApiWorld::Eventually([&] {
    const std::vector<ec2::v1::Volume> all = Volumes(world);
    return std::any_of(all.begin(), all.end(), [&](const ec2::v1::Volume& each) {
      return each.volume_id() == volume && each.state() == state;
    });
  });
}

std::string Code(ApiWorld& world, const std::string& action, const std::string& request) {
  return std::string(ec2::ErrorCode(world.CallText(action, request).status()));
}

}  // namespace

TEST_CASE("a volume of a call is creating, then available with a disk, and gone with it when deleted", "[api]") {
  ApiWorld world;
  const auto made = Create(world,
                           "size: 9 volume_type: 'gp3' iops: 4000 throughput: 200 tag_specifications { "
                           "resource_type: 'volume' tags { key: 'Name' value: 'data' } }");
  CHECK(made.state() == "creating");
  CHECK(made.size() == 9);
  CHECK(made.iops() == 4000);
  CHECK(made.throughput() == 200);
  CHECK(made.snapshot_id().empty());
  CHECK(made.availability_zone() == "us-east-1a");
  CHECK(made.attachments().empty());
  REQUIRE(made.tags_size() == 1);
  CHECK(made.tags(0).value() == "data");
  REQUIRE(Reaches(world, made.volume_id(), "available"));
  CHECK(world.disks.List()->volumes.size() == 1);

  REQUIRE(world.CallText("DeleteVolume", absl::StrCat("volume_id: '", made.volume_id(), "'")).ok());
  REQUIRE(ApiWorld::Eventually([&] { return Volumes(world).empty(); }));
  CHECK(world.disks.List()->volumes.empty());
  CHECK(Code(world, "DeleteVolume", absl::StrCat("volume_id: '", made.volume_id(), "'")) == "InvalidVolume.NotFound");
}

TEST_CASE("a volume that a stopped daemon left to be made or deleted is so by the next", "[api]") {
  ApiWorld world;
  world.volumes_made->Stop();
  const std::string left = Create(world, "size: 1").volume_id();
  world.volumes_made = std::make_unique<storage::VolumeReconciler>(*world.database, world.disks, world.clock, [] {});
  world.volumes_made->Start();
  REQUIRE(Reaches(world, left, "available"));
  world.volumes_made->Stop();
  REQUIRE(world.CallText("DeleteVolume", absl::StrCat("volume_id: '", left, "'")).ok());
  world.volumes_made = std::make_unique<storage::VolumeReconciler>(*world.database, world.disks, world.clock, [] {});
  world.volumes_made->Start();
  CHECK(ApiWorld::Eventually([&] { return Volumes(world).empty(); }));
}

TEST_CASE("a volume of an image's snapshot lies over the image and has its size at least", "[api]") {
  ApiWorld world;
  const std::string snapshot = SnapshotOf(world.image).text();
  const auto made = Create(world, absl::StrCat("snapshot_id: '", snapshot, "'"));
  CHECK(made.snapshot_id() == snapshot);
  CHECK(made.size() == 8);
  CHECK(made.volume_type() == "gp2");
  REQUIRE(Reaches(world, made.volume_id(), "available"));
  CHECK(world.disks.RemoveImage(world.image).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Code(world, "CreateVolume", absl::StrCat(kZone, "size: 7 snapshot_id: '", snapshot, "'")) ==
        "InvalidParameterValue");
}

TEST_CASE("a client token makes one volume, and refuses other parameters", "[api]") {
  ApiWorld world;
  const auto made = Create(world, "size: 2 client_token: 'once'");
  CHECK(Create(world, "size: 2 client_token: 'once'").volume_id() == made.volume_id());
  CHECK(Create(world, "size: 2 client_token: 'twice'").volume_id() != made.volume_id());
  CHECK(Code(world, "CreateVolume", absl::StrCat(kZone, "size: 3 client_token: 'once'")) ==
        "IdempotentParameterMismatch");
  CHECK(Volumes(world).size() == 2);
}

TEST_CASE("a volume in use or still creating is not deleted", "[api]") {
  ApiWorld world;
  world.Launch();
  const std::string root = Volumes(world).front().volume_id();
  CHECK(Code(world, "DeleteVolume", absl::StrCat("volume_id: '", root, "'")) == "VolumeInUse");
  world.volumes_made->Stop();
  const std::string creating = Create(world, "size: 1").volume_id();
  CHECK(Code(world, "DeleteVolume", absl::StrCat("volume_id: '", creating, "'")) == "IncorrectState");
}

TEST_CASE("each type of volume has EC2's bounds of size", "[api]") {
  ApiWorld world;
  const struct {
    const char* type;
    int min, max;
    const char* rest;
  } types[] = {{"gp2", 1, 16384, ""},          {"gp3", 1, 65536, ""},   {"io1", 4, 16384, "iops: 100"},
               {"io2", 4, 65536, "iops: 100"}, {"st1", 125, 16384, ""}, {"sc1", 125, 16384, ""},
               {"standard", 1, 1024, ""}};
  const auto request = [](const auto& type, int size) {
    return absl::StrCat(kZone, "volume_type: '", type.type, "' size: ", size, " ", type.rest);
  };
  for (const auto& type : types) {
    INFO(type.type);
    CHECK(world.CallText("CreateVolume", request(type, type.min)).ok());
    CHECK(world.CallText("CreateVolume", request(type, type.max)).ok());
    CHECK(Code(world, "CreateVolume", request(type, type.min - 1)) == "InvalidParameterValue");
    CHECK(Code(world, "CreateVolume", request(type, type.max + 1)) == "InvalidParameterValue");
  }
}

TEST_CASE("a modification is shown with what it changes, and found by its volume and state", "[api]") {
  ApiWorld world;
  const std::string id = Create(world, "size: 4 volume_type: 'gp3'").volume_id();
  REQUIRE(Reaches(world, id, "available"));
  const auto answer =
      world.CallText("ModifyVolume", absl::StrCat("volume_id: '", id, "' size: 9 volume_type: 'io1' iops: 200"));
  INFO(answer.status());
  REQUIRE(answer.ok());
  const auto begun = static_cast<const ec2::v1::ModifyVolumeResponse&>(**answer).volume_modification();
  CHECK(begun.modification_state() == "modifying");
  CHECK(begun.original_size() == 4);
  CHECK(begun.original_iops() == 3000);
  CHECK(begun.original_throughput() == 125);
  CHECK(begun.original_volume_type() == "gp3");
  CHECK(begun.target_size() == 9);
  CHECK(begun.target_iops() == 200);
  CHECK_FALSE(begun.has_target_throughput());
  CHECK(begun.target_volume_type() == "io1");
  CHECK(begun.start_time() == "2027-01-15T08:00:00.000Z");
  ec2::v1::DescribeVolumesModificationsRequest completed;
  completed.add_volume_ids(id);
  completed.add_filters()->set_name("modification-state");
  completed.mutable_filters(0)->add_values("completed");
  const auto shown = [&] {
    return Value(world.Call<ec2::v1::DescribeVolumesModificationsResponse>(completed)).volumes_modifications();
  };
  REQUIRE(ApiWorld::Eventually([&] { return shown().size() == 1; }));
  CHECK(shown()[0].progress() == 100);
  CHECK(shown()[0].has_end_time());
  CHECK(Volumes(world).front().size() == 9);
  CHECK(Volumes(world).front().iops() == 200);
  REQUIRE(world.CallText("DeleteVolume", absl::StrCat("volume_id: '", id, "'")).ok());
  REQUIRE(ApiWorld::Eventually([&] { return Volumes(world).empty(); }));
  CHECK(Value(world.Call<ec2::v1::DescribeVolumesModificationsResponse>(ec2::v1::DescribeVolumesModificationsRequest()))
            .volumes_modifications()
            .empty());
}

TEST_CASE("volumes are promised no more together than the host may promise", "[api]") {
  Settings settings = ApiWorld::DefaultSettings();
  settings.max_volumes_gib = 20;
  ApiWorld world(settings);
  const std::string four = Create(world, "size: 4").volume_id();
  CHECK(Code(world, "CreateVolume", absl::StrCat(kZone, "size: 17")) == "VolumeLimitExceeded");
  const std::string run = absl::StrCat("image_id: '", world.image.text(), "' min_count: 1 ");
  CHECK(Code(world, "RunInstances", run + "max_count: 3") == "VolumeLimitExceeded");
  CHECK(Volumes(world).size() == 1);
  REQUIRE(world.CallText("RunInstances", run + "max_count: 1").ok());
  REQUIRE(Reaches(world, four, "available"));
  const auto resize = [&](int size) { return absl::StrCat("volume_id: '", four, "' size: ", size); };
  CHECK(Code(world, "ModifyVolume", resize(13)) == "VolumeLimitExceeded");
  // What is promised counts at once.
  world.volumes_made->Stop();
  REQUIRE(world.CallText("ModifyVolume", resize(12)).ok());
  CHECK(Code(world, "CreateVolume", absl::StrCat(kZone, "size: 1")) == "VolumeLimitExceeded");
}

TEST_CASE("a volume that was never modified has no modification to describe", "[api]") {
  ApiWorld world;
  const std::string never = Create(world, "size: 1").volume_id(), once = Create(world, "size: 1").volume_id();
  REQUIRE(Reaches(world, once, "available"));
  REQUIRE(world.CallText("ModifyVolume", absl::StrCat("volume_id: '", once, "' size: 2")).ok());
  const auto refused =
      world.CallText("DescribeVolumesModifications", absl::StrCat("volume_ids: '", once, "' volume_ids: '", never, "'"))
          .status();
  CHECK(ec2::ErrorCode(refused) == "InvalidVolumeModification.NotFound");
  CHECK(refused.message() == absl::StrCat("Modification for volume '", never, "' does not exist."));
  const auto filtered = Value(world.CallText("DescribeVolumesModifications",
                                             absl::StrCat("filters { name: 'volume-id' values: '", never, "' }")));
  CHECK(static_cast<const ec2::v1::DescribeVolumesModificationsResponse&>(*filtered).volumes_modifications().empty());
}

TEST_CASE("a full disk of the host shows at the volumes in use", "[api]") {
  ApiWorld world;
  const auto free_volume = Create(world, "size: 1");
  REQUIRE(Reaches(world, free_volume.volume_id(), "available"));
  const VolumeId used = world.service->Get(world.Launch())->volumes.front().id;
  const auto status_of = [&](const std::string& volume) {
    const auto answer = Value(world.CallText("DescribeVolumeStatus", "volume_ids: '" + volume + "'"));
    const auto& shown = static_cast<const ec2::v1::DescribeVolumeStatusResponse&>(*answer).volume_statuses(0);
    return shown.volume_status().status() + " " + shown.volume_status().details(1).status();
  };
  CHECK(status_of(used.text()) == "ok not-applicable");
  world.space.free_bytes = 1 << 20;
  CHECK(status_of(used.text()) == "impaired stalled");
  CHECK(status_of(free_volume.volume_id()) == "ok not-applicable");
  world.space.free_bytes = int64_t{1} << 30;
  CHECK(status_of(used.text()) == "ok not-applicable");
}

TEST_CASE("the status and attributes of a volume are shown, and AutoEnableIO is kept", "[api]") {
  ApiWorld world;
  const std::string id = Create(world, "size: 4 volume_type: 'io1' iops: 100").volume_id();
  REQUIRE(Reaches(world, id, "available"));
  const auto status = Value(world.Call<ec2::v1::DescribeVolumeStatusResponse>(ec2::v1::DescribeVolumeStatusRequest()));
  REQUIRE(status.volume_statuses_size() == 1);
  const ec2::v1::VolumeStatusItem& item = status.volume_statuses(0);
  CHECK(item.volume_id() == id);
  CHECK(item.volume_status().status() == "ok");
  REQUIRE(item.volume_status().details_size() == 2);
  CHECK(item.volume_status().details(0).status() == "passed");
  CHECK(item.volume_status().details(1).status() == "normal");

  ec2::v1::DescribeVolumeAttributeRequest asked;
  asked.set_volume_id(id);
  asked.set_attribute("autoEnableIO");
  const auto enabled = [&] {
    return Value(world.Call<ec2::v1::DescribeVolumeAttributeResponse>(asked)).auto_enable_io().value();
  };
  CHECK_FALSE(enabled());
  REQUIRE(world.CallText("ModifyVolumeAttribute", absl::StrCat("volume_id: '", id, "' auto_enable_io { value: true }"))
              .ok());
  CHECK(enabled());
  CHECK(world.CallText("EnableVolumeIO", absl::StrCat("volume_id: '", id, "'")).ok());
}

}  // namespace brume
