// Which volumes, snapshots and images are encrypted, by their origin, by what the call says and by default.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ebs/v1/block.pb.h"
#include "brume/ec2/v1/export.pb.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/import.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct EncryptionWorld : ApiWorld {
  template <typename Response>
  Response Answer(const std::string& action, const std::string& request) {
    auto answer = CallText(action, request);
    INFO(action << " " << request << ": " << answer.status());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }
  std::string Code(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, request).status()));
  }
  ec2::v1::CreateVolumeResponse Create(const std::string& request) {
    return Answer<ec2::v1::CreateVolumeResponse>("CreateVolume",
                                                 absl::StrCat("availability_zone: 'us-east-1a' ", request));
  }
  ec2::v1::Snapshot Shown(const std::string& id) {
    return Answer<ec2::v1::DescribeSnapshotsResponse>("DescribeSnapshots", absl::StrCat("snapshot_ids: '", id, "'"))
        .snapshots(0);
  }
  // A completed snapshot of the volume.
  std::string Snapshot(const std::string& volume) {
    REQUIRE(Eventually([&] { return Row(volume).state == VolumeState::kAvailable; }));
    return Completed(
        Answer<ec2::v1::CreateSnapshotResponse>("CreateSnapshot", absl::StrCat("volume_id: '", volume, "'"))
            .snapshot_id());
  }
  std::string Completed(const std::string& id) {
    REQUIRE(Eventually([&] { return Shown(id).state() == "completed"; }));
    return id;
  }
  std::string Copy(const std::string& source, const std::string& more = "") {
    return Completed(
        Answer<ec2::v1::CopySnapshotResponse>(
            "CopySnapshot", absl::StrCat("source_region: 'us-east-1' source_snapshot_id: '", source, "' ", more))
            .snapshot_id());
  }
  using ComputeWorld::Row;
  Volume Row(const std::string& id) {
    return Value(
        database->ReadFor([&](store::Connection& c) { return storage::VolumeTable(c).Get(*VolumeId::Parse(id)); }));
  }
};

}  // namespace

TEST_CASE("a volume is encrypted when it is asked to be, and shows the host's key", "[api]") {
  EncryptionWorld world;
  const auto plain = world.Create("size: 1");
  CHECK_FALSE(plain.encrypted());
  CHECK_FALSE(plain.has_kms_key_id());
  const auto made = world.Create("size: 1 encrypted: true");
  CHECK(made.encrypted());
  CHECK(absl::StartsWith(made.kms_key_id(), "arn:aws:kms:us-east-1:000000000000:key/"));
  CHECK(world.Create("size: 1 encrypted: true kms_key_id: 'alias/aws/ebs'").encrypted());
  CHECK(world.Create(absl::StrCat("size: 1 encrypted: true kms_key_id: '", made.kms_key_id(), "'")).encrypted());
  // Each has a key of its own.
  CHECK(world.Row(made.volume_id()).data_key_id.size() == 32);
  CHECK(world.Row(made.volume_id()).data_key_id !=
        world.Row(world.Create("size: 1 encrypted: true").volume_id()).data_key_id);
  CHECK(world.Row(plain.volume_id()).data_key_id.empty());
}

TEST_CASE("what is made of an encrypted snapshot is encrypted with its key, and false is refused", "[api]") {
  EncryptionWorld world;
  const auto made = world.Create("size: 1 encrypted: true");
  const std::string snapshot = world.Snapshot(made.volume_id());
  CHECK(world.Shown(snapshot).encrypted());
  CHECK(world.Shown(snapshot).kms_key_id() == made.kms_key_id());
  const std::string of = absl::StrCat("snapshot_id: '", snapshot, "' ");
  const auto restored = world.Create(of);
  CHECK(restored.encrypted());
  CHECK(world.Row(restored.volume_id()).data_key_id == world.Row(made.volume_id()).data_key_id);
  CHECK(world.Code("CreateVolume", absl::StrCat("availability_zone: 'us-east-1a' encrypted: false ", of)) ==
        "InvalidParameterCombination");
  const std::string copy = world.Copy(snapshot);
  CHECK(world.Shown(copy).encrypted());
  CHECK(world.Code("CopySnapshot", absl::StrCat("source_region: 'us-east-1' encrypted: false source_snapshot_id: '",
                                                snapshot, "'")) == "InvalidParameterCombination");

  const auto image = world.Answer<ec2::v1::RegisterImageResponse>(
      "RegisterImage", absl::StrCat("name: 'of it' block_device_mappings { device_name: '/dev/vda' ebs { ", of, "} }"));
  const auto shown = world.Answer<ec2::v1::DescribeImagesResponse>("DescribeImages",
                                                                   absl::StrCat("image_ids: '", image.image_id(), "'"));
  CHECK(shown.images(0).block_device_mappings(0).ebs().encrypted());
  CHECK(world.Code("RunInstances",
                   absl::StrCat("min_count: 1 max_count: 1 image_id: '", image.image_id(),
                                "' block_device_mappings { device_name: '/dev/vda' ebs { encrypted: false } }")) ==
        "InvalidBlockDeviceMapping");
  compute::RunRequest run = world.Request();
  run.image_id = *ImageId::Parse(image.image_id());
  const Volume root = world.service->Get(world.Launch(run))->volumes.front();
  CHECK(root.encrypted);
  CHECK(root.data_key_id == world.Row(made.volume_id()).data_key_id);
}

TEST_CASE("an encrypted snapshot and an image with one are shared with nobody, and taken back from everybody",
          "[api]") {
  EncryptionWorld world;
  const std::string snapshot = world.Snapshot(world.Create("size: 1 encrypted: true").volume_id());
  const std::string of = absl::StrCat("snapshot_id: '", snapshot, "' ");
  const std::string ami =
      world
          .Answer<ec2::v1::RegisterImageResponse>(
              "RegisterImage",
              absl::StrCat("name: 'of it' block_device_mappings { device_name: '/dev/vda' ebs { ", of, "} }"))
          .image_id();
  const std::string of_image = absl::StrCat("image_id: '", ami, "' ");
  for (const std::string& account : {std::string("123456789012"), world.settings.account_id}) {
    const std::string named = absl::StrCat("operation_type: 'add' user_ids: '", account, "'");
    CHECK(world.Code("ModifySnapshotAttribute", of + named) == "OperationNotPermitted");
    CHECK(world.Code("ModifyImageAttribute", of_image + named) == "InvalidParameter");
  }
  CHECK(world.Code("ModifySnapshotAttribute", of + "create_volume_permission { add { group: 'all' } }") ==
        "OperationNotPermitted");
  CHECK(world.Code("ModifyImageAttribute", of_image + "launch_permission { add { group: 'all' } }") ==
        "InvalidParameter");
  CHECK(world.Code("ModifySnapshotAttribute", of + "operation_type: 'remove' group_names: 'all'").empty());
  CHECK(world.Code("ModifyImageAttribute", of_image + "operation_type: 'remove' user_groups: 'all'").empty());
  CHECK(world.Code("ModifyImageAttribute", of_image + "description { value: 'mine' }").empty());
  CHECK(world.Code("ResetSnapshotAttribute", of + "attribute: 'createVolumePermission'").empty());
}

TEST_CASE("an image whose encrypted snapshot is still to be made is not shared either", "[api]") {
  EncryptionWorld world;
  const std::string ami = world
                              .Answer<ec2::v1::RegisterImageResponse>(
                                  "RegisterImage",
                                  "name: 'secret' image_location: '/images/secret' "
                                  "block_device_mappings { device_name: '/dev/vda' ebs { encrypted: true } }")
                              .image_id();
  CHECK(world.Code("ModifyImageAttribute",
                   absl::StrCat("image_id: '", ami, "' launch_permission { add { group: 'all' } }")) ==
        "InvalidParameter");
}

TEST_CASE("a copy that is encrypted of a snapshot that is not has a layer and a key of its own", "[api]") {
  EncryptionWorld world;
  const std::string plain = world.Snapshot(world.Create("size: 1").volume_id());
  CHECK_FALSE(world.Shown(plain).encrypted());
  const std::string copy = world.Copy(plain, "encrypted: true");
  CHECK(world.Shown(copy).encrypted());
  const VolumeSnapshot row = Value(
      world.database->ReadFor([&](store::Connection& c) { return storage::GetSnapshot(c, *SnapshotId::Parse(copy)); }));
  CHECK(row.layer_id == copy);
  CHECK(row.below.empty());
  CHECK(row.data_key_id.size() == 32);
  // An image of such copies is available when they are.
  const auto image = world.Answer<ec2::v1::CopyImageResponse>(
      "CopyImage", absl::StrCat("name: 'copied' source_region: 'us-east-1' encrypted: true source_image_id: '",
                                world.image.text(), "'"));
  const ImageId id = *ImageId::Parse(image.image_id());
  REQUIRE(
      EncryptionWorld::Eventually([&] { return world.image_service->Get(id)->image.state == ImageState::kAvailable; }));
  CHECK(world.image_service->Get(id)->encrypted.size() == 1);
}

TEST_CASE("with encryption by default all that is made from then on is encrypted", "[api]") {
  EncryptionWorld world;
  const auto shown = [&] {
    return world.Answer<ec2::v1::GetEbsEncryptionByDefaultResponse>("GetEbsEncryptionByDefault", "")
        .ebs_encryption_by_default();
  };
  const std::string plain = world.Snapshot(world.Create("size: 1").volume_id());
  CHECK_FALSE(shown());
  world.Answer<ec2::v1::EnableEbsEncryptionByDefaultResponse>("EnableEbsEncryptionByDefault", "");
  CHECK(shown());
  CHECK(world.Create("size: 1").encrypted());
  CHECK(world.Create("size: 1 encrypted: false").encrypted());
  CHECK(world.Create(absl::StrCat("snapshot_id: '", plain, "'")).encrypted());
  CHECK(world.Shown(world.Copy(plain)).encrypted());
  const Volume root = world.service->Get(world.Launch())->volumes.front();
  CHECK(root.encrypted);
  world.Answer<ec2::v1::DisableEbsEncryptionByDefaultResponse>("DisableEbsEncryptionByDefault", "");
  CHECK_FALSE(shown());
  CHECK_FALSE(world.Create("size: 1").encrypted());

  CHECK(world.Answer<ec2::v1::GetEbsDefaultKmsKeyIdResponse>("GetEbsDefaultKmsKeyId", "").kms_key_id() ==
        "alias/aws/ebs");
  CHECK_FALSE(
      world.Answer<ec2::v1::ModifyEbsDefaultKmsKeyIdResponse>("ModifyEbsDefaultKmsKeyId", "kms_key_id: 'alias/aws/ebs'")
          .kms_key_id()
          .empty());
  world.Answer<ec2::v1::ResetEbsDefaultKmsKeyIdResponse>("ResetEbsDefaultKmsKeyId", "");
}

TEST_CASE("whatever makes a snapshot of bytes from elsewhere encrypts it when asked to, and by default", "[api]") {
  EncryptionWorld world;
  world.import_reconciler.Start();
  world.export_reconciler.Start();
  const auto available = [&](const std::string& id) {
    const ImageId image = ImageId::FromTrusted(id);
    REQUIRE(world.Eventually([&] {
      const auto view = world.image_service->Get(image);
      return view.ok() && view->image.state == ImageState::kAvailable;
    }));
    return Value(world.image_service->Get(image));
  };
  // Whether the root volume of an instance of it is encrypted, as the image says it is.
  const auto is_encrypted = [&](const std::string& id) {
    const storage::ImageView view = available(id);
    const bool shown = view.encrypted.contains(RootSnapshot(view.image).text());
    compute::RunRequest run = world.Request();
    run.image_id = view.image.id;
    CHECK(world.service->Get(world.Launch(run))->volumes.front().encrypted == shown);
    return shown;
  };
  const auto imported = [&](const std::string& more) {
    const auto begun =
        world.Answer<ec2::v1::ImportImageResponse>("ImportImage", "disk_containers { url: '/srv/disk.raw' } " + more);
    std::string id;
    REQUIRE(world.Eventually([&] {
      const auto tasks = world.Answer<ec2::v1::DescribeImportImageTasksResponse>(
          "DescribeImportImageTasks", "import_task_ids: '" + begun.import_task_id() + "'");
      id = tasks.import_image_tasks(0).image_id();
      return tasks.import_image_tasks(0).status() == "completed";
    }));
    CHECK(is_encrypted(id) == begun.encrypted());
    return begun.encrypted();
  };
  const auto imported_snapshot = [&](const std::string& more) {
    const auto begun = world.Answer<ec2::v1::ImportSnapshotResponse>("ImportSnapshot",
                                                                     "disk_container { url: '/srv/disk.raw' } " + more);
    std::string id;
    REQUIRE(world.Eventually([&] {
      const auto tasks = world.Answer<ec2::v1::DescribeImportSnapshotTasksResponse>(
          "DescribeImportSnapshotTasks", "import_task_ids: '" + begun.import_task_id() + "'");
      id = tasks.import_snapshot_tasks(0).snapshot_task_detail().snapshot_id();
      return !id.empty();
    }));
    CHECK(world.Shown(id).encrypted() == begun.snapshot_task_detail().encrypted());
    return world.Shown(id).encrypted();
  };
  const auto registered = [&](const std::string& name, const std::string& more) {
    return is_encrypted(world
                            .Answer<ec2::v1::RegisterImageResponse>(
                                "RegisterImage",
                                "image_location: '/srv/mini' root_device_name: '/dev/vda' name: '" + name + "' " + more)
                            .image_id());
  };
  const auto restored = [&](const std::string& name) {
    return is_encrypted(world
                            .Answer<ec2::v1::CreateRestoreImageTaskResponse>(
                                "CreateRestoreImageTask",
                                "bucket: 'bucket' object_key: '" + world.image.text() + ".bin' name: '" + name + "'")
                            .image_id());
  };
  const auto started = [&](const std::string& more) {
    return world
        .Shown(world.Answer<ebs::v1::StartSnapshotResponse>("StartSnapshot", "volume_size: 1 " + more).snapshot_id())
        .encrypted();
  };
  world.Answer<ec2::v1::CreateStoreImageTaskResponse>("CreateStoreImageTask",
                                                      "bucket: 'bucket' image_id: '" + world.image.text() + "'");
  REQUIRE(world.Eventually([&] {
    return world.export_files.KindOf({"bucket", world.image.text() + ".bin"}) == "store";
  }));

  const std::string encrypted = "block_device_mappings { device_name: '/dev/vda' ebs { encrypted: true } }";
  CHECK_FALSE(imported(""));
  CHECK(imported("encrypted: true kms_key_id: 'alias/aws/ebs'"));
  CHECK_FALSE(imported_snapshot(""));
  CHECK(imported_snapshot("encrypted: true"));
  CHECK_FALSE(registered("plain", ""));
  CHECK(registered("asked", encrypted));
  CHECK_FALSE(restored("plainly restored"));
  CHECK_FALSE(started(""));
  CHECK(started("encrypted: true"));
  world.Answer<ec2::v1::EnableEbsEncryptionByDefaultResponse>("EnableEbsEncryptionByDefault", "");
  CHECK(imported(""));
  CHECK(imported("encrypted: false"));
  CHECK(imported_snapshot(""));
  CHECK(registered("default", ""));
  CHECK(restored("restored"));
  CHECK(started(""));
  // What would lie over bytes in the clear is not started.
  CHECK(world.Code("StartSnapshot", "volume_size: 8 parent_snapshot_id: '" + SnapshotOf(world.image).text() + "'") ==
        "ValidationException.INVALID_PARAMETER_VALUE");
  world.import_reconciler.Stop();
  world.export_reconciler.Stop();
}

TEST_CASE("a guest with an encrypted volume gets its key with its disks, and no other", "[api]") {
  EncryptionWorld world;
  compute::RunRequest run = world.Request();
  run.block_devices = {{.device = "/dev/sdf", .size_gib = 1, .encrypted = true}};
  const InstanceId id = world.Launch(run);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  REQUIRE(spec->disks.size() == 2);
  CHECK_FALSE(spec->disks[0].encryption.has_value());
  REQUIRE(spec->disks[1].encryption.has_value());
  CHECK_FALSE(spec->disks[1].encryption->key.empty());
}

}  // namespace brume
