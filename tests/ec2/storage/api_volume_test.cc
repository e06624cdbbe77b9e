// Volumes as the API shows them.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

ec2::v1::DescribeVolumesResponse Describe(ApiWorld& world, const std::string& filter, const std::string& value) {
  ec2::v1::DescribeVolumesRequest request;
  ec2::v1::Filter& only = *request.add_filters();
  only.set_name(filter);
  only.add_values(value);
  return Value(world.Call<ec2::v1::DescribeVolumesResponse>(request));
}

}  // namespace

TEST_CASE("the root volume of an instance is described with its attachment", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.block_devices = {{.device = "/dev/vda", .size_gib = 9, .type = VolumeType::kGp2}};
  run.volume_tags = {{"Name", "root"}};
  const InstanceId id = world.Launch(run);
  world.Launch();

  const auto answer = Describe(world, "attachment.instance-id", id.text());
  REQUIRE(answer.volumes_size() == 1);
  const ec2::v1::Volume& volume = answer.volumes(0);
  CHECK(volume.size() == 9);
  CHECK(volume.state() == "in-use");
  CHECK(volume.volume_type() == "gp2");
  CHECK(volume.availability_zone() == "us-east-1a");
  CHECK(volume.create_time() == "2027-01-15T08:00:00.000Z");
  CHECK_FALSE(volume.encrypted());
  CHECK(volume.snapshot_id() == SnapshotOf(world.image).text());
  REQUIRE(volume.tags_size() == 1);
  CHECK(volume.tags(0).value() == "root");
  REQUIRE(volume.attachments_size() == 1);
  const ec2::v1::VolumeAttachment& attachment = volume.attachments(0);
  CHECK(attachment.instance_id() == id.text());
  CHECK(attachment.volume_id() == volume.volume_id());
  CHECK(attachment.device() == "/dev/vda");
  CHECK(attachment.state() == "attached");
  CHECK(attachment.delete_on_termination());

  ec2::v1::DescribeVolumesRequest by_id;
  by_id.add_volume_ids(volume.volume_id());
  by_id.add_volume_ids(volume.volume_id());
  const auto same = Value(world.Call<ec2::v1::DescribeVolumesResponse>(by_id));
  REQUIRE(same.volumes_size() == 1);
  CHECK(same.volumes(0).DebugString() == volume.DebugString());
}

TEST_CASE("volumes are found by EC2's filters", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.block_devices = {
      {.device = "/dev/vda", .size_gib = 12, .delete_on_termination = false, .type = VolumeType::kIo1, .iops = 100}};
  run.availability_zone = "us-east-1b";
  run.volume_tags = {{"Name", "data"}};
  const InstanceId id = world.Launch(run);
  world.Launch();
  const std::string wanted = Describe(world, "attachment.instance-id", id.text()).volumes(0).volume_id();
  const std::pair<const char*, std::string> only_it[] = {
      {"attachment.delete-on-termination", "false"},
      {"availability-zone", "us-east-1b"},
      {"size", "12"},
      {"tag:Name", "dat?"},
      {"tag-key", "Name"},
      {"volume-id", wanted},
      {"volume-type", "io1"},
  };
  for (const auto& [filter, value] : only_it) {
    INFO(filter);
    const auto found = Describe(world, filter, value);
    REQUIRE(found.volumes_size() == 1);
    CHECK(found.volumes(0).volume_id() == wanted);
  }
  const std::pair<const char*, const char*> both[] = {
      {"attachment.attach-time", "2027-01-15T*"},
      {"attachment.device", "/dev/vda"},
      {"attachment.status", "attached"},
      {"create-time", "2027-01-15T*"},
      {"encrypted", "false"},
      {"fast-restored", "false"},
      {"multi-attach-enabled", "false"},
      {"snapshot-id", "snap-*"},
      {"status", "in-use"},
  };
  for (const auto& [filter, value] : both) {
    INFO(filter);
    CHECK(Describe(world, filter, value).volumes_size() == 2);
  }
  CHECK(Describe(world, "operator.principal", "*").volumes().empty());
}

TEST_CASE("a volume that outlives its instance is available, and one that does not is gone", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.block_devices = {{.device = "/dev/vda", .delete_on_termination = false}};
  const InstanceId kept = world.Launch(run);
  const InstanceId gone = world.Launch();
  const std::string volume = Describe(world, "attachment.instance-id", kept.text()).volumes(0).volume_id();
  for (const InstanceId& id : {kept, gone}) {
    REQUIRE(world.service->Terminate({&id, 1}).ok());
    REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  }
  const auto left = Value(world.Call<ec2::v1::DescribeVolumesResponse>(ec2::v1::DescribeVolumesRequest()));
  REQUIRE(left.volumes_size() == 1);
  CHECK(left.volumes(0).volume_id() == volume);
  CHECK(left.volumes(0).state() == "available");
  CHECK(left.volumes(0).attachments().empty());
}

TEST_CASE("volumes come in pages, each once", "[api]") {
  ApiWorld world;
  REQUIRE(world.service->Run(world.Request(12)).ok());
  ec2::v1::DescribeVolumesRequest request;
  request.set_max_results(5);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = Value(world.Call<ec2::v1::DescribeVolumesResponse>(request));
    CHECK(page.volumes_size() <= 5);
    for (const ec2::v1::Volume& volume : page.volumes()) CHECK(seen.insert(volume.volume_id()).second);
    ++pages;
    request.set_next_token(page.next_token());
  } while (!request.next_token().empty());
  CHECK(seen.size() == 12);
  CHECK(pages == 3);
}

TEST_CASE("a volume keeps the rate at which its snapshot's blocks were to be there", "[api]") {
  ApiWorld world;
  const std::string snapshot = SnapshotOf(world.image).text();
  const auto code = [&](const std::string& text) {
    const auto answer = world.CallText("CreateVolume", "availability_zone: 'us-east-1a' " + text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  };
  const auto made = static_cast<const ec2::v1::CreateVolumeResponse&>(*Value(world.CallText(
      "CreateVolume",
      "availability_zone: 'us-east-1a' volume_initialization_rate: 150 snapshot_id: '" + snapshot + "'")));
  CHECK(made.volume_initialization_rate() == 150);
  CHECK(Describe(world, "volume-id", made.volume_id()).volumes(0).volume_initialization_rate() == 150);
  CHECK(code("size: 1 volume_initialization_rate: 150") == "InvalidParameterCombination");
  CHECK(code("volume_initialization_rate: 99 snapshot_id: '" + snapshot + "'") == "InvalidParameterValue");
  CHECK(code("volume_initialization_rate: 301 snapshot_id: '" + snapshot + "'") == "InvalidParameterValue");
  const std::string run = "image_id: '" + world.image.text() + "' min_count: 1 max_count: 1 block_device_mappings ";
  const auto launched = static_cast<const ec2::v1::RunInstancesResponse&>(*Value(world.CallText(
      "RunInstances", run + "{ device_name: '/dev/vda' ebs { volume_initialization_rate: 300 ebs_card_index: 0 } }")));
  const auto root = Describe(world, "attachment.instance-id", launched.instances(0).instance_id()).volumes(0);
  CHECK(root.volume_initialization_rate() == 300);
  CHECK(root.attachments(0).ebs_card_index() == 0);
  CHECK(ec2::ErrorCode(world
                           .CallText("RunInstances", run + "{ device_name: '/dev/sdf' ebs { volume_size: 1 "
                                                           "volume_initialization_rate: 300 } }")
                           .status()) == "InvalidParameterCombination");
  CHECK(ec2::ErrorCode(
            world.CallText("RunInstances", run + "{ device_name: '/dev/vda' ebs { ebs_card_index: 1 } }").status()) ==
        "UnsupportedOperation");
}

}  // namespace brume
