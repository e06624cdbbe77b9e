// Encrypted disks: what lies in their files, and what QEMU's own tools read of them with the key.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/ec2/storage/qcow2/disk_chain.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"
#include "tests/ec2/storage/snapshots_fixture.h"

namespace brume::storage {
namespace {

const GoesOn kWanted = [] { return true; };

// An image of 64 KiB of 0xab at 1 MiB in the clear, and the host's key.
struct Encrypted : Imported {
  Encrypted() { REQUIRE_OK(WritePrivateFile(dir / "secret.key", std::string(32, 'k'))); }

  Volume Made(const std::string& layer) {
    Volume volume = MakeVolume(1);
    volume.layer_id = layer;
    volume.encrypted = true;
    volume.data_key_id = "0123456789abcdef0123456789abcdef";
    REQUIRE_OK(disks->EnsureVolume(volume).status());
    volume.state = VolumeState::kAvailable;
    return volume;
  }
  // Runs commands of qemu-io on the volume's top; what they say.
  std::string Io(const Volume& volume, const std::vector<std::string>& commands) {
    const DiskEncryption opening = *Value(disks->EncryptionOf(volume));
    const std::string key = dir / "key";
    REQUIRE_OK(WritePrivateFile(key, opening.key));
    std::vector<std::string> argv = {"qemu-io", "--object", absl::StrCat("secret,id=", kSecretId, ",file=", key)};
    for (const std::string& command : commands) argv.insert(argv.end(), {"-c", command});
    argv.insert(argv.end(), {"--image-opts", ImageOptions(Value(disks->EnsureVolume(volume)), true, opening.layers)});
    const CommandResult result = Value(RunCommand(argv));
    REQUIRE(result.exit_code == 0);
    return result.standard_output + result.standard_error;
  }
  void Put(const Volume& volume, const std::string& byte, const std::string& place) {
    CHECK(Io(volume, {"write -q -P " + byte + " " + place}).empty());
  }
  bool Holds(const Volume& volume, const std::string& byte, const std::string& place) {
    return Io(volume, {"read -q -P " + byte + " " + place}).empty();
  }
  Volume Snapshot(Volume volume, int n) {
    VolumeSnapshot snapshot = SnapshotOfVolume(volume, n);
    REQUIRE_OK(disks->PrepareSnapshot(volume, snapshot).status());
    REQUIRE_OK(disks->FinishSnapshot(volume, snapshot));
    volume.layer_id = snapshot.id.text();
    volume.disk_file = TopOver(snapshot.id);
    return volume;
  }
  VolumeSnapshot SnapshotOfVolume(const Volume& volume, int n) {
    VolumeSnapshot snapshot = Of(volume, n);
    snapshot.encrypted = volume.encrypted;
    snapshot.data_key_id = volume.data_key_id;
    return snapshot;
  }
  // Whether any file below the state directory has these bytes.
  bool IsInClear(const std::string& bytes) {
    for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
      if (entry.is_regular_file() && entry.path().filename() != "key" &&
          absl::StrContains(Content(entry.path()), bytes)) {
        return true;
      }
    }
    return false;
  }
};

TEST_CASE("what is written to an encrypted volume is in no file in the clear, and is read with the key", "[disks]") {
  Encrypted state;
  const Volume volume = state.Made(GENERATE(std::string(), kImage.text()));
  state.Put(volume, "0x5a", "2M 64k");
  CHECK(state.Holds(volume, "0x5a", "2M 64k"));
  CHECK(state.Holds(volume, volume.layer_id.empty() ? "0" : "0xab", "1M 64k"));
  CHECK_FALSE(state.IsInClear(std::string(64, 0x5a)));
  CHECK_FALSE(state.IsInClear(Value(state.disks->EncryptionOf(volume))->key));
  const std::string disk = Value(state.disks->EnsureVolume(volume));
  CHECK((StatOf(disk).st_mode & 0777) == 0600);
  // Another line of disks has another key, and without one there is nothing to be read.
  Volume other = volume;
  other.data_key_id = "ffffffffffffffffffffffffffffffff";
  CHECK(Value(state.disks->EncryptionOf(other))->key != Value(state.disks->EncryptionOf(volume))->key);
  CHECK_FALSE(Reads(disk, "0x5a", "2M 64k"));
  Volume plain = volume;
  plain.encrypted = false;
  CHECK_FALSE(Value(state.disks->EncryptionOf(plain)).has_value());
}

TEST_CASE("an encrypted disk is made although qemu-img could not measure the processor many times", "[disks]") {
  Encrypted state;
  const std::string path = Value(absl::StatusOr<std::string>(std::getenv("PATH")));
  REQUIRE_OK(WritePrivateFile(state.dir / "qemu-img",
                              "#!/bin/sh\necho >>\"$0.calls\"\n"
                              "[ $(wc -l <\"$0.calls\") -gt 30 ] && exec /usr/bin/qemu-img \"$@\"\n"
                              // As it does with a file that it gives up on.
                              "eval \"rm -f \\\"\\${$(($# - 1))}\\\"\"\n"
                              "echo 'qemu-img: Unable to get accurate CPU usage' >&2\nexit 1\n"));
  REQUIRE(chmod((state.dir / "qemu-img").c_str(), 0755) == 0);
  setenv("PATH", (state.dir.path() + ":" + path).c_str(), 1);
  const Volume volume = state.Made("");
  setenv("PATH", path.c_str(), 1);
  CHECK(Content(state.dir / "qemu-img.calls").size() >= 31);
  CHECK((StatOf(Value(state.disks->EnsureVolume(volume))).st_mode & 0777) == 0600);
}

TEST_CASE("snapshots of an encrypted volume are encrypted, and merged and grown they read as before", "[disks]") {
  Encrypted state;
  const std::string lowest = GENERATE(std::string(), kImage.text());
  Volume volume = state.Made(lowest);
  std::vector<Volume> before;
  for (int n = 1; n <= 4; ++n) {
    state.Put(volume, absl::StrCat("0x5", n), absl::StrCat(n + 1, "M 64k"));
    before.push_back(volume);
    volume = state.Snapshot(volume, n);
  }
  REQUIRE_OK(state.disks->GrowVolume(volume, 2));
  volume.size_gib = 2;
  const std::string base = lowest.empty() ? Nth(1).text() : lowest;
  const size_t layers = Value(state.disks->EncryptionOf(volume))->layers.size();
  for (int i = 0; i < 2; ++i) {
    REQUIRE_OK(state.disks->MergeLayers(state.SnapshotOfVolume(before.back(), 4), base, kWanted));
  }
  CHECK(layers == (lowest.empty() ? 4 : 5));
  CHECK(Value(state.disks->EncryptionOf(volume))->layers.size() == 2);
  for (int n = 1; n <= 4; ++n) {
    CHECK(state.Holds(volume, absl::StrCat("0x5", n), absl::StrCat(n + 1, "M 64k")));
    CHECK_FALSE(state.IsInClear(std::string(64, static_cast<char>(0x50 + n))));
  }
  CHECK(state.Holds(volume, "0", "1500M 64k"));
  CHECK(state.Io(volume, {"length"}) == "2 GiB\n");
}

TEST_CASE("the encrypted copy of a layer has its bytes, and stands for itself", "[disks]") {
  Encrypted state;
  VolumeSnapshot copy;
  copy.id = copy.layer_id.empty() ? Nth(7) : Nth(8);
  copy.layer_id = copy.id.text();
  copy.below = kImage.text();
  copy.encrypted = true;
  copy.data_key_id = "00112233445566778899aabbccddeeff";
  CHECK(absl::IsCancelled(state.disks->CopyLayer(copy, kImage.text(), [] { return false; })));
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
  for (int i = 0; i < 2; ++i) REQUIRE_OK(state.disks->CopyLayer(copy, kImage.text(), kWanted));
  REQUIRE_OK(state.disks->RemoveImage(kImage));
  Volume restored = MakeVolume(1);
  restored.id = VolumeId::FromTrusted("vol-00000000000000009");
  restored.layer_id = copy.id.text();
  restored.encrypted = true;
  restored.data_key_id = copy.data_key_id;
  REQUIRE_OK(state.disks->EnsureVolume(restored).status());
  CHECK(state.Holds(restored, "0xab", "1M 64k"));
  std::filesystem::remove(state / "import/image.qcow2");
  CHECK_FALSE(state.IsInClear(std::string(64, static_cast<char>(0xab))));
}

TEST_CASE("without the host's key an encrypted disk is not made, and nothing is left behind", "[disks]") {
  Encrypted state;
  std::filesystem::remove(state / "secret.key");
  Volume volume = MakeVolume(1);
  volume.encrypted = true;
  volume.data_key_id = "0123456789abcdef0123456789abcdef";
  CHECK(absl::IsFailedPrecondition(state.disks->EnsureVolume(volume).status()));
  CHECK(Names(state / "volumes").empty());
}

TEST_CASE("what is imported encrypted is in no layer in the clear, and volumes of it read it", "[disks]") {
  Encrypted state;
  REQUIRE_OK(state.disks->RemoveImage(kImage));
  VolumeSnapshot root;
  root.id = Nth(1);
  root.layer_id = root.id.text();
  root.encrypted = true;
  root.data_key_id = "0123456789abcdef0123456789abcdef";
  SECTION("a qcow2 file") {
    const EncryptedImport import{
        .id = kImage, .path = state.InImport("image.qcow2"), .location = "/image", .root = root};
    const ImportedImage made = Value(state.disks->ImportEncrypted(import));
    CHECK(made.disk_file.empty());
    CHECK(made.virtual_size_bytes == 64 << 20);
    CHECK(Value(state.disks->ImportEncrypted(import)).virtual_size_bytes == 64 << 20);  // once more
    CHECK(Names(state / "layers") == std::vector<std::string>{root.id.text()});
  }
  SECTION("a raw file") {
    Run({"qemu-img", "convert", "-O", "raw", state.InImport("image.qcow2"), state.InImport("image.raw")});
    REQUIRE_OK(
        state.disks
            ->ImportEncrypted({.id = kImage, .path = state.InImport("image.raw"), .location = "/image", .root = root})
            .status());
    fs::remove(state.InImport("image.raw"));
  }
  SECTION("a bundle with a kernel") {
    fs::create_directories(state.InImport("bundle"));
    fs::copy_file(state.InImport("image.qcow2"), state.InImport("bundle/d.qcow2"));
    std::ofstream(state.InImport("bundle/k")) << "kernel";
    std::ofstream(state.InImport("bundle/image.json")) << R"({"disk": "d.qcow2", "kernel": "k"})";
    const ImportedImage made = Value(state.disks->ImportEncrypted(
        {.id = kImage, .path = state.InImport("bundle"), .location = "/bundle", .root = root}));
    CHECK(made.disk_file.empty());
    CHECK(made.kernel_file == "kernel");
    CHECK(made.virtual_size_bytes == 64 << 20);
    CHECK(Names(state / ("layers/" + kImage.text())) == std::vector<std::string>{"kernel", "layer.json"});
    fs::remove_all(state.InImport("bundle"));
  }
  SECTION("a prepared file") {
    fs::create_directories(state / "imports/task");
    fs::copy_file(state.InImport("image.qcow2"), state / "imports/task/disk.qcow2");
    const std::string prepared = state / "imports/task/disk.qcow2";
    // Not what a caller may name.
    CHECK(absl::IsPermissionDenied(
        state.disks->ImportEncrypted({.id = kImage, .path = prepared, .location = "/x", .root = root}).status()));
    REQUIRE_OK(state.disks->ImportSnapshot(root, prepared).status());
    fs::remove_all(state / "imports/task");
  }
  fs::remove(state.InImport("image.qcow2"));
  CHECK_FALSE(state.IsInClear(std::string(64, '\xab')));
  CHECK(Names(state / ("layers/" + root.id.text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
  const Volume volume = state.Made(root.id.text());
  CHECK(state.Holds(volume, "0xab", "1M 64k"));
  CHECK(state.Holds(volume, "0", "2M 64k"));
}

}  // namespace
}  // namespace brume::storage
