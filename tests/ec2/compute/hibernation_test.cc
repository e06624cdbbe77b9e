// Instances that hibernate, over real services and reconcilers.
#include <catch2/catch.hpp>
#include <string>

#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

class World : public ComputeWorld {
 public:
  using ComputeWorld::ComputeWorld;

  compute::RunRequest Wish() const {
    compute::RunRequest request = Request();
    request.hibernation = true;
    request.block_devices = {{.device = "/dev/vda", .encrypted = true}};
    return request;
  }
  std::string CodeOf(const compute::RunRequest& request) {
    return std::string(ec2::ErrorCode(service->Run(request).status()));
  }
  void Hibernate(const InstanceId& id) {
    const auto changes = service->Hibernate({&id, 1});
    INFO(changes.status());
    REQUIRE(changes.ok());
    CHECK(changes->front().current == InstanceState::kStopping);
    REQUIRE(Reaches(id, InstanceState::kStopped));
  }
  void Start(const InstanceId& id) {
    REQUIRE(service->Start({&id, 1}).ok());
    REQUIRE(Reaches(id, InstanceState::kRunning));
  }
};

}  // namespace

TEST_CASE("a hibernated instance goes on from its memory, which is used once", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  CHECK(world.Row(id).hibernation == Hibernation::kConfigured);
  CHECK_FALSE(world.hypervisor.SpecOf(id)->memory_key.has_value());
  world.Hibernate(id);
  CHECK(world.Row(id).hibernation == Hibernation::kSaved);
  CHECK(world.Row(id).state_reason.code == "Client.UserInitiatedHibernate");
  CHECK(world.hypervisor.CallsOf("AskToStop") == 0);
  CHECK(world.hypervisor.Memories() == 1);
  CHECK_FALSE(world.service->Get(id)->interfaces.front().public_ip.has_value());

  world.Start(id);
  CHECK(world.hypervisor.SpecOf(id)->memory_key.has_value());
  CHECK(*world.hypervisor.Observe(id) == compute::Power::kOn);
  CHECK(world.Row(id).hibernation == Hibernation::kConfigured);
  CHECK(world.Row(id).state_reason.code.empty());
  CHECK(world.hypervisor.Memories() == 0);
  CHECK(*world.fabric.Probe(world.service->Get(id)->interfaces.front(), absl::Seconds(1)));

  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  world.Start(id);
  CHECK_FALSE(world.hypervisor.SpecOf(id)->memory_key.has_value());
}

TEST_CASE("an instance hibernates only where it was launched for that, from an encrypted root that has room",
          "[compute]") {
  World world;
  compute::RunRequest request = world.Wish();
  request.block_devices.clear();
  CHECK(world.CodeOf(request) == "UnsupportedHibernationConfiguration");
  request = world.Wish();
  request.instance_type = "m5.xlarge";  // more memory than the root volume has
  CHECK(world.CodeOf(request) == "UnsupportedHibernationConfiguration");
  request.block_devices.front().size_gib = 16;
  CHECK(world.CodeOf(request) == "");
  const InstanceId plain = world.Launch();
  CHECK(ec2::ErrorCode(world.service->Hibernate({&plain, 1}).status()) == "UnsupportedHibernationConfiguration");
  CHECK(world.Row(plain).state == InstanceState::kRunning);
}

TEST_CASE("an instance whose memory cannot be saved is stopped as any other, and says why", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  world.hypervisor.Fail("SaveMemory", absl::ResourceExhaustedError("the disk is full"));
  world.Hibernate(id);
  const Instance row = world.Row(id);
  CHECK(row.hibernation == Hibernation::kConfigured);
  CHECK(row.state_reason.code == "Client.UserInitiatedShutdown");
  CHECK(row.state_reason.message.find("the disk is full") != std::string::npos);
  CHECK(world.hypervisor.CallsOf("AskToStop") > 0);
  world.Start(id);
  CHECK_FALSE(world.hypervisor.SpecOf(id)->memory_key.has_value());
}

TEST_CASE("an instance boots where its memory is of no use", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  world.Hibernate(id);
  REQUIRE(world.hypervisor.DiscardMemory(world.disks.InstanceDirectory(id)).ok());
  world.Start(id);
  CHECK_FALSE(world.hypervisor.SpecOf(id)->memory_key.has_value());
  CHECK(world.Row(id).hibernation == Hibernation::kConfigured);
}

TEST_CASE("a guest that was made and lacks its memory, as after a crash, is made anew and not resumed", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  world.Hibernate(id);
  compute::GuestSpec bare{.id = id};
  REQUIRE(world.hypervisor.CreatePaused(bare).ok());
  world.Start(id);
  CHECK(world.hypervisor.SpecOf(id)->memory_key.has_value());
}

TEST_CASE("under a hibernated instance neither its type nor its disks change", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  world.Hibernate(id);
  storage::VolumeService volumes({.database = *world.database,
                                  .settings = world.settings,
                                  .clock = world.clock,
                                  .random = world.random,
                                  .wake_volume = [&](const VolumeId& volume) { world.volumes_made->Wake(volume); }});
  compute::VolumeAttachmentService attachments(*world.database, world.clock,
                                               [&](const InstanceId& instance) { world.reconciler->Wake(instance); });
  const auto made = volumes.Create({.availability_zone = "us-east-1a", .type = VolumeType::kGp3, .size_gib = 1});
  REQUIRE(made.ok());
  const VolumeId data = made->volume.id;
  REQUIRE(ComputeWorld::Eventually([&] {
    return volumes.List({&data, 1})->front().volume.state == VolumeState::kAvailable;
  }));
  CHECK(ec2::ErrorCode(attachments.Attach({data, id, "/dev/sdf"}).status()) == "UnsupportedOperation");
  const VolumeId root = world.service->Get(id)->volumes.front().id;
  CHECK(ec2::ErrorCode(attachments.Detach({.volume_id = root}).status()) == "UnsupportedOperation");
  compute::InstanceChange change;
  change.instance_type = "b1.small";
  CHECK(ec2::ErrorCode(world.service->Modify(id, change)) == "UnsupportedOperation");
}

TEST_CASE("memory goes with the instance that is terminated", "[compute]") {
  World world;
  const InstanceId id = world.Launch(world.Wish());
  world.Hibernate(id);
  REQUIRE(world.hypervisor.Memories() == 1);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(world.hypervisor.Memories() == 0);
}

}  // namespace brume
