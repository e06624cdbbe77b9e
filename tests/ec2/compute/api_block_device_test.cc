// Volumes that launches make.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// The root is larger than its image, one volume is empty, one is made of the image's snapshot, one is left out.
std::string Mappings(const ApiWorld& world) {
  return absl::StrCat(
      "block_device_mappings { device_name: '/dev/sdg' ebs { snapshot_id: '", SnapshotOf(world.image).text(),
      "' delete_on_termination: true } } block_device_mappings { device_name: '/dev/sdf' ebs { volume_size: 4 "
      "volume_type: 'io1' iops: 100 } } block_device_mappings { device_name: '/dev/sdh' no_device: '' } "
      "block_device_mappings { device_name: '/dev/vda' no_device: '' ebs { volume_size: 10 } } ");
}

std::map<std::string, ec2::v1::Volume> ByDevice(ApiWorld& world) {
  std::map<std::string, ec2::v1::Volume> volumes;
  const auto answer = Value(world.Call<ec2::v1::DescribeVolumesResponse>(ec2::v1::DescribeVolumesRequest()));
  for (const ec2::v1::Volume& volume : answer.volumes()) {
    REQUIRE(volume.attachments_size() == 1);
    volumes[volume.attachments(0).device()] = volume;
  }
  return volumes;
}

void CheckMade(ApiWorld& world, const InstanceId& id) {
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  auto volumes = ByDevice(world);
  REQUIRE(volumes.size() == 3);
  const std::string snapshot = SnapshotOf(world.image).text();
  CHECK(volumes["/dev/vda"].size() == 10);
  CHECK(volumes["/dev/vda"].snapshot_id() == snapshot);
  CHECK(volumes["/dev/vda"].attachments(0).delete_on_termination());
  CHECK(volumes["/dev/sdf"].size() == 4);
  CHECK(volumes["/dev/sdf"].volume_type() == "io1");
  CHECK(volumes["/dev/sdf"].snapshot_id().empty());
  CHECK_FALSE(volumes["/dev/sdf"].attachments(0).delete_on_termination());
  CHECK(volumes["/dev/sdg"].size() == 8);
  CHECK(volumes["/dev/sdg"].snapshot_id() == snapshot);
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  REQUIRE(spec->disks.size() == 3);
  CHECK(spec->disks[0].device == "/dev/vda");
  CHECK(spec->disks[1].device == "/dev/sdf");
  CHECK(spec->disks[1].limits.iops == 100);
  CHECK(spec->disks[2].device == "/dev/sdg");
  for (const auto& [device, volume] : volumes) CHECK(volume.attachments(0).state() == "attached");
}

InstanceId Launched(const std::unique_ptr<google::protobuf::Message>& answer) {
  const auto& response = static_cast<const ec2::v1::RunInstancesResponse&>(*answer);
  return *InstanceId::Parse(response.instances(0).instance_id());
}

}  // namespace

TEST_CASE("a launch makes the volumes that its block device mappings ask for, and those go as they say", "[api]") {
  ApiWorld world;
  const auto answer = world.CallText(
      "RunInstances", absl::StrCat("image_id: '", world.image.text(), "' min_count: 1 max_count: 1 ", Mappings(world)));
  INFO(answer.status());
  REQUIRE(answer.ok());
  const InstanceId id = Launched(*answer);
  CheckMade(world, id);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  const auto left = Value(world.Call<ec2::v1::DescribeVolumesResponse>(ec2::v1::DescribeVolumesRequest()));
  REQUIRE(left.volumes_size() == 1);
  CHECK(left.volumes(0).size() == 4);
  CHECK(left.volumes(0).state() == "available");
  CHECK(world.disks.List()->volumes.size() == 1);
}

TEST_CASE("a launch template keeps block device mappings, and launches from it make the volumes", "[api]") {
  ApiWorld world;
  const std::string data = absl::StrCat("image_id: '", world.image.text(), "' ", Mappings(world));
  REQUIRE_OK(world
                 .CallText("CreateLaunchTemplate",
                           absl::StrCat("launch_template_name: 'web' launch_template_data { ", data, " }"))
                 .status());
  const auto answer =
      world.CallText("RunInstances", "launch_template { launch_template_name: 'web' } min_count: 1 max_count: 1");
  INFO(answer.status());
  REQUIRE(answer.ok());
  CheckMade(world, Launched(*answer));
}

TEST_CASE("a launch configuration keeps block device mappings and shows them", "[api]") {
  ApiWorld world;
  const std::string snapshot = SnapshotOf(world.image).text();
  const auto made = world.CallText(
      "CreateLaunchConfiguration",
      absl::StrCat("launch_configuration_name: 'lc' instance_type: 'b1.tiny' image_id: '", world.image.text(),
                   "' block_device_mappings { device_name: '/dev/sdf' ebs { snapshot_id: '", snapshot,
                   "' volume_type: 'gp3' iops: 3500 } } block_device_mappings { device_name: '/dev/sdg' no_device: "
                   "true }"));
  INFO(made.status());
  REQUIRE(made.ok());
  const auto shown = world.CallText("DescribeLaunchConfigurations", "");
  REQUIRE(shown.ok());
  const auto& answer = static_cast<const autoscaling::v1::DescribeLaunchConfigurationsResponse&>(**shown);
  REQUIRE(answer.launch_configurations_size() == 1);
  const auto& configuration = answer.launch_configurations(0);
  REQUIRE(configuration.block_device_mappings_size() == 2);
  CHECK(configuration.block_device_mappings(0).ebs().snapshot_id() == snapshot);
  CHECK(configuration.block_device_mappings(0).ebs().iops() == 3500);
  CHECK(configuration.block_device_mappings(1).no_device());
  CHECK_FALSE(configuration.block_device_mappings(1).has_ebs());
}

}  // namespace brume
