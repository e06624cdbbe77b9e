// Rows of volumes.
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/storage/tables/volume_modification_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/store/store_fixture.h"

namespace brume::store {
namespace {

TEST_CASE("a volume comes back with every field and holds its instance's row", "[store]") {
  Store s;
  Volume volume = MakeVolume(1);
  volume.layer_id = Nth<ImageId>("ami", 1).text();
  volume.size_gib = 16384;
  volume.type = VolumeType::kIo2;
  volume.snapshot_id = Nth<SnapshotId>("snap", 1);
  volume.disk_file = "top.qcow2";
  volume.encrypted = true;
  volume.attachment_state = AttachmentState::kBusy;
  volume.state = VolumeState::kInUse;
  volume.availability_zone = "us-east-1b";
  volume.instance_id = Nth<InstanceId>("i", 1);
  volume.device_name = "/dev/vda";
  volume.attach_time = kNow + absl::Seconds(2);
  volume.delete_on_termination = false;
  const auto same = [](const Volume& a, const Volume& b) {
    CHECK(a.id == b.id);
    CHECK(a.layer_id == b.layer_id);
    CHECK(a.snapshot_id == b.snapshot_id);
    CHECK(a.disk_file == b.disk_file);
    CHECK(a.encrypted == b.encrypted);
    CHECK(a.attachment_state == b.attachment_state);
    CHECK(a.size_gib == b.size_gib);
    CHECK(a.type == b.type);
    CHECK(a.state == b.state);
    CHECK(a.availability_zone == b.availability_zone);
    CHECK(a.created == b.created);
    CHECK(a.instance_id == b.instance_id);
    CHECK(a.device_name == b.device_name);
    CHECK(a.attach_time == b.attach_time);
    CHECK(a.delete_on_termination == b.delete_on_termination);
  };
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(storage::ImageTable(c).Insert(MakeImage(1)));
    RETURN_IF_ERROR(compute::InstanceTable(c).Insert(MakeInstance(1), 128, 1));
    RETURN_IF_ERROR(compute::InstanceTable(c).Insert(MakeInstance(2), 128, 1));
    RETURN_IF_ERROR(storage::VolumeTable(c).Insert(volume));
    return storage::VolumeTable(c).Insert(MakeVolume(2));
  }));
  same(s.Read([&](Connection& c) { return storage::VolumeTable(c).Get(volume.id); }), volume);
  Volume updated = volume;
  updated.id = Nth<VolumeId>("vol", 2);
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Update(updated); }));
  same(s.Read([&](Connection& c) { return storage::VolumeTable(c).Get(updated.id); }), updated);
  CHECK(s.Read([](Connection& c) { return storage::VolumeTable(c).List(); }).size() == 2);
  const std::vector<InstanceId> both = {Nth<InstanceId>("i", 2), Nth<InstanceId>("i", 1)};
  const auto of = s.Read([&](Connection& c) { return storage::VolumeTable(c).ListOf(both); });
  REQUIRE(of.size() == 2);
  same(of[0], volume);

  REQUIRE(absl::IsFailedPrecondition(
      s.Write([&](Connection& c) { return compute::InstanceTable(c).Delete(volume.instance_id); })));
  Volume missing = MakeVolume(3);
  const absl::Status not_there = s.Write([&](Connection& c) { return storage::VolumeTable(c).Update(missing); });
  CHECK(ec2::ErrorCode(not_there) == "InvalidVolume.NotFound");
}

TEST_CASE("a volume's type is kept by its name, and any other text there is lost data", "[store]") {
  Store s;
  Volume volume = MakeVolume(1);
  volume.type = VolumeType::kSt1;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Insert(volume); }));
  REQUIRE_OK(s.Write([&](Connection& c) {
    return c.Run("UPDATE volumes SET type = 'sc1' WHERE id = ? AND type = 'st1'", volume.id);
  }));
  CHECK(s.Read([&](Connection& c) { return storage::VolumeTable(c).Get(volume.id); }).type == VolumeType::kSc1);
  REQUIRE_OK(s.Write([&](Connection& c) { return c.Run("UPDATE volumes SET type = 'gp9' WHERE id = ?", volume.id); }));
  CHECK(absl::IsDataLoss(s.db->Read([&](Connection& c) { return storage::VolumeTable(c).Get(volume.id).status(); })));
}

TEST_CASE("the sum of volumes' sizes follows each that comes, grows and goes, and what is to grow", "[store]") {
  Store s;
  const auto sum = [&] { return s.Read([](Connection& c) { return storage::VolumeTable(c).SumOfSizes(); }); };
  CHECK(sum() == 0);
  Volume volume = MakeVolume(1), other = MakeVolume(2);
  volume.size_gib = 5;
  other.size_gib = 7;
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(storage::VolumeTable(c).Insert(volume));
    return storage::VolumeTable(c).Insert(other);
  }));
  CHECK(sum() == 12);
  VolumeModification modification;
  modification.volume_id = other.id;
  modification.target.size_gib = 20;
  modification.started = kNow;
  for (const ModificationState state : {ModificationState::kModifying, ModificationState::kFailed}) {
    modification.state = state;
    REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeModificationTable(c).Put(modification); }));
    CHECK(sum() == (state == ModificationState::kModifying ? 25 : 12));
  }
  volume.size_gib = 6;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Update(volume); }));
  volume.device_name = "/dev/sdg";
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Update(volume); }));
  CHECK(sum() == 13);
  const absl::Status undone = s.Write([&](Connection& c) {
    RETURN_IF_ERROR(storage::VolumeTable(c).Delete(volume.id));
    return absl::CancelledError("");
  });
  CHECK(absl::IsCancelled(undone));
  CHECK(sum() == 13);
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Delete(volume.id); }));
  CHECK(sum() == 7);
}

}  // namespace
}  // namespace brume::store
