// What keeps images and snapshots from being made everybody's.
#include <catch2/catch.hpp>
#include <string>

#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/public_access.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

struct PublicAccessWorld : ApiWorld {
  const std::string snapshot = Taken();

  std::string Taken() {
    const std::string volume = service->Get(Launch())->volumes.front().id.text();
    return Value(snapshot_service->Create(*VolumeId::Parse(volume), "", {})).snapshot.id.text();
  }
  std::string CodeOf(const std::string& action, const std::string& request = "") {
    return std::string(ec2::ErrorCode(CallText(action, request).status()));
  }
  std::string ShareImage(const std::string& how) {
    return CodeOf("ModifyImageAttribute", "image_id: '" + image.text() + "' " + how);
  }
  std::string ShareSnapshot(const std::string& how) {
    return CodeOf("ModifySnapshotAttribute", "snapshot_id: '" + snapshot + "' " + how);
  }
  GetImageBlockPublicAccessStateResponse OfImages() {
    return Value(Call<GetImageBlockPublicAccessStateResponse>(GetImageBlockPublicAccessStateRequest()));
  }
  GetSnapshotBlockPublicAccessStateResponse OfSnapshots() {
    return Value(Call<GetSnapshotBlockPublicAccessStateResponse>(GetSnapshotBlockPublicAccessStateRequest()));
  }
};

constexpr char kImageForAll[] = "launch_permission { add { group: 'all' } }";
constexpr char kSnapshotForAll[] = "create_volume_permission { add { group: 'all' } }";

}  // namespace

TEST_CASE("no image is made everybody's while public access is blocked, and one that is it stays so", "[image]") {
  PublicAccessWorld world;
  CHECK(world.OfImages().image_block_public_access_state() == "unblocked");
  CHECK(world.OfImages().managed_by() == "account");
  REQUIRE(world.CodeOf("EnableImageBlockPublicAccess", "image_block_public_access_state: 'block-new-sharing'").empty());
  CHECK(world.OfImages().image_block_public_access_state() == "block-new-sharing");
  CHECK(world.ShareImage(kImageForAll) == "OperationNotPermitted");
  CHECK(world.ShareImage("operation_type: 'add' user_groups: 'all'") == "OperationNotPermitted");
  CHECK(world.ShareImage("launch_permission { add { user_id: '123456789012' } }").empty());
  CHECK(world.ShareSnapshot(kSnapshotForAll).empty());

  REQUIRE(world.CodeOf("DisableImageBlockPublicAccess").empty());
  CHECK(world.OfImages().image_block_public_access_state() == "unblocked");
  REQUIRE(world.ShareImage(kImageForAll).empty());
  REQUIRE(world.CodeOf("EnableImageBlockPublicAccess", "image_block_public_access_state: 'block-new-sharing'").empty());
  const auto shown = Value(world.Call<DescribeImagesResponse>(DescribeImagesRequest()));
  CHECK(shown.images(0).public_());
  CHECK(world.ShareImage("launch_permission { remove { group: 'all' } }").empty());
}

TEST_CASE("no snapshot is made everybody's while public access is blocked, in either mode", "[snapshot]") {
  PublicAccessWorld world;
  CHECK(world.OfSnapshots().state() == "unblocked");
  for (const std::string mode : {"block-new-sharing", "block-all-sharing"}) {
    INFO(mode);
    REQUIRE(world.CodeOf("EnableSnapshotBlockPublicAccess", "state: '" + mode + "'").empty());
    CHECK(world.OfSnapshots().state() == mode);
    CHECK(world.OfSnapshots().managed_by() == "account");
    CHECK(world.ShareSnapshot(kSnapshotForAll) == "OperationNotPermitted");
    CHECK(world.ShareSnapshot("operation_type: 'add' group_names: 'all'") == "OperationNotPermitted");
    CHECK(world.ShareSnapshot("create_volume_permission { add { user_id: '123456789012' } }").empty());
    CHECK(world.ShareImage(kImageForAll).empty());
  }
  REQUIRE(world.CodeOf("DisableSnapshotBlockPublicAccess").empty());
  CHECK(world.OfSnapshots().state() == "unblocked");
  CHECK(world.ShareSnapshot(kSnapshotForAll).empty());
  // What is everybody's already keeps its permissions, and loses them by a call of one's own.
  REQUIRE(world.CodeOf("EnableSnapshotBlockPublicAccess", "state: 'block-all-sharing'").empty());
  const auto attribute = Value(world.CallText("DescribeSnapshotAttribute",
                                              "attribute: 'createVolumePermission' "
                                              "snapshot_id: '" +
                                                  world.snapshot + "'"));
  CHECK(static_cast<const DescribeSnapshotAttributeResponse&>(*attribute).create_volume_permissions_size() == 2);
  CHECK(
      world
          .CodeOf("ResetSnapshotAttribute", "attribute: 'createVolumePermission' snapshot_id: '" + world.snapshot + "'")
          .empty());
}

}  // namespace brume
