// Merged layers: what is read of them, by new guests and by those that have them open, and what is left after each cut.
#include <signal.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/ec2/storage/layer_worker.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "tests/ec2/storage/snapshots_fixture.h"

namespace brume::storage {
namespace {

std::string LayerDisk(const State& state, int n) { return state / ("layers/" + Nth(n).text() + "/disk.qcow2"); }

// How many files there are from the disk down to the lowest layer.
int ChainOf(const std::string& disk) {
  const std::string info = Value(RunChecked({"qemu-img", "info", "--backing-chain", "-U", disk}));
  int files = 0;
  for (size_t at = info.find("image: "); at != std::string::npos; at = info.find("\nimage: ", at + 1)) ++files;
  return files;
}

const GoesOn kGoOn = [] { return true; };

// Three layers over the image: 0x11 at 0, 0x22 at 0 (4k), zeros over the image's data, a grown disk.
struct ThreeLayers : Imported {
  ThreeLayers() {
    Write(*disks, volume, "0x11", "0 64k");
    volume = Take(*disks, volume, 1);
    const std::string disk = Write(*disks, volume, "0x22", "0 4k");
    Run({"qemu-io", "-f", "qcow2", "-c", "write -q -z 1M 4k", disk});
    volume = Take(*disks, volume, 2);
    REQUIRE_OK(disks->GrowVolume(volume, 2));
    volume.size_gib = 2;
    Write(*disks, volume, "0x55", "1500M 64k");
    volume = Take(*disks, volume, 3);
  }
  void CheckBytes(const std::string& disk) {
    CHECK(Reads(disk, "0x22", "0 4k"));
    CHECK(Reads(disk, "0x11", "4k 60k"));
    CHECK(Reads(disk, "0", "1M 4k"));
    CHECK(Reads(disk, "0xab", "1052672 4k"));
    CHECK(Reads(disk, "0x55", "1500M 64k"));
    Run({"qemu-img", "check", "-q", "-f", "qcow2", disk});
  }
  VolumeSnapshot Third() {
    Volume below = volume;
    below.layer_id = Nth(2).text();
    return Of(below, 3);
  }
  Volume volume = MakeVolume(1);
};

TEST_CASE("a merged layer lies over the lowest, and reads as before", "[disks]") {
  ThreeLayers state;
  const std::string top = Value(state.disks->EnsureVolume(state.volume));
  REQUIRE(ChainOf(top) == 5);
  REQUIRE_OK(state.disks->MergeLayers(state.Third(), kImage.text(), kGoOn));
  REQUIRE_OK(state.disks->MergeLayers(state.Third(), kImage.text(), kGoOn));
  CHECK(ChainOf(top) == 3);
  state.CheckBytes(top);
  CHECK((StatOf(LayerDisk(state, 3)).st_mode & 0777) == 0444);
  CHECK(Names(state / ("layers/" + Nth(3).text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
  CHECK(Content(state / ("layers/" + Nth(3).text() + "/layer.json")).find(kImage.text()) != std::string::npos);
  // Those between are nobody's now; the others are.
  REQUIRE_OK(state.disks->RemoveSnapshot(Nth(2)));
  REQUIRE_OK(state.disks->RemoveSnapshot(Nth(1)));
  CHECK(absl::IsFailedPrecondition(state.disks->RemoveImage(kImage)));
  state.CheckBytes(top);
}

TEST_CASE("a merged layer reads the same over the layers that were under it before", "[disks]") {
  // A guest that is started at the instant of the merge is told the old chain, and opens the new file.
  ThreeLayers state;
  REQUIRE_OK(state.disks->MergeLayers(state.Third(), kImage.text(), kGoOn));
  const std::string now = LayerDisk(state, 3);
  const std::string merged = absl::StrCat("driver=qcow2,file.filename=", now,
                                          ",backing.driver=qcow2,backing.file.filename=", LayerDisk(state, 2));
  Run({"qemu-img", "compare", "-q", "--image-opts", "driver=qcow2,file.filename=" + now, merged});
}

TEST_CASE("layers of a volume that was made of nothing are merged over its first", "[disks]") {
  State state;
  Volume volume = MakeVolume(1);
  volume.layer_id = "";
  for (int n = 1; n <= 4; ++n) {
    Write(*state.disks, volume, absl::StrCat("0x1", n), absl::StrCat(n, "M 64k"));
    volume = Take(*state.disks, volume, n);
  }
  Volume below = volume;
  below.layer_id = Nth(3).text();
  REQUIRE_OK(state.disks->MergeLayers(Of(below, 4), Nth(1).text(), kGoOn));
  const std::string top = Value(state.disks->EnsureVolume(volume));
  CHECK(ChainOf(top) == 3);
  for (int n = 1; n <= 4; ++n) CHECK(Reads(top, absl::StrCat("0x1", n), absl::StrCat(n, "M 64k")));
}

TEST_CASE("a merge that is no longer wanted, or finds a layer gone, leaves the layer as it was", "[disks]") {
  ThreeLayers state;
  const std::string before = Content(LayerDisk(state, 3));
  const bool is_wanted = GENERATE(true, false);
  if (is_wanted) std::filesystem::remove(LayerDisk(state, 1));
  const absl::Status merged = state.disks->MergeLayers(state.Third(), kImage.text(), [&] { return is_wanted; });
  CHECK(merged.code() == (is_wanted ? absl::StatusCode::kDataLoss : absl::StatusCode::kCancelled));
  CHECK(Content(LayerDisk(state, 3)) == before);
  CHECK(Names(state / ("layers/" + Nth(3).text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
}

// Merges the third layer in one process; run by the case below with a failpoint set.
TEST_CASE("a whole life of a merge", "[.][merge-life]") {
  const char* const directory = getenv("DISK_LIFE_DIR");
  REQUIRE(directory != nullptr);
  auto disks = Value(OpenQcow2Disks({.state_dir = directory}));
  Volume below = MakeVolume(2);
  below.layer_id = Nth(2).text();
  REQUIRE_OK(disks->MergeLayers(Of(below, 3), kImage.text(), kGoOn));
}

TEST_CASE("after kill -9 between two steps of a merge the bytes are there, and the next try completes it", "[disks]") {
  ThreeLayers state;
  const std::string point = GENERATE("disks.layer_copied", "disks.layer_merged", "disks.layer_replaced");
  INFO(point);
  const auto live = [&](const std::string& failpoint) {
    const std::string self = fs::read_symlink("/proc/self/exe");
    return Value(RunCommand(
        {"env", "DISK_LIFE_DIR=" + state.dir.path(), "BRUME_FAILPOINTS=" + failpoint, self, "[merge-life]"}));
  };
  REQUIRE(live(point + "=crash").exit_code == 128 + SIGKILL);
  const std::string top = Value(state.disks->EnsureVolume(state.volume));
  state.CheckBytes(top);
  CHECK(Value(state.disks->List()).unknown.empty());
  const CommandResult again = live("none=crash");
  INFO(again.standard_output << again.standard_error);
  REQUIRE(again.exit_code == 0);
  state.CheckBytes(top);
  CHECK(ChainOf(top) == 3);
  CHECK(Names(state / ("layers/" + Nth(3).text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
}

// Rows and files of a volume, and what merges its layers.
struct MergedVolume : Imported {
  MergedVolume() {
    REQUIRE_OK(disks->EnsureVolume(volume).status());
    merger.Start();
  }
  ~MergedVolume() { merger.Stop(); }
  // One more snapshot, after a write of its own.
  void Step(int n) {
    Write(*disks, volume, absl::StrCat("0x", n), absl::StrCat(n % 7, "M 64k"));
    VolumeSnapshot snapshot = Of(volume, n);
    snapshot.state = SnapshotState::kCompleted;
    volume = Take(*disks, volume, n);
    REQUIRE_OK(database->Write([&](store::Connection& c) { return SnapshotTable(c).Insert(snapshot); }));
    merger.Wake(snapshot.id);
  }
  size_t Layers() {
    const auto chain = database->ReadFor(
        [&](store::Connection& c) { return SnapshotTable(c).ListChain(*SnapshotId::Parse(volume.layer_id)); });
    return Value(chain).size();
  }
  std::unique_ptr<store::Database> database = Value(store::Database::Open(dir / "brume.db"));
  RealClock clock;
  LayerWorker merger{
      {.database = *database, .disks = *disks, .max_chain = 16, .clock = clock, .on_freed = [](const SnapshotId&) {}}};
  Volume volume = MakeVolume(1);
};

TEST_CASE("forty snapshots of a volume leave a chain of sixteen files, and each reads what it was made of", "[disks]") {
  MergedVolume state;
  constexpr int kSnapshots = 40, kPlaces = 7;
  for (int n = 1; n <= kSnapshots; ++n) {
    state.Step(n);
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (state.Layers() > 14 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
    REQUIRE(state.Layers() <= 14);  // beside the image and the top
  }
  state.merger.Stop();
  CHECK(ChainOf(Value(state.disks->EnsureVolume(state.volume))) <= 16);
  for (int n = 1; n <= kSnapshots; ++n) {
    const std::string disk = LayerDisk(state, n);
    INFO(disk);
    CHECK(ChainOf(disk) <= 15);
    Run({"qemu-img", "check", "-q", "-f", "qcow2", disk});
    for (int written = std::max(1, n - kPlaces + 1); written <= n; ++written) {
      CHECK(Reads(disk, absl::StrCat("0x", written), absl::StrCat(written % kPlaces, "M 64k")));
    }
  }
}

}  // namespace
}  // namespace brume::storage
