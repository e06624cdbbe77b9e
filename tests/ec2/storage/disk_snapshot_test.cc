// Snapshots of volumes' files: what QEMU's own tools read of layers and tops, and what is left after each cut.
#include <signal.h>

#include <cstdlib>

#include "tests/ec2/storage/snapshots_fixture.h"

namespace brume::storage {
namespace {

TEST_CASE("a volume made of a snapshot reads what was there when it was taken", "[disks]") {
  Imported state;
  Volume volume = MakeVolume(1);
  Write(*state.disks, volume, "0x11", "0 64k");
  volume = Take(*state.disks, volume, 1);
  Write(*state.disks, volume, "0x22", "0 4k");
  volume = Take(*state.disks, volume, 2);
  const std::string disk = Write(*state.disks, volume, "0x33", "8k 4k");

  CHECK(Reads(disk, "0x22", "0 4k"));
  CHECK(Reads(disk, "0x11", "4k 4k"));
  CHECK(Reads(disk, "0x33", "8k 4k"));
  CHECK(Reads(disk, "0xab", "1M 64k"));
  Run({"qemu-img", "check", "-q", "-f", "qcow2", disk});
  CHECK(Names(fs::path(disk).parent_path()) == std::vector<std::string>{Nth(2).text() + ".qcow2", "volume.json"});

  Volume restored = MakeVolume(1);
  restored.id = VolumeId::FromTrusted("vol-00000000000000002");
  restored.layer_id = Nth(1).text();
  const std::string first = Value(state.disks->EnsureVolume(restored));
  CHECK(Reads(first, "0x11", "0 64k"));
  CHECK(Reads(first, "0xab", "1M 64k"));
  restored.id = VolumeId::FromTrusted("vol-00000000000000003");
  restored.layer_id = Nth(2).text();
  restored.size_gib = 3;
  const std::string second = Value(state.disks->EnsureVolume(restored));
  CHECK(Reads(second, "0x22", "0 4k"));
  CHECK(Reads(second, "0x11", "4k 60k"));
  CHECK(Reads(second, "0", "3221160000 512"));
}

TEST_CASE("a layer is for reading alone, and its snapshot's description lies beside it", "[disks]") {
  Imported state;
  Volume volume = MakeVolume(1);
  Write(*state.disks, volume, "0x11", "0 64k");
  Take(*state.disks, volume, 1);
  const std::string layer = state / ("layers/" + Nth(1).text());
  CHECK((StatOf(layer + "/disk.qcow2").st_mode & 0777) == 0444);
  CHECK(StatOf(layer + "/disk.qcow2").st_uid == geteuid());
  CHECK(StatOf(layer + "/disk.qcow2").st_nlink == 1);
  const std::string manifest = Content(layer + "/layer.json");
  for (const std::string& text : {Nth(1).text(), kVolume.text(), kImage.text()}) {
    CHECK(manifest.find("\"" + text + "\"") != std::string::npos);
  }
}

TEST_CASE("what is written between the first and the last step belongs to the snapshot, not to nobody", "[disks]") {
  Imported state;
  const Volume volume = MakeVolume(1);
  const std::string disk = Write(*state.disks, volume, "0x11", "0 64k");
  const VolumeSnapshot snapshot = Of(volume, 1);
  const std::string top = Value(state.disks->PrepareSnapshot(volume, snapshot));
  // A guest that has not gone over yet.
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0x44 64k 64k", disk});
  CHECK(Value(state.disks->PrepareSnapshot(volume, snapshot)) == top);
  REQUIRE_OK(state.disks->FinishSnapshot(volume, snapshot));
  CHECK(Reads(top, "0x44", "64k 64k"));
  CHECK(Reads(state / ("layers/" + Nth(1).text() + "/disk.qcow2"), "0x44", "64k 64k"));
}

TEST_CASE("an abandoned snapshot leaves the volume as it was", "[disks]") {
  Imported state;
  const Volume volume = MakeVolume(1);
  const std::string disk = Write(*state.disks, volume, "0x11", "0 64k");
  const VolumeSnapshot snapshot = Of(volume, 1);
  REQUIRE_OK(state.disks->PrepareSnapshot(volume, snapshot).status());
  REQUIRE_OK(state.disks->AbandonSnapshot(volume, snapshot));
  REQUIRE_OK(state.disks->AbandonSnapshot(volume, snapshot));
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
  CHECK(Names(fs::path(disk).parent_path()) == std::vector<std::string>{"disk.qcow2", "volume.json"});
  CHECK(Reads(disk, "0x11", "0 64k"));
}

TEST_CASE("a layer goes when no disk lies over it, in any order of snapshots", "[disks]") {
  Imported state;
  Volume volume = MakeVolume(1);
  Write(*state.disks, volume, "0x11", "0 64k");
  volume = Take(*state.disks, volume, 1);
  volume = Take(*state.disks, volume, 2);
  REQUIRE(absl::IsFailedPrecondition(state.disks->RemoveSnapshot(Nth(1))));
  REQUIRE(absl::IsFailedPrecondition(state.disks->RemoveSnapshot(Nth(2))));
  REQUIRE(absl::IsFailedPrecondition(state.disks->RemoveImage(kImage)));
  CHECK(Value(state.disks->List()).snapshots == std::vector<SnapshotId>{Nth(1), Nth(2)});
  REQUIRE_OK(state.disks->RemoveVolume(kVolume));
  REQUIRE(absl::IsFailedPrecondition(state.disks->RemoveSnapshot(Nth(1))));
  REQUIRE_OK(state.disks->RemoveSnapshot(Nth(2)));
  REQUIRE_OK(state.disks->RemoveSnapshot(Nth(1)));
  REQUIRE_OK(state.disks->RemoveSnapshot(Nth(1)));
  REQUIRE_OK(state.disks->RemoveImage(kImage));
  CHECK(Names(state / "layers").empty());
  CHECK(Value(state.disks->List()).unknown.empty());
}

TEST_CASE("a snapshot of a volume whose disk was lost is data loss", "[disks]") {
  Imported state;
  Volume volume = MakeVolume(1);
  CHECK(absl::IsDataLoss(state.disks->PrepareSnapshot(volume, Of(volume, 1)).status()));
  const std::string disk = Value(state.disks->EnsureVolume(volume));
  PutBytes(disk, 0, "no qcow2");
  CHECK(absl::IsDataLoss(state.disks->PrepareSnapshot(volume, Of(volume, 1)).status()));
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
}

// Takes a snapshot of a volume with something on it, in one process; run by the case below with a failpoint set.
TEST_CASE("a whole life of a snapshot", "[.][snapshot-life]") {
  const char* const directory = getenv("DISK_LIFE_DIR");
  REQUIRE(directory != nullptr);
  auto disks = Value(OpenQcow2Disks({.state_dir = directory}));
  const Volume volume = MakeVolume(1);
  const VolumeSnapshot snapshot = Of(volume, 1);
  REQUIRE_OK(disks->PrepareSnapshot(volume, snapshot).status());
  REQUIRE_OK(disks->FinishSnapshot(volume, snapshot));
}

TEST_CASE("after kill -9 between two steps of a snapshot the next try completes it", "[disks]") {
  Imported state;
  const Volume volume = MakeVolume(1);
  Write(*state.disks, volume, "0x11", "0 64k");
  const std::string point = GENERATE("disks.layer_linked", "disks.top_made", "disks.snapshot_frozen");
  INFO(point);
  const auto live = [&](const std::string& failpoint) {
    const std::string self = fs::read_symlink("/proc/self/exe");
    return Value(RunCommand(
        {"env", "DISK_LIFE_DIR=" + state.dir.path(), "BRUME_FAILPOINTS=" + failpoint, self, "[snapshot-life]"}));
  };
  REQUIRE(live(point + "=crash").exit_code == 128 + SIGKILL);
  const CommandResult again = live("none=crash");
  INFO(again.standard_output << again.standard_error);
  REQUIRE(again.exit_code == 0);
  CHECK(Names(state / ("volumes/" + kVolume.text())) ==
        std::vector<std::string>{Nth(1).text() + ".qcow2", "volume.json"});
  CHECK(Reads(state / ("volumes/" + kVolume.text() + "/" + Nth(1).text() + ".qcow2"), "0x11", "0 64k"));
  CHECK(Value(state.disks->List()).unknown.empty());
}

}  // namespace
}  // namespace brume::storage
