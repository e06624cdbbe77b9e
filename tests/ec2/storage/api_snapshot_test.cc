// Snapshots as the API takes and shows them.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "brume/ec2/v1/snapshot.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

std::vector<Snapshot> All(ApiWorld& world, const DescribeSnapshotsRequest& request = {}) {
  const auto answer = Value(world.Call<DescribeSnapshotsResponse>(request));
  return {answer.snapshots().begin(), answer.snapshots().end()};
}

std::string CodeOf(ApiWorld& world, const std::string& action, const std::string& request) {
  return std::string(ec2::ErrorCode(world.CallText(action, request).status()));
}

}  // namespace

TEST_CASE("a snapshot is answered pending, described completed, found by filters and deleted", "[api]") {
  ApiWorld world;
  const std::string volume = world.service->Get(world.Launch())->volumes.front().id.text();
  CreateSnapshotRequest request;
  request.set_volume_id(volume);
  request.set_description("before the upgrade");
  TagSpecification& tags = *request.add_tag_specifications();
  tags.set_resource_type("snapshot");
  tags.add_tags()->set_key("Name");
  tags.mutable_tags(0)->set_value("nightly");
  const auto made = Value(world.Call<CreateSnapshotResponse>(request));
  CHECK(made.state() == "pending");
  CHECK(made.progress() == "0%");
  CHECK(made.volume_id() == volume);
  CHECK(made.volume_size() == 8);
  CHECK(made.owner_id() == world.settings.account_id);
  CHECK(made.tags(0).value() == "nightly");

  DescribeSnapshotsRequest by_id;
  by_id.add_snapshot_ids(made.snapshot_id());
  REQUIRE(ComputeWorld::Eventually([&] { return All(world, by_id).at(0).state() == "completed"; }));
  const ec2::v1::Snapshot shown = All(world, by_id).at(0);
  CHECK(shown.progress() == "100%");
  CHECK(shown.description() == "before the upgrade");
  CHECK(shown.start_time() == made.start_time());
  CHECK(shown.storage_tier() == "standard");
  // That of the image is there too.
  CHECK(All(world).size() == 2);
  by_id.add_snapshot_ids(SnapshotOf(world.image).text());
  CHECK(All(world, by_id).size() == 2);
  for (const auto& [name, value] :
       {std::pair("volume-id", volume), {"tag:Name", "nightly"}, {"description", "before*"}}) {
    DescribeSnapshotsRequest filtered;
    filtered.add_filters()->set_name(name);
    filtered.mutable_filters(0)->add_values(value);
    const auto found = All(world, filtered);
    REQUIRE(found.size() == 1);
    CHECK(found[0].snapshot_id() == made.snapshot_id());
  }
  REQUIRE_OK(world.CallText("DeleteSnapshot", "snapshot_id: '" + made.snapshot_id() + "'").status());
  CHECK(All(world).size() == 1);
  CHECK(CodeOf(world, "DescribeSnapshots", "snapshot_ids: '" + made.snapshot_id() + "'") == "InvalidSnapshot.NotFound");
}

TEST_CASE("CreateSnapshots makes one of each of the instance's volumes, with their tags where asked", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.volume_tags = {{"Name", "root"}};
  const InstanceId id = world.Launch(run);
  CreateSnapshotsRequest request;
  request.mutable_instance_specification()->set_instance_id(id.text());
  request.set_copy_tags_from_source("volume");
  const auto made = Value(world.Call<CreateSnapshotsResponse>(request));
  REQUIRE(made.snapshots_size() == 1);
  CHECK(made.snapshots(0).volume_id() == world.service->Get(id)->volumes.front().id.text());
  CHECK(made.snapshots(0).tags(0).value() == "root");
  request.mutable_instance_specification()->set_exclude_boot_volume(true);
  CHECK(ec2::ErrorCode(world.Call<CreateSnapshotsResponse>(request).status()) == "InvalidParameterValue");
  request.mutable_instance_specification()->set_instance_id("i-00000000000000001");
  CHECK(ec2::ErrorCode(world.Call<CreateSnapshotsResponse>(request).status()) == "InvalidInstanceID.NotFound");
}

TEST_CASE("who may make volumes of a snapshot is kept, shown and taken back", "[api]") {
  ApiWorld world;
  const VolumeId volume = world.service->Get(world.Launch())->volumes.front().id;
  const std::string id = Value(world.snapshot_service->Create(volume, "", {})).snapshot.id.text();
  const std::string of = "snapshot_id: '" + id + "' ";
  const auto shown = [&] {
    DescribeSnapshotAttributeRequest request;
    request.set_snapshot_id(id);
    request.set_attribute("createVolumePermission");
    std::string text;
    const auto answer = Value(world.Call<DescribeSnapshotAttributeResponse>(request));
    for (const auto& permission : answer.create_volume_permissions()) {
      text += permission.group() + permission.user_id() + " ";
    }
    return text;
  };
  REQUIRE_OK(world.CallText("ModifySnapshotAttribute", of + "operation_type: 'add' user_ids: '123456789012'").status());
  REQUIRE_OK(
      world.CallText("ModifySnapshotAttribute", of + "create_volume_permission { add { group: 'all' } }").status());
  CHECK(shown() == "123456789012 all ");
  REQUIRE_OK(
      world.CallText("ModifySnapshotAttribute", of + "create_volume_permission { remove { user_id: '123456789012' } }")
          .status());
  CHECK(shown() == "all ");
  REQUIRE_OK(world.CallText("ResetSnapshotAttribute", of + "attribute: 'createVolumePermission'").status());
  CHECK(shown().empty());
  // As Packer says it.
  REQUIRE_OK(world
                 .CallText("ModifySnapshotAttribute",
                           of + "create_volume_permission { add { user_id: '123456789012' } } user_ids: '123456789012'")
                 .status());
  CHECK(shown() == "123456789012 ");
  REQUIRE_OK(world.CallText("ResetSnapshotAttribute", of + "attribute: 'createVolumePermission'").status());
  CHECK(CodeOf(world, "ModifySnapshotAttribute", of) == "InvalidParameterCombination");
  CHECK(CodeOf(world, "ModifySnapshotAttribute", of + "user_ids: '123456789012'") == "MissingParameter");
  CHECK(CodeOf(world, "ModifySnapshotAttribute", of + "operation_type: 'add' user_ids: 'root'") ==
        "InvalidParameterValue");
}

TEST_CASE("snapshots are described by the accounts that may make volumes of them", "[api]") {
  ApiWorld world;
  const std::string volume = world.service->Get(world.Launch())->volumes.front().id.text();
  const auto made = [&] {
    CreateSnapshotRequest request;
    request.set_volume_id(volume);
    const std::string id = Value(world.Call<CreateSnapshotResponse>(request)).snapshot_id();
    DescribeSnapshotsRequest by_id;
    by_id.add_snapshot_ids(id);
    REQUIRE(ComputeWorld::Eventually([&] { return All(world, by_id).at(0).state() == "completed"; }));
    return id;
  };
  const std::string own = made(), shared = made(), everybodys = made();
  const std::string share = "attribute: 'createVolumePermission' operation_type: 'add' snapshot_id: '";
  REQUIRE(CodeOf(world, "ModifySnapshotAttribute", share + shared + "' user_ids: '123456789012'").empty());
  REQUIRE(CodeOf(world, "ModifySnapshotAttribute", share + everybodys + "' group_names: 'all'").empty());
  const auto restorable = [&](const std::vector<std::string>& accounts, const std::string& id = "") {
    DescribeSnapshotsRequest request;
    for (const std::string& account : accounts) request.add_restorable_by_user_ids(account);
    if (!id.empty()) request.add_snapshot_ids(id);
    std::set<std::string> ids;
    for (const ec2::v1::Snapshot& each : All(world, request)) ids.insert(each.snapshot_id());
    return ids;
  };
  using Ids = std::set<std::string>;
  CHECK(restorable({"123456789012"}) == Ids{shared});
  CHECK(restorable({"all"}) == Ids{everybodys});
  CHECK(restorable({"all", "123456789012"}) == Ids{shared, everybodys});
  CHECK(restorable({"210987654321"}).empty());
  // Of its owner's are the image's, too.
  CHECK(restorable({"self"}).size() == 4);
  CHECK(restorable({world.settings.account_id, "all"}).size() == 4);
  CHECK(restorable({"all"}, own).empty());
  CHECK(restorable({"all"}, everybodys) == Ids{everybodys});
}

TEST_CASE("a copy of a snapshot is one of its own, in the one region there is", "[api]") {
  ApiWorld world;
  const std::string source = " source_snapshot_id: '" + SnapshotOf(world.image).text() + "'";
  CHECK(CodeOf(world, "CopySnapshot", "source_region: 'eu-west-1'" + source) == "InvalidParameterValue");
  CHECK(CodeOf(world, "CopySnapshot", "encrypted: true kms_key_id: 'x' source_region: 'us-east-1'" + source) ==
        "UnsupportedOperation");
  REQUIRE_OK(world.CallText("CopySnapshot", "description: 'again' source_region: 'us-east-1'" + source).status());
  const auto all = All(world);
  REQUIRE(all.size() == 2);
  CHECK((all[0].description() == "again" || all[1].description() == "again"));
}

}  // namespace brume
