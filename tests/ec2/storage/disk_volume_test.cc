// Volumes: overlays that QEMU's own tools find sound, and what is on disk around them.
#include "absl/strings/match.h"
#include "tests/ec2/storage/disks_fixture.h"
#include "tests/support/small_disk.h"

namespace brume::storage {
namespace {

namespace fs = std::filesystem;

Image ImportOne(State& state, const std::string& size = "64M") {
  MakeQcow2(state.InImport("image.qcow2"), size);
  return RowOf(Value(state.disks->Import(kImage, state.InImport("image.qcow2"))));
}
void CheckSound(const std::string& disk) { Run({"qemu-img", "check", "-q", "-f", "qcow2", disk}); }

TEST_CASE("a volume reads as its image, takes writes and leaves the image alone", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  const std::string layer = state.disks->PathsOf(image).disk;
  const std::string before = Content(layer);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(2)));
  CheckSound(disk);
  CHECK(Reads(disk, "0xab", "1M 64k"));
  CHECK(Reads(disk, "0", "0 1M"));
  CHECK(Reads(disk, "0", "64M 64M"));        // behind the image's end
  CHECK(Reads(disk, "0", "2146435072 1M"));  // the last of 2 GiB
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0x11 1M 4k", "-c", "write -q -P 0x22 2147479552 4k", disk});
  CHECK(Reads(disk, "0x11", "1M 4k"));
  CHECK(Reads(disk, "0xab", "1052672 60k"));
  CHECK(Reads(disk, "0x22", "2147479552 4k"));
  CheckSound(disk);
  CHECK(Content(layer) == before);
}

TEST_CASE("an overlay is what qemu-img would have made", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  const int64_t gib = GENERATE(1, 8, 511, 512, 513, 65536);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(gib)));
  CheckSound(disk);
  const std::string info = Value(RunChecked({"qemu-img", "info", "--output=json", "-f", "qcow2", disk}));
  INFO(info);
  const auto has = [&](const std::string& text) { return info.find(text) != std::string::npos; };
  CHECK(has("\"virtual-size\": " + std::to_string(gib << 30)));
  CHECK(has("\"backing-filename-format\": \"qcow2\""));
  CHECK(has("\"backing-filename\": \"../../layers/" + kImage.text() + "/disk.qcow2\""));
  CHECK(has("\"compat\": \"1.1\""));
  CHECK(has("\"corrupt\": false"));
  CHECK(fs::file_size(disk) < 2 << 20);
}

TEST_CASE("a large volume can be filled from end to end of its tables", "[disks]") {
  State state;
  ImportOne(state);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(65536)));
  std::vector<std::string> argv = {"qemu-io", "-f", "qcow2"};
  for (int64_t tib = 1; tib <= 64; ++tib) {
    argv.push_back("-c");
    argv.push_back("write -q -P " + std::to_string(tib) + " " + std::to_string((tib << 40) - 65536) + " 64k");
  }
  argv.push_back(disk);
  Run(argv);
  CheckSound(disk);
  for (int64_t tib = 1; tib <= 64; ++tib) {
    CHECK(Reads(disk, std::to_string(tib), std::to_string((tib << 40) - 65536) + " 64k"));
  }
}

TEST_CASE("a volume is at least as large as its image", "[disks]") {
  State state;
  const Image image = ImportOne(state, "3G");
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(GENERATE(0, 1, 3))));
  const std::string info = Value(RunChecked({"qemu-img", "info", "-f", "qcow2", disk}));
  INFO(info);
  CHECK(info.find("3 GiB (3221225472 bytes)") != std::string::npos);
}

TEST_CASE("a volume without an image is empty", "[disks]") {
  State state;
  Volume volume = MakeVolume(1);
  volume.layer_id.clear();
  const std::string disk = Value(state.disks->EnsureVolume(volume));
  CheckSound(disk);
  CHECK(Reads(disk, "0", "0 64M"));
  CHECK(Reads(disk, "0", "1072693248 1M"));
  volume.size_gib = 0;
  volume.id = VolumeId::FromTrusted("vol-00000000000000002");
  CHECK(absl::IsInvalidArgument(state.disks->EnsureVolume(volume).status()));
  volume.size_gib = 65537;
  CHECK(absl::IsInvalidArgument(state.disks->EnsureVolume(volume).status()));
  volume.size_gib = int64_t{1} << 60;
  CHECK(absl::IsInvalidArgument(state.disks->EnsureVolume(volume).status()));
}

TEST_CASE("a volume that is there is left as it is, also by the next process", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(1)));
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0x77 0 64k", disk});
  const std::string before = Content(disk);
  state.disks = state.Open();
  CHECK(Value(state.disks->EnsureVolume(MakeVolume(99))) == disk);
  CHECK(Content(disk) == before);
}

TEST_CASE("a volume whose disk was lost is not made again in silence", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  fs::remove(Value(state.disks->EnsureVolume(MakeVolume(1))));
  CHECK(absl::IsDataLoss(state.disks->EnsureVolume(MakeVolume(1)).status()));
}

TEST_CASE("a volume over an image whose files are gone is refused", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  REQUIRE_OK(state.disks->RemoveImage(kImage));
  CHECK(absl::IsNotFound(state.disks->EnsureVolume(MakeVolume(1)).status()));
  CHECK(Names(state / "volumes").empty());
}

TEST_CASE("a volume's manifest is enough to make its row again", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  Volume volume = MakeVolume(5);
  volume.type = VolumeType::kGp3;
  volume.availability_zone = "us-east-1b";
  volume.instance_id = kInstance;
  volume.device_name = "/dev/xvda";
  REQUIRE_OK(state.disks->EnsureVolume(volume).status());
  const std::string manifest = Content(state / ("volumes/" + kVolume.text() + "/volume.json"));
  INFO(manifest);
  for (const std::string& part :
       {"\"id\": \"" + kVolume.text() + "\"", "\"layer_id\": \"" + kImage.text() + "\"", std::string("\"size_gib\": 5"),
        std::string("\"created\": \"2026-01-01T00:00:00+00:00\""), std::string("\"type\": \"gp3\""),
        std::string("\"availability_zone\": \"us-east-1b\""), std::string("\"device_name\": \"/dev/xvda\""),
        std::string("\"delete_on_termination\": true")}) {
    CHECK(manifest.find(part) != std::string::npos);
  }
}

namespace {

// What a user of the host, without any privilege and with a group of its own, gets of a file.
bool Opens(uid_t uid, const std::string& path) {
  const std::string user = absl::StrCat(uid);
  return RunCommand({"setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "dd", "if=" + path,
                     "of=/dev/null", "count=1", "status=none"},
                    {})
             ->exit_code == 0;
}

}  // namespace

TEST_CASE("a volume's disk is open to the user of the guest that has it, and goes from one to the next", "[disks]") {
  if (geteuid() != 0) return;
  constexpr uid_t kTools = 64055, kOne = 70001, kOther = 70002;
  State state;
  REQUIRE(chmod(state.dir.path().c_str(), 0711) == 0);
  state.disks = state.Open(kTools, kTools);
  ImportOne(state);
  Volume volume = MakeVolume(1);
  const std::string disk = Value(state.disks->EnsureVolume(volume));
  CHECK(Opens(kTools, disk));
  CHECK_FALSE(Opens(kOne, disk));
  REQUIRE_OK(state.disks->GiveVolume(volume.id, kOne));
  CHECK(Opens(kOne, disk));
  CHECK_FALSE(Opens(kOther, disk));
  CHECK_FALSE(Opens(kTools, disk));
  CHECK_FALSE(Opens(kOther, fs::path(disk).replace_filename("volume.json")));

  // Grown while its guest is off, and with a new top: it stays the guest's.
  volume.state = VolumeState::kInUse;
  REQUIRE_OK(state.disks->GrowVolume(volume, 2));
  VolumeSnapshot snapshot;
  snapshot.id = SnapshotId::FromTrusted("snap-0123456789abcdef0");
  const std::string top = Value(state.disks->PrepareSnapshot(volume, snapshot));
  CHECK(Opens(kOne, top));
  CHECK_FALSE(Opens(kOther, top));
  REQUIRE_OK(state.disks->FinishSnapshot(volume, snapshot));

  REQUIRE_OK(state.disks->GiveVolume(volume.id, kOther));
  CHECK(Opens(kOther, top));
  CHECK_FALSE(Opens(kOne, top));
  REQUIRE_OK(state.disks->GiveVolume(volume.id, 0));
  CHECK_FALSE(Opens(kOther, top));
  CHECK(Opens(kTools, top));
  const struct stat layer = StatOf(state / "layers/snap-0123456789abcdef0/disk.qcow2");
  CHECK(layer.st_uid == 0);
  CHECK((layer.st_mode & 0777) == 0444);
  CHECK(state.disks->GiveVolume(VolumeId::FromTrusted("vol-0fedcba9876543210"), kOne).ok());
}

TEST_CASE("files belong to whom they should, and to nobody else", "[disks]") {
  constexpr uid_t kUid = 64055;
  constexpr gid_t kGid = 64056;
  State state;
  REQUIRE(chmod(state.dir.path().c_str(), 0711) == 0);
  state.disks = state.Open(kUid, kGid);
  const Image image = ImportOne(state);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(1)));
  const std::string instance = Value(state.disks->EnsureInstanceDirectory(kInstance, 0));
  const auto check = [](const std::string& path, mode_t mode, uid_t uid, gid_t gid) {
    const struct stat info = StatOf(path);
    INFO(path);
    CHECK((info.st_mode & 07777) == mode);
    CHECK(info.st_uid == uid);
    CHECK(info.st_gid == gid);
  };
  check(disk, 0600, kUid, kGid);
  check(fs::path(disk).parent_path(), 0710, 0, 0);
  check(fs::path(disk).replace_filename("volume.json"), 0600, 0, 0);
  check(state.disks->PathsOf(image).disk, 0444, 0, 0);
  check(fs::path(state.disks->PathsOf(image).disk).parent_path(), 0755, 0, 0);
  check(instance, 0710, 0, 0);
  check(state / "layers", 0711, 0, 0);
  check(state / "volumes", 0711, 0, 0);
  check(state / "instances", 0711, 0, 0);
  // And QEMU's user can use them.
  Run({"setpriv", "--reuid=64055", "--regid=64056", "--clear-groups", "qemu-io", "-f", "qcow2", "-c",
       "write -q -P 1 0 64k", disk});
}

TEST_CASE("the state directory can be moved", "[disks]") {
  State state;
  ImportOne(state);
  const std::string disk = Value(state.disks->EnsureVolume(MakeVolume(1)));
  const std::string moved = state / "moved";
  fs::create_directory(moved);
  for (const char* name : {"layers", "volumes"}) fs::rename(state / name, moved + "/" + name);
  CHECK(Reads(moved + "/volumes/" + kVolume.text() + "/disk.qcow2", "0xab", "1M 64k"));
}

TEST_CASE("a full disk leaves no half of a volume, and it is made when there is room", "[disks]") {
  TempDir source;
  SmallDisk disk("4M");
  auto disks = Value(OpenQcow2Disks({.state_dir = disk.path(), .import_dirs = {source.path()}}));
  Volume volume = MakeVolume(1);
  volume.layer_id.clear();
  std::ofstream(disk / "ballast") << std::string(5 << 20, 'b');
  const absl::Status full = disks->EnsureVolume(volume).status();
  INFO(full.ToString());
  CHECK(absl::IsResourceExhausted(full));
  CHECK(Names(disk / "volumes").empty());
  CHECK(Value(disks->Space()).free_bytes == 0);
  CHECK(IsFull(Value(disks->Space())));
  fs::remove(disk / "ballast");
  CheckSound(Value(disks->EnsureVolume(volume)));
}

TEST_CASE("a removal takes the directory whatever lies in it, and follows no link", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  const std::string directory = fs::path(Value(state.disks->EnsureVolume(MakeVolume(1)))).parent_path();
  const std::string instance = Value(state.disks->EnsureInstanceDirectory(kInstance, 0));
  fs::create_directory_symlink(state / "layers", directory + "/link");
  fs::create_directory_symlink(state / "layers", instance + "/link");
  fs::create_directory(instance + "/deeper");
  std::ofstream(instance + "/console.log") << "hello";
  REQUIRE_OK(state.disks->RemoveVolume(kVolume));
  REQUIRE_OK(state.disks->RemoveInstanceDirectory(kInstance));
  CHECK(Names(state / "volumes").empty());
  CHECK(Names(state / "instances").empty());
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
}

TEST_CASE("the inventory tells ours from what it does not know, and touches neither", "[disks]") {
  State state;
  const Image image = ImportOne(state);
  REQUIRE_OK(state.disks->EnsureVolume(MakeVolume(1)).status());
  REQUIRE_OK(state.disks->EnsureInstanceDirectory(kInstance, 0).status());
  const std::string cut_off = "ami-00000000000000009", half_gone = "vol-00000000000000009";
  fs::create_directory(state / ("layers/." + cut_off + ".partial"));
  fs::create_directory(state / ("volumes/." + half_gone + ".deleting"));
  const std::vector<std::string> strangers = {
      state / "instances/vol-00000000000000009",  // another kind's id
      state / "layers/.hidden",
      state / "layers/ami-00000000000000008",  // a file
      state / "volumes/my backup",
      state / "volumes/vol-00000000000000008.partial",
  };
  fs::create_directory(strangers[0]);
  fs::create_directory(strangers[1]);
  std::ofstream(strangers[2]) << "x";
  fs::create_directory(strangers[3]);
  fs::create_directory(strangers[4]);
  const DiskInventory found = Value(state.disks->List());
  CHECK(found.images == std::vector<ImageId>{ImageId::FromTrusted(cut_off), kImage});
  CHECK(found.volumes == std::vector<VolumeId>{VolumeId::FromTrusted(half_gone), kVolume});
  CHECK(found.instances == std::vector<InstanceId>{kInstance});
  CHECK(found.unknown == strangers);
  for (const std::string& stranger : strangers) CHECK(fs::exists(stranger));
  // Remains go with the same wish as the whole.
  REQUIRE_OK(state.disks->RemoveImage(ImageId::FromTrusted(cut_off)));
  REQUIRE_OK(state.disks->RemoveVolume(VolumeId::FromTrusted(half_gone)));
  CHECK(Value(state.disks->List()).volumes == std::vector<VolumeId>{kVolume});
}

TEST_CASE("a state directory that is no good is refused", "[disks]") {
  TempDir dir;
  CHECK(absl::IsInvalidArgument(OpenQcow2Disks({.state_dir = "relative"}).status()));
  CHECK(absl::IsInvalidArgument(OpenQcow2Disks({.state_dir = ""}).status()));
  CHECK(absl::IsNotFound(OpenQcow2Disks({.state_dir = dir / "missing"}).status()));
  std::ofstream(dir / "volumes") << "a file";
  CHECK_FALSE(OpenQcow2Disks({.state_dir = dir.path()}).ok());
}

}  // namespace
TEST_CASE("a disk that grows keeps what it has, and what is new of it is empty, over a larger layer too", "[disks]") {
  const State state;
  MakeQcow2(state.InImport("image.qcow2"), "3G");
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0xcd 2G 64k", state.InImport("image.qcow2")});
  REQUIRE_OK(state.disks->Import(kImage, state.InImport("image.qcow2")).status());
  Volume volume = MakeVolume(3);
  const std::string path = Value(state.disks->EnsureVolume(volume));
  volume.state = VolumeState::kAvailable;
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0x11 3145728 64k", path});
  REQUIRE_OK(state.disks->GrowVolume(volume, 5));
  REQUIRE_OK(state.disks->GrowVolume(volume, 4));
  CHECK(absl::StrContains(Value(RunChecked({"qemu-img", "info", "--output=json", path})),
                          "\"virtual-size\": 5368709120"));
  CHECK(Reads(path, "0x11", "3145728 64k"));
  CHECK(Reads(path, "0xab", "1M 64k"));
  CHECK(Reads(path, "0xcd", "2G 64k"));
  CHECK(Reads(path, "0", "3G 64k"));
  CHECK(absl::StrContains(Content(state / ("volumes/" + kVolume.text() + "/volume.json")), "5368709120"));
  std::filesystem::remove(path);
  CHECK(absl::IsDataLoss(state.disks->GrowVolume(volume, 6)));
}

}  // namespace brume::storage
