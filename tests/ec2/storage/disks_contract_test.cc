// What every implementation of the port Disks promises: the qcow2 files and the simulation.
#include <functional>
#include <memory>
#include <thread>

#include "lib/base/subprocess.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/qcow2/qcow2_disks.h"
#include "lib/ec2/storage/simulated_disks.h"
#include "tests/support/temp_dir.h"

namespace brume::storage {
namespace {

struct World {
  virtual ~World() = default;
  virtual Disks& disks() = 0;
  // Names an image with a disk.
  virtual std::string location() = 0;
};

struct SimulatedWorld final : World {
  SimulatedDisks simulated;
  Disks& disks() override { return simulated; }
  std::string location() override { return "/images/any"; }
};

struct Qcow2World final : World {
  TempDir dir;
  std::unique_ptr<Disks> real = Value(OpenQcow2Disks({.state_dir = dir.path(), .import_dirs = {}}));
  Qcow2World() { REQUIRE_OK(RunChecked({"qemu-img", "create", "-q", "-f", "qcow2", location(), "8G"}).status()); }
  Disks& disks() override { return *real; }
  std::string location() override { return dir / "import/image.qcow2"; }
};

std::unique_ptr<World> MakeWorld(const std::string& kind) {
  if (kind == "simulated") return std::make_unique<SimulatedWorld>();
  return std::make_unique<Qcow2World>();
}

const ImageId kImage = *ImageId::Parse("ami-0123456789abcdef0");
const VolumeId kVolume = *VolumeId::Parse("vol-0123456789abcdef0");
const InstanceId kInstance = *InstanceId::Parse("i-0123456789abcdef0");

Image RowOf(const ImportedImage& imported) {
  Image image;
  image.id = kImage;
  image.disk_file = imported.disk_file;
  image.kernel_file = imported.kernel_file;
  image.initrd_file = imported.initrd_file;
  image.virtual_size_bytes = imported.virtual_size_bytes;
  return image;
}
Volume MakeVolume() {
  Volume volume;
  volume.id = kVolume;
  volume.layer_id = kImage.text();
  volume.size_gib = 8;
  return volume;
}

#define EACH_WORLD()                                                    \
  const std::string kind = GENERATE(std::string("simulated"), "qcow2"); \
  INFO(kind);                                                           \
  const std::unique_ptr<World> world = MakeWorld(kind);                 \
  Disks& disks = world->disks()

TEST_CASE("an import says what the image has, and the same when it is asked again", "[disks][contract]") {
  EACH_WORLD();
  const ImportedImage first = Value(disks.Import(kImage, world->location()));
  CHECK_FALSE(first.disk_file.empty());
  CHECK(first.kernel_file.empty());
  CHECK(first.initrd_file.empty());
  CHECK(first.virtual_size_bytes == int64_t{8} << 30);
  const ImportedImage again = Value(disks.Import(kImage, world->location()));
  CHECK(again.disk_file == first.disk_file);
  CHECK(again.virtual_size_bytes == first.virtual_size_bytes);
  CHECK(Value(disks.List()).images == std::vector<ImageId>{kImage});
}

TEST_CASE("an image's paths are absolute, of its own, and empty for what it does not have", "[disks][contract]") {
  EACH_WORLD();
  Image image = RowOf(Value(disks.Import(kImage, world->location())));
  const ImagePaths paths = disks.PathsOf(image);
  CHECK(paths.disk.front() == '/');
  CHECK(paths.disk.find(kImage.text()) != std::string::npos);
  CHECK(paths.kernel.empty());
  CHECK(paths.initrd.empty());
  image.kernel_file = "kernel";
  CHECK_FALSE(disks.PathsOf(image).kernel.empty());
}

TEST_CASE("a volume is made once, keeps its path and is gone when removed", "[disks][contract]") {
  EACH_WORLD();
  const Image image = RowOf(Value(disks.Import(kImage, world->location())));
  const std::string path = Value(disks.EnsureVolume(MakeVolume()));
  CHECK(path.front() == '/');
  CHECK(path.find(kVolume.text()) != std::string::npos);
  CHECK(Value(disks.EnsureVolume(MakeVolume())) == path);
  CHECK(Value(disks.List()).volumes == std::vector<VolumeId>{kVolume});
  REQUIRE_OK(disks.RemoveVolume(kVolume));
  REQUIRE_OK(disks.RemoveVolume(kVolume));
  CHECK(Value(disks.List()).volumes.empty());
  CHECK(Value(disks.EnsureVolume(MakeVolume())) == path);
}

TEST_CASE("a snapshot has a layer that stays while a volume lies over it", "[disks][contract]") {
  EACH_WORLD();
  REQUIRE_OK(disks.Import(kImage, world->location()).status());
  Volume volume = MakeVolume();
  const std::string before = Value(disks.EnsureVolume(volume));
  VolumeSnapshot snapshot;
  snapshot.id = *SnapshotId::Parse("snap-0123456789abcdef0");
  snapshot.volume_id = volume.id;
  const std::string top = Value(disks.PrepareSnapshot(volume, snapshot));
  CHECK(top != before);
  CHECK(Value(disks.PrepareSnapshot(volume, snapshot)) == top);
  REQUIRE_OK(disks.FinishSnapshot(volume, snapshot));
  REQUIRE_OK(disks.FinishSnapshot(volume, snapshot));
  volume.layer_id = snapshot.id.text();
  volume.disk_file = TopOver(snapshot.id);
  volume.state = VolumeState::kInUse;
  CHECK(Value(disks.EnsureVolume(volume)) == top);
  CHECK(Value(disks.List()).snapshots == std::vector<SnapshotId>{snapshot.id});
  REQUIRE(absl::IsFailedPrecondition(disks.RemoveSnapshot(snapshot.id)));
  REQUIRE(absl::IsFailedPrecondition(disks.RemoveImage(kImage)));
  REQUIRE_OK(disks.RemoveVolume(volume.id));
  REQUIRE_OK(disks.RemoveSnapshot(snapshot.id));
  REQUIRE_OK(disks.RemoveSnapshot(snapshot.id));
  REQUIRE_OK(disks.RemoveImage(kImage));
}

TEST_CASE("a volume needs no image", "[disks][contract]") {
  EACH_WORLD();
  Volume volume = MakeVolume();
  volume.layer_id.clear();
  CHECK_FALSE(Value(disks.EnsureVolume(volume)).empty());
  REQUIRE_OK(disks.RemoveImage(kImage));
  REQUIRE_OK(disks.RemoveVolume(kVolume));
}

TEST_CASE("an image stays while a volume's disk lies over it", "[disks][contract]") {
  EACH_WORLD();
  const Image image = RowOf(Value(disks.Import(kImage, world->location())));
  REQUIRE_OK(disks.EnsureVolume(MakeVolume()).status());
  REQUIRE(absl::IsFailedPrecondition(disks.RemoveImage(kImage)));
  CHECK(Value(disks.List()).images == std::vector<ImageId>{kImage});
  REQUIRE_OK(disks.RemoveVolume(kVolume));
  REQUIRE_OK(disks.RemoveImage(kImage));
  REQUIRE_OK(disks.RemoveImage(kImage));
  CHECK(Value(disks.List()).images.empty());
}

TEST_CASE("an instance's directory has one path, before, while and after it is there", "[disks][contract]") {
  EACH_WORLD();
  const std::string path = disks.InstanceDirectory(kInstance);
  CHECK(path.front() == '/');
  CHECK(path.find(kInstance.text()) != std::string::npos);
  CHECK(Value(disks.EnsureInstanceDirectory(kInstance, 0)) == path);
  CHECK(Value(disks.EnsureInstanceDirectory(kInstance, 0)) == path);
  CHECK(Value(disks.List()).instances == std::vector<InstanceId>{kInstance});
  REQUIRE_OK(disks.RemoveInstanceDirectory(kInstance));
  REQUIRE_OK(disks.RemoveInstanceDirectory(kInstance));
  CHECK(Value(disks.List()).instances.empty());
  CHECK(disks.InstanceDirectory(kInstance) == path);
}

TEST_CASE("a new place has room, and nothing in it that is unknown", "[disks][contract]") {
  EACH_WORLD();
  const DiskSpace space = Value(disks.Space());
  CHECK(space.free_bytes > 0);
  CHECK(space.total_bytes >= space.free_bytes);
  const DiskInventory inventory = Value(disks.List());
  CHECK(inventory.images.empty());
  CHECK(inventory.volumes.empty());
  CHECK(inventory.instances.empty());
  CHECK(inventory.unknown.empty());
}

TEST_CASE("many threads may ask for the same and for different disks at once", "[disks][contract]") {
  EACH_WORLD();
  constexpr int kThreads = 8;
  std::vector<absl::Status> results(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      results[t] = [&]() -> absl::Status {
        const absl::StatusOr<ImportedImage> imported = disks.Import(kImage, world->location());
        if (!imported.ok()) return imported.status();
        Volume own = MakeVolume();
        own.id = VolumeId::FromTrusted("vol-0000000000000000" + std::to_string(t));
        for (const Volume& volume : {MakeVolume(), own}) {
          const absl::StatusOr<std::string> path = disks.EnsureVolume(volume);
          if (!path.ok()) return path.status();
        }
        return disks.RemoveVolume(own.id);
      }();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) REQUIRE_OK(result);
  CHECK(Value(disks.List()).volumes == std::vector<VolumeId>{kVolume});
}

TEST_CASE("a merged layer holds the lowest, and those between no more", "[disks][contract]") {
  EACH_WORLD();
  REQUIRE_OK(disks.Import(kImage, world->location()).status());
  Volume volume = MakeVolume();
  REQUIRE_OK(disks.EnsureVolume(volume).status());
  volume.state = VolumeState::kAvailable;
  std::vector<VolumeSnapshot> taken;
  for (int n = 1; n <= 3; ++n) {
    VolumeSnapshot& snapshot = taken.emplace_back();
    snapshot.id = SnapshotId::FromTrusted("snap-0000000000000000" + std::to_string(n));
    snapshot.layer_id = snapshot.id.text();
    snapshot.below = volume.layer_id;
    REQUIRE_OK(disks.PrepareSnapshot(volume, snapshot).status());
    REQUIRE_OK(disks.FinishSnapshot(volume, snapshot));
    volume.layer_id = snapshot.id.text();
    volume.disk_file = TopOver(snapshot.id);
  }
  CHECK(absl::IsFailedPrecondition(disks.RemoveSnapshot(taken[1].id)));
  REQUIRE_OK(disks.MergeLayers(taken[2], kImage.text(), [] { return true; }));
  REQUIRE_OK(disks.MergeLayers(taken[2], kImage.text(), [] { return true; }));
  REQUIRE_OK(disks.RemoveSnapshot(taken[1].id));
  REQUIRE_OK(disks.RemoveSnapshot(taken[0].id));
  CHECK(absl::IsFailedPrecondition(disks.RemoveSnapshot(taken[2].id)));
  CHECK(absl::IsFailedPrecondition(disks.RemoveImage(kImage)));
}

TEST_CASE("a volume's disk grows, also when it is told twice, and one that is gone does not", "[disks][contract]") {
  EACH_WORLD();
  REQUIRE_OK(disks.Import(kImage, world->location()).status());
  Volume volume = MakeVolume();
  REQUIRE_OK(disks.EnsureVolume(volume).status());
  volume.state = VolumeState::kAvailable;
  REQUIRE_OK(disks.GrowVolume(volume, 20));
  REQUIRE_OK(disks.GrowVolume(volume, 20));
  REQUIRE_OK(disks.EnsureVolume(volume).status());
}

}  // namespace
}  // namespace brume::storage
