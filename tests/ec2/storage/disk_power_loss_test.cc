// Manifests, layers, records and small private files on a disk that loses its power between any two steps: what was
// said to be on disk is there, and the next try completes. BRUME_POWER_CUTS says how many cuts are made.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/base/seeded_random.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/record_files.h"
#include "tests/ec2/storage/disks_fixture.h"
#include "tests/support/volatile_files.h"

namespace brume::storage {
namespace {

const SnapshotId kSnapshot = *SnapshotId::Parse("snap-0123456789abcdef0");

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = getenv(name);
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &otherwise));
  return otherwise;
}

// Cuts, each into a directory of its own that ends with the check of it.
class Cuts {
 public:
  Cuts(VolatileFiles& files, Random& random, uint64_t one_of, std::function<void(const std::string& to)> check)
      : check_(std::move(check)) {
    files.BeforeEachChange([&files, &random, one_of, this] {
      if (random.Below(one_of) != 0) return;
      const std::string to = places_ / absl::StrCat(++made_);
      files.Cut(random, random.Below(2) == 0 ? 512 : 4096, to);
      check_(to);
      std::filesystem::remove_all(to);
    });
  }
  size_t made() const { return made_; }

 private:
  const std::function<void(const std::string& to)> check_;
  TempDir places_;
  size_t made_ = 0;
};

TEST_CASE("a record that was written is there after a cut, and one that was removed is not", "[disks][power_loss]") {
  const uint64_t wanted = Setting("BRUME_POWER_CUTS", 200);
  size_t made = 0;
  for (uint64_t seed = 1; made < wanted; ++seed) {
    INFO("seed " << seed);
    SeededRandom random(seed);
    TempDir directory;
    VolatileFiles files(directory.path());
    RecordFiles records(Value(OpenDirectory(directory.path())));
    std::map<std::string, std::string> acknowledged, under_way;
    Cuts cuts(files, random, 3, [&](const std::string& to) {
      std::map<std::string, std::string> found;
      for (const DiskRecord& record : Value(RecordFiles(Value(OpenDirectory(to))).ReadAll())) {
        found[record.id] = record.text;
      }
      for (const auto* each : {&acknowledged, &under_way}) {
        for (const auto& [id, text] : *each) {
          INFO(id << " has " << found[id].size() << " bytes");
          const auto was = acknowledged.find(id), is = under_way.find(id);
          const bool right = found[id] == (was == acknowledged.end() ? "" : was->second) ||
                             (is != under_way.end() && found[id] == is->second);
          REQUIRE(right);
        }
      }
    });
    for (int n = 0; n < 20; ++n) {
      const std::string id = absl::StrCat("vol-0123456789abcdef", random.Below(3));
      const std::string text = random.Below(3) == 0 ? "" : std::string(10 + random.Below(9000), 'a' + n);
      under_way = {{id, text}};
      REQUIRE_OK(text.empty() ? records.Remove(id) : records.Write({id, text}));
      acknowledged[id] = text;
    }
    made += cuts.made();
  }
  if (getenv("BRUME_POWER_CUTS") != nullptr) WARN(made << " cuts");
}

TEST_CASE("a private file is the old one or the new one after a cut", "[disks][power_loss]") {
  SeededRandom random(5);
  TempDir directory;
  VolatileFiles files(directory.path());
  std::string acknowledged, under_way;
  Cuts cuts(files, random, 1, [&](const std::string& to) {
    const absl::StatusOr<std::string> found = ReadPrivateFile(to + "/secret.key");
    const std::string text = found.ok() ? *found : "";
    const bool right = text == acknowledged || text == under_way;
    REQUIRE(right);
  });
  for (int n = 0; n < 20; ++n) {
    under_way = std::string(32 + random.Below(2000), 'a' + n);
    REQUIRE_OK(WritePrivateFile(directory / "secret.key", under_way));
    acknowledged = under_way;
  }
  CHECK(cuts.made() > 60);
}

// A volume from its making over a snapshot of it to its end, with what its guest wrote and synced.
class Life {
 public:
  Life(uint64_t seed, uint64_t one_of) : random_(seed), files_(state_.dir.path()) {
    volume_.layer_id.clear();
    volume_.disk_file = "disk.qcow2";
    volume_.state = VolumeState::kCreating;
    snapshot_.id = kSnapshot;
    snapshot_.volume_id = kVolume;
    cuts_.emplace(files_, random_, one_of, [this](const std::string& to) { Check(to); });
  }

  void Live() {
    REQUIRE_OK(state_.disks->EnsureVolume(volume_).status());
    stage_ = Stage::kMade;
    volume_.state = VolumeState::kAvailable;
    GuestWrites();
    stage_ = Stage::kWritten;
    REQUIRE_OK(state_.disks->PrepareSnapshot(volume_, snapshot_).status());
    stage_ = Stage::kPrepared;
    REQUIRE_OK(state_.disks->FinishSnapshot(volume_, snapshot_));
    stage_ = Stage::kFinished;
    REQUIRE_OK(state_.disks->RemoveVolume(kVolume));
    stage_ = Stage::kRemoved;
    REQUIRE_OK(state_.disks->RemoveSnapshot(kSnapshot));
  }
  size_t cuts() const { return cuts_->made(); }

 private:
  enum class Stage { kNothing, kMade, kWritten, kPrepared, kFinished, kRemoved };

  // Data behind the metadata of the disk's file.
  void GuestWrites() {
    const std::string path = state_ / ("volumes/" + kVolume.text() + "/disk.qcow2");
    const UniqueFd disk(open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(disk);
    REQUIRE_OK(WriteAt(disk.get(), kDataAt, kData));
    REQUIRE(fsync(disk.get()) == 0);
  }
  bool HasData(const std::string& path) const {
    const std::string content = Content(path);
    return content.size() >= kDataAt + kData.size() && content.compare(kDataAt, kData.size(), kData) == 0;
  }

  // What the next life of the daemon does, by what was committed before the cut.
  void Check(const std::string& to) {
    INFO("stage " << static_cast<int>(stage_));
    auto disks = Value(OpenQcow2Disks({.state_dir = to, .import_dirs = {}}));
    const std::string volume = to + "/volumes/" + kVolume.text(), layer = to + "/layers/" + kSnapshot.text();
    if (stage_ <= Stage::kWritten) REQUIRE_OK(disks->EnsureVolume(volume_).status());
    if (stage_ == Stage::kWritten || stage_ == Stage::kPrepared) {
      REQUIRE_OK(disks->PrepareSnapshot(volume_, snapshot_).status());
      REQUIRE(Value(disks->HasTop(volume_, snapshot_)));
      REQUIRE_OK(disks->FinishSnapshot(volume_, snapshot_));
    }
    if (stage_ >= Stage::kWritten && stage_ <= Stage::kFinished) REQUIRE(HasData(layer + "/disk.qcow2"));
    if (stage_ == Stage::kFinished) {
      // RemoveVolume may be under way.
      const bool whole = !std::filesystem::exists(volume) || std::filesystem::exists(volume + "/" + kTop);
      REQUIRE(whole);
    }
    if (stage_ == Stage::kRemoved) REQUIRE_FALSE(std::filesystem::exists(volume));
  }

  static constexpr size_t kDataAt = 1 << 20;
  const std::string kData = std::string(3 * 4096 + 17, 'g');
  const std::string kTop = kSnapshot.text() + ".qcow2";

  State state_;
  SeededRandom random_;
  VolatileFiles files_;
  Volume volume_ = MakeVolume(1);
  VolumeSnapshot snapshot_;
  Stage stage_ = Stage::kNothing;
  std::optional<Cuts> cuts_;
};

TEST_CASE("a volume and its snapshot outlive a cut at any step, or the next try makes them", "[disks][power_loss]") {
  const uint64_t wanted = Setting("BRUME_POWER_CUTS", 200);
  size_t made = 0;
  for (uint64_t seed = 1; made < wanted; ++seed) {
    INFO("seed " << seed);
    Life life(seed, seed % 8 == 1 ? 1 : 2);
    life.Live();
    made += life.cuts();
  }
  if (getenv("BRUME_POWER_CUTS") != nullptr) WARN(made << " cuts");
}

// A rename whose sync failed is seen by the next try, and is no more durable for that.
TEST_CASE("a volume that is found made is synced before it counts as made", "[disks][power_loss]") {
  SeededRandom random(1);
  State state;
  VolatileFiles files(state.dir.path());
  Volume volume = MakeVolume(1);
  volume.layer_id.clear();
  volume.disk_file = "disk.qcow2";
  volume.state = VolumeState::kCreating;
  int syncs = 0;
  for (absl::Status made = absl::UnknownError(""); !made.ok();) {
    files.FailSync(++syncs);
    made = state.disks->EnsureVolume(volume).status();
    const bool renamed = std::filesystem::exists(state / ("volumes/" + kVolume.text()));
    if (made.ok() || !renamed) continue;
    files.FailSync(0);
    REQUIRE_OK(state.disks->EnsureVolume(volume).status());
    for (int n = 0; n < 20; ++n) {
      TempDir places;
      files.Cut(random, 512, places / "cut");
      CHECK(std::filesystem::exists(places / ("cut/volumes/" + kVolume.text() + "/disk.qcow2")));
    }
    return;
  }
  FAIL("no sync failed after the rename");
}

TEST_CASE("a layer that is found made is synced before its volume lets go of it", "[disks][power_loss]") {
  SeededRandom random(1);
  State state;
  VolatileFiles files(state.dir.path());
  Volume volume = MakeVolume(1);
  volume.layer_id.clear();
  volume.disk_file = "disk.qcow2";
  volume.state = VolumeState::kCreating;
  REQUIRE_OK(state.disks->EnsureVolume(volume).status());
  volume.state = VolumeState::kAvailable;
  VolumeSnapshot snapshot;
  snapshot.id = kSnapshot;
  snapshot.volume_id = kVolume;
  const std::string layer = "layers/" + kSnapshot.text();
  for (int syncs = 1; !std::filesystem::exists(state / layer); ++syncs) {
    files.FailSync(syncs);
    REQUIRE_FALSE(state.disks->PrepareSnapshot(volume, snapshot).ok());
  }
  files.FailSync(0);
  REQUIRE_OK(state.disks->PrepareSnapshot(volume, snapshot).status());
  REQUIRE_OK(state.disks->FinishSnapshot(volume, snapshot));
  for (int n = 0; n < 20; ++n) {
    TempDir places;
    files.Cut(random, 512, places / "cut");
    CHECK(std::filesystem::exists(places / ("cut/" + layer + "/disk.qcow2")));
  }
}

}  // namespace
}  // namespace brume::storage
