// Volumes that come to instances and go from them, over real services and reconcilers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/storage/model/device_name.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/resource/ec2_error.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

using compute::AttachRequest;
using compute::DetachRequest;

std::string SerialOf(const VolumeId& id) { return absl::StrReplaceAll(id.text(), {{"-", ""}}); }

class World : public ComputeWorld {
 public:
  Volume Row(const VolumeId& id) {
    return database->ReadFor([&](store::Connection& c) { return storage::GetVolume(c, id); }).value();
  }
  using ComputeWorld::Row;

  // One that is available.
  VolumeId Create(const std::string& zone = "us-east-1a") {
    const auto view = volumes.Create({.availability_zone = zone, .type = VolumeType::kGp3, .size_gib = 1});
    REQUIRE(view.ok());
    REQUIRE(Eventually([&] { return Row(view->volume.id).state == VolumeState::kAvailable; }));
    return view->volume.id;
  }

  bool Reaches(const VolumeId& id, AttachmentState state) {
    return Eventually([&] { return !Row(id).instance_id.empty() && Row(id).attachment_state == state; });
  }
  using ComputeWorld::Reaches;
  bool BecomesFree(const VolumeId& id) {
    return Eventually([&] { return Row(id).state == VolumeState::kAvailable; });
  }

  void Attach(const VolumeId& volume, const InstanceId& instance, const std::string& device) {
    const auto attached = attachments.Attach({volume, instance, device});
    INFO(attached.status());
    REQUIRE(attached.ok());
    REQUIRE(Reaches(volume, AttachmentState::kAttached));
  }

  // Serials of the guest's disks, in their order.
  std::vector<std::string> Disks(const InstanceId& id) {
    std::vector<std::string> serials;
    const compute::GuestSpec spec = hypervisor.SpecOf(id).value_or(compute::GuestSpec());
    for (const compute::GuestDisk& disk : spec.disks) serials.push_back(disk.serial);
    return serials;
  }

  VolumeId Root(const InstanceId& id) {
    const std::vector<Volume> all = service->Get(id)->volumes;
    for (const Volume& volume : all) {
      if (volume.device_name == Row(id).root_device_name) return volume.id;
    }
    return {};
  }

  std::string Refusal(const AttachRequest& request) {
    return std::string(ec2::ErrorCode(attachments.Attach(request).status()));
  }
  std::string Refusal(const DetachRequest& request) {
    return std::string(ec2::ErrorCode(attachments.Detach(request).status()));
  }

  bool Completes(const VolumeId& id) {
    return Eventually([&] {
      const auto found = modifications.List({&id, 1});
      return found.ok() && found->size() == 1 && found->front().state == ModificationState::kCompleted;
    });
  }

  void Stop(const InstanceId& id) {
    REQUIRE(service->Stop({&id, 1}, /*force=*/false).ok());
    REQUIRE(Reaches(id, InstanceState::kStopped));
  }

  storage::VolumeService volumes{{.database = *database,
                                  .settings = settings,
                                  .clock = clock,
                                  .random = random,
                                  .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); }}};
  storage::VolumeModificationService modifications{*database, settings, clock, [this](const Volume& volume) {
                                                     if (volume.instance_id.empty()) {
                                                       volumes_made->Wake(volume.id);
                                                     } else {
                                                       reconciler->Wake(volume.instance_id);
                                                     }
                                                   }};
  compute::VolumeAttachmentService attachments{*database, clock,
                                               [this](const InstanceId& id) { reconciler->Wake(id); }};
};

}  // namespace

TEST_CASE("a volume comes to a running guest, goes from it, and to another", "[compute]") {
  World world;
  const InstanceId first = world.Launch(), second = world.Launch();
  const VolumeId volume = world.Create();
  const auto begun = world.attachments.Attach({volume, first, "/dev/sdf"});
  REQUIRE(begun.ok());
  CHECK(begun->attachment_state == AttachmentState::kAttaching);
  CHECK(begun->state == VolumeState::kInUse);
  CHECK_FALSE(begun->delete_on_termination);
  REQUIRE(world.Reaches(volume, AttachmentState::kAttached));
  CHECK(world.Disks(first) == std::vector{SerialOf(world.Root(first)), SerialOf(volume)});
  CHECK(world.service->Get(first)->volumes.size() == 2);

  const auto ended = world.attachments.Detach({.volume_id = volume});
  REQUIRE(ended.ok());
  CHECK(ended->attachment_state == AttachmentState::kDetaching);
  REQUIRE(world.BecomesFree(volume));
  CHECK(world.Disks(first).size() == 1);
  CHECK(world.Row(volume).instance_id.empty());
  world.Attach(volume, second, "/dev/sdf");
  CHECK(world.Disks(second).size() == 2);
}

TEST_CASE("a stopped instance has its volumes at once, and its guest at the next start, the root first", "[compute]") {
  World world;
  const VolumeId late = world.Create(), early = world.Create();
  const InstanceId id = world.Launch();
  const VolumeId root = world.Root(id);
  world.Stop(id);
  world.Attach(late, id, "/dev/sdz");
  world.Attach(early, id, "/dev/sdb");
  REQUIRE(world.service->Start({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(world.Disks(id) == std::vector{SerialOf(root), SerialOf(early), SerialOf(late)});
  world.Stop(id);
  CHECK(world.Row(late).attachment_state == AttachmentState::kAttached);
  REQUIRE(world.attachments.Detach({.volume_id = late}).ok());
  CHECK(world.BecomesFree(late));
}

TEST_CASE("a guest has the disk at its root device first, also when that is not its oldest volume", "[compute]") {
  World world;
  const VolumeId older = world.Create();
  const InstanceId id = world.Launch();
  const VolumeId root = world.Root(id);
  world.Stop(id);
  REQUIRE(world.attachments.Detach({.volume_id = root}).ok());
  REQUIRE(world.BecomesFree(root));
  const auto start = world.service->Start({&id, 1});
  CHECK(ec2::ErrorCode(start.status()) == "InvalidParameterValue");
  world.Attach(older, id, "/dev/vda");
  world.Attach(root, id, "/dev/sda");
  REQUIRE(world.service->Start({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(world.Disks(id) == std::vector{SerialOf(older), SerialOf(root)});
}

TEST_CASE("what attaches and detaches volumes refuses with EC2's codes, and changes nothing", "[compute]") {
  World world;
  const InstanceId id = world.Launch(), other = world.Launch(), dead = world.Launch();
  REQUIRE(world.service->Terminate({&dead, 1}).ok());
  REQUIRE(world.Reaches(dead, InstanceState::kTerminated));
  const VolumeId used = world.Create(), free = world.Create(), far = world.Create("us-east-1b");
  world.Attach(used, id, "/dev/sdf");
  world.volumes_made->Stop();
  const VolumeId creating =
      world.volumes.Create({.availability_zone = "us-east-1a", .type = VolumeType::kGp3, .size_gib = 1})->volume.id;
  const VolumeId none = *VolumeId::Parse("vol-00000000000000000");
  const InstanceId nobody = *InstanceId::Parse("i-00000000000000000");
  const Volume before = world.Row(used);

  const std::pair<const char*, AttachRequest> attachments[] = {
      {"InvalidVolume.NotFound", {none, id, "/dev/sdg"}},
      {"InvalidInstanceID.NotFound", {free, nobody, "/dev/sdg"}},
      {"VolumeInUse", {used, other, "/dev/sdg"}},
      {"VolumeInUse", {used, id, "/dev/sdf"}},
      {"IncorrectState", {creating, id, "/dev/sdg"}},
      {"IncorrectState", {free, dead, "/dev/sdg"}},
      {"InvalidVolume.ZoneMismatch", {far, id, "/dev/sdg"}},
      {"InvalidParameterValue", {free, id, "/dev/sdf"}},
      {"InvalidParameterValue", {free, id, "/dev/vda"}},
      {"InvalidParameterValue", {free, id, "/dev/null"}},
      {"InvalidParameterValue", {free, id, ""}},
  };
  for (const auto& [code, request] : attachments) {
    INFO(code << " " << request.volume_id.text() << " " << request.device);
    CHECK(world.Refusal(request) == code);
  }
  const std::pair<const char*, DetachRequest> detachments[] = {
      {"InvalidVolume.NotFound", {.volume_id = none, .instance_id = {}}},
      {"IncorrectState", {.volume_id = free, .instance_id = {}}},
      {"InvalidAttachment.NotFound", {.volume_id = used, .instance_id = other}},
      {"InvalidAttachment.NotFound", {.volume_id = used, .instance_id = id, .device = "/dev/sdg"}},
      {"OperationNotPermitted", {.volume_id = world.Root(id), .instance_id = {}}},
  };
  for (const auto& [code, request] : detachments) {
    INFO(code << " " << request.volume_id.text());
    CHECK(world.Refusal(request) == code);
  }
  CHECK(world.Row(used).version == before.version);
  CHECK(world.Row(free).instance_id.empty());
}

TEST_CASE("an instance takes so many volumes while it runs, more when it is stopped, and no more", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const auto device = [](size_t i) { return absl::StrCat("/dev/sd", std::string(1, static_cast<char>('a' + i))); };
  for (size_t i = 1; i < kMaxVolumesWhileRunning; ++i) world.Attach(world.Create(), id, device(i));
  CHECK(world.Refusal(AttachRequest{world.Create(), id, "/dev/xvdba"}) == "AttachmentLimitExceeded");
  world.Stop(id);
  for (size_t i = kMaxVolumesWhileRunning; i < kMaxVolumesOfInstance; ++i) {
    world.Attach(world.Create(), id, device(i));
  }
  CHECK(world.Refusal(AttachRequest{world.Create(), id, "/dev/xvdba"}) == "AttachmentLimitExceeded");
}

TEST_CASE("a guest that does not let go of a volume is asked again, then busy, and gives it up when it is off",
          "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId volume = world.Create();
  world.Attach(volume, id, "/dev/sdf");
  world.hypervisor.HoldDisks(true);
  REQUIRE(world.attachments.Detach({.volume_id = volume}).ok());
  REQUIRE(World::Eventually([&] { return world.hypervisor.CallsOf("DetachDisk") == 1; }));
  CHECK(world.Row(volume).attachment_state == AttachmentState::kDetaching);
  REQUIRE(World::Eventually([&] {
    world.clock.Advance(absl::Seconds(5));
    world.reconciler->Wake(id);
    return world.Row(volume).attachment_state == AttachmentState::kBusy;
  }));
  const int asked = world.hypervisor.CallsOf("DetachDisk");
  CHECK(asked >= 3);
  // Who asks once more by force is heard at once.
  REQUIRE(world.attachments.Detach({.volume_id = volume, .force = true}).ok());
  REQUIRE(World::Eventually([&] { return world.hypervisor.CallsOf("DetachDisk") > asked; }));
  CHECK(world.Disks(id).size() == 2);
  world.Stop(id);
  CHECK(world.BecomesFree(volume));
}

TEST_CASE("a volume on its way when the daemon died is where it was to go in its next life", "[compute]") {
  World world;
  const InstanceId on = world.Launch(), off = world.Launch();
  world.Stop(off);
  const VolumeId to_on = world.Create(), to_off = world.Create(), from_on = world.Create();
  world.Attach(from_on, on, "/dev/sdg");
  world.reconciler->Stop();
  REQUIRE(world.attachments.Attach({to_on, on, "/dev/sdf"}).ok());
  REQUIRE(world.attachments.Attach({to_off, off, "/dev/sdf"}).ok());
  REQUIRE(world.attachments.Detach({.volume_id = from_on}).ok());
  world.Boot("first-boot");
  CHECK(world.Reaches(to_on, AttachmentState::kAttached));
  CHECK(world.Reaches(to_off, AttachmentState::kAttached));
  CHECK(world.BecomesFree(from_on));
}

TEST_CASE("a volume that was to be detached is not deleted with its instance", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId volume = world.Create();
  world.Attach(volume, id, "/dev/sdf");
  compute::InstanceChange change;
  change.delete_on_termination["/dev/sdf"] = true;
  REQUIRE(world.service->Modify(id, change).ok());
  world.hypervisor.HoldDisks(true);
  REQUIRE(world.attachments.Detach({.volume_id = volume}).ok());
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(world.Row(volume).state == VolumeState::kAvailable);
}

TEST_CASE("a volume that cannot be attached yet stands in no other's way", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId first = world.Create(), second = world.Create();
  world.hypervisor.Fail("AttachDisk", absl::InternalError("no port"), 1);
  REQUIRE(world.attachments.Attach({first, id, "/dev/sdf"}).ok());
  REQUIRE(world.attachments.Attach({second, id, "/dev/sdg"}).ok());
  CHECK(world.Reaches(first, AttachmentState::kAttached));
  CHECK(world.Reaches(second, AttachmentState::kAttached));
  CHECK(World::Eventually([&] { return world.Row(id).last_error.empty(); }));
}

TEST_CASE("a snapshot of a volume on its way to a guest is taken, and holds up neither", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId volume = world.Create();
  world.reconciler->Stop();
  REQUIRE(world.attachments.Attach({volume, id, "/dev/sdf"}).ok());
  const auto snapshot = world.snapshot_service->Create(volume, "", {});
  REQUIRE(snapshot.ok());
  world.Boot("first-boot");
  CHECK(world.Reaches(volume, AttachmentState::kAttached));
  CHECK(World::Eventually([&] {
    const SnapshotId& taken = snapshot->snapshot.id;
    return world.snapshot_service->List({&taken, 1})->front().snapshot.state == SnapshotState::kCompleted;
  }));
}

TEST_CASE("a volume is not attached while a snapshot of it is being taken", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId volume = world.Create();
  world.snapshots->Stop();
  REQUIRE(world.snapshot_service->Create(volume, "", {}).ok());
  CHECK(world.Refusal(AttachRequest{volume, id, "/dev/sdf"}) == "IncorrectState");
}

TEST_CASE("a disk does in a second what its volume's type does at most, from its guest's start and its attachment on",
          "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  world.Attach(world.Create(), id, "/dev/sdf");
  const auto spec = world.hypervisor.SpecOf(id);
  REQUIRE(spec.has_value());
  REQUIRE(spec->disks.size() == 2);
  for (const compute::GuestDisk& disk : spec->disks) {
    CHECK(disk.limits.iops == 3000);
    CHECK(disk.limits.bytes_per_second == int64_t{125} << 20);
  }
  // One that was started by a daemon that set no limits, or others, has them soon.
  REQUIRE(world.hypervisor.SetDiskLimits(id, spec->disks[0].serial, {}).ok());
  world.reconciler->Wake(id);
  CHECK(World::Eventually([&] { return world.hypervisor.SpecOf(id)->disks[0].limits.iops == 3000; }));
}

TEST_CASE("a volume in use grows and changes its rates while its guest runs, step by step", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId volume = world.Create();
  world.Attach(volume, id, "/dev/sdf");
  const auto begun = world.modifications.Modify(volume, {.size_gib = 8, .iops = 4000});
  REQUIRE(begun.ok());
  CHECK(begun->state == ModificationState::kModifying);
  CHECK(begun->original.size_gib == 1);
  CHECK(begun->target.size_gib == 8);
  REQUIRE(world.Completes(volume));
  CHECK(world.Row(volume).size_gib == 8);
  CHECK(world.Row(volume).iops == 4000);
  CHECK(world.hypervisor.SizeOf(SerialOf(volume)) == int64_t{8} << 30);
  CHECK(World::Eventually([&] { return world.hypervisor.SpecOf(id)->disks.back().limits.iops == 4000; }));
  // Rates alone leave the disk as it is.
  const int resized = world.hypervisor.CallsOf("ResizeDisk");
  REQUIRE(world.modifications.Modify(volume, {.type = VolumeType::kGp2}).ok());
  REQUIRE(world.Completes(volume));
  CHECK(world.Row(volume).type == VolumeType::kGp2);
  CHECK_FALSE(world.Row(volume).iops.has_value());
  CHECK(world.hypervisor.CallsOf("ResizeDisk") == resized);
}

TEST_CASE("a volume grows while nobody has it, and while its instance is stopped", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId free = world.Create(), stopped = world.Root(id);
  world.Stop(id);
  for (const VolumeId& volume : {free, stopped}) {
    REQUIRE(world.modifications.Modify(volume, {.size_gib = 30}).ok());
    REQUIRE(world.Completes(volume));
    CHECK(world.Row(volume).size_gib == 30);
  }
  CHECK(world.hypervisor.CallsOf("ResizeDisk") == 0);
}

TEST_CASE("a modification that a dead daemon left is gone on with, on and off, and another waits for its end",
          "[compute]") {
  World world;
  const InstanceId on = world.Launch(), off = world.Launch();
  world.Stop(off);
  const VolumeId volumes[] = {world.Root(on), world.Root(off), world.Create()};
  world.reconciler->Stop();
  world.volumes_made->Stop();
  for (const VolumeId& volume : volumes) {
    REQUIRE(world.modifications.Modify(volume, {.size_gib = 30}).ok());
    CHECK(ec2::ErrorCode(world.modifications.Modify(volume, {.size_gib = 31}).status()) ==
          "IncorrectModificationState");
  }
  world.volumes_made = std::make_unique<storage::VolumeReconciler>(*world.database, world.disks, world.clock, [] {});
  world.volumes_made->Start();
  world.Boot("first-boot");
  for (const VolumeId& volume : volumes) {
    CHECK(world.Completes(volume));
    CHECK(world.Row(volume).size_gib == 30);
  }
}

TEST_CASE("a disk that cannot grow fails its modification and keeps its size", "[compute]") {
  World world;
  const InstanceId id = world.Launch();
  const VolumeId root = world.Root(id);
  world.hypervisor.Fail("ResizeDisk", absl::InvalidArgumentError("the disk is too old"));
  REQUIRE(world.modifications.Modify(root, {.size_gib = 30}).ok());
  REQUIRE(World::Eventually([&] {
    return world.modifications.List({&root, 1})->front().state == ModificationState::kFailed;
  }));
  CHECK(world.modifications.List({&root, 1})->front().status_message == "the disk is too old");
  CHECK(world.Row(root).size_gib == 8);
  // What may pass is tried again.
  world.hypervisor.Fail("ResizeDisk", absl::UnavailableError("busy"));
  REQUIRE(world.modifications.Modify(root, {.size_gib = 30}).ok());
  CHECK(world.Completes(root));
}

TEST_CASE("what a volume cannot be made is refused with EC2's codes", "[compute]") {
  World world;
  const VolumeId volume = world.Create();
  const std::pair<const char*, storage::VolumeChange> cases[] = {
      {"MissingParameter", {}},
      {"InvalidParameterValue", {.size_gib = 0}},
      {"InvalidParameterValue", {.size_gib = 65537}},
      {"InvalidParameterValue", {.size_gib = 16385, .type = VolumeType::kGp2}},
      {"InvalidParameterValue", {.type = VolumeType::kSt1}},
      {"InvalidParameterValue", {.type = VolumeType::kIo1, .iops = 100}},
      {"MissingParameter", {.size_gib = 4, .type = VolumeType::kIo1}},
      {"InvalidParameterCombination", {.type = VolumeType::kGp2, .iops = 3000}},
      {"InvalidParameterValue", {.iops = 2999}},
      {"InvalidParameterValue", {.throughput = 5000}},
  };
  for (const auto& [code, change] : cases) {
    INFO(code);
    CHECK(ec2::ErrorCode(world.modifications.Modify(volume, change).status()) == code);
  }
  const VolumeId none = *VolumeId::Parse("vol-00000000000000000");
  CHECK(ec2::ErrorCode(world.modifications.Modify(none, {.size_gib = 2}).status()) == "InvalidVolume.NotFound");
  CHECK(ec2::ErrorCode(world.modifications.List({&none, 1}).status()) == "InvalidVolume.NotFound");
  CHECK(ec2::ErrorCode(world.modifications.List({&volume, 1}).status()) == "InvalidVolumeModification.NotFound");
}

TEST_CASE("devices have the names that EC2 knows", "[compute]") {
  for (const char* good :
       {"/dev/sdf", "/dev/sda1", "/dev/xvdf", "/dev/xvdba", "/dev/vda", "xvdf", "sdp", "/dev/sdf15"}) {
    INFO(good);
    CHECK(CheckDeviceName(good).ok());
  }
  for (const char* bad : {"", "/dev/", "/dev/sd", "/dev/sd1", "/dev/hda", "/dev/sdF", "/dev/sdabc", "/dev/sdf123",
                          "/dev/sd f", "/dev/../sdf", "/dev/sdf\n", "/dev//sdf", "/dev/nvme0n1"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(CheckDeviceName(bad)) == "InvalidParameterValue");
  }
}

}  // namespace brume
