// Blocks of real layers: what QEMU's own tools read of a disk that was put together, and what is read of disks of
// theirs.
#include <signal.h>

#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/ec2/storage/qcow2/host_block_files.h"
#include "tests/ec2/storage/disks_fixture.h"

namespace brume::storage {
namespace {

SnapshotId UploadedId(int n) { return SnapshotId::FromTrusted(absl::StrCat("snap-0000000000000000", n)); }

VolumeSnapshot Uploaded(int n, const std::string& below = "") {
  VolumeSnapshot snapshot;
  snapshot.id = UploadedId(n);
  snapshot.layer_id = snapshot.id.text();
  snapshot.below = below;
  snapshot.size_gib = 1;
  snapshot.started = absl::FromUnixSeconds(1767225600);
  return snapshot;
}

std::string BlockOf(char byte) { return std::string(kBlockBytes, byte); }

struct Blocks : State {
  std::unique_ptr<BlockFiles> files = OpenFiles();

  Blocks() {
    // The program that reads layers is nobody's.
    REQUIRE(chmod(dir.path().c_str(), 0711) == 0);
    disks = Open(65534, 65534);
  }
  std::unique_ptr<BlockFiles> OpenFiles() { return Value(OpenHostBlockFiles({.state_dir = dir.path()})); }
  absl::Status Put(const VolumeSnapshot& snapshot, int64_t index, const std::string& data) {
    return files->Put(snapshot, index, data, DigestOfBlock(data));
  }
  void Make(const VolumeSnapshot& snapshot, const std::map<int, char>& blocks) {
    for (const auto& [index, byte] : blocks) REQUIRE_OK(Put(snapshot, index, BlockOf(byte)));
    CHECK(Value(files->Seal(snapshot)).count == static_cast<int64_t>(blocks.size()));
    REQUIRE_OK(files->Finish(snapshot));
  }
  std::string Disk(int n) const { return *this / absl::StrCat("layers/", UploadedId(n).text(), "/disk.qcow2"); }
  std::vector<std::pair<int64_t, int>> Mapped(const LayerChain& chain, int64_t first = 0, int64_t count = 2048) {
    std::vector<std::pair<int64_t, int>> found;
    for (const LayerBlock& block : Value(files->Map(chain, first, count))) found.emplace_back(block.index, block.depth);
    return found;
  }
};
using Pairs = std::vector<std::pair<int64_t, int>>;

}  // namespace

TEST_CASE("a disk put together of blocks is sound to QEMU, and reads as it was put", "[disks]") {
  Blocks state;
  const VolumeSnapshot snapshot = Uploaded(1);
  REQUIRE_OK(state.Put(snapshot, 5, BlockOf('x')));
  state.Make(snapshot, {{2047, 'z'}, {0, 'a'}, {5, 'e'}, {1023, 'm'}, {1024, 'n'}});
  // Exits with another code than 0 also for a cluster that nothing refers to.
  Run({"qemu-img", "check", "-q", "-f", "qcow2", state.Disk(1)});
  CHECK(Reads(state.Disk(1), "0x61", "0 512k"));
  CHECK(Reads(state.Disk(1), "0x65", "2560k 512k"));
  CHECK(Reads(state.Disk(1), "0x6d", "523776k 512k"));
  CHECK(Reads(state.Disk(1), "0x6e", "512M 512k"));
  CHECK(Reads(state.Disk(1), "0x7a", "1048064k 512k"));
  CHECK(Reads(state.Disk(1), "0", "512k 2048k"));
  CHECK((StatOf(state.Disk(1)).st_mode & 07777) == 0444);
  CHECK(Names(state / ("layers/" + UploadedId(1).text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
  CHECK(Names(state / "uploads").empty());
  REQUIRE_OK(state.files->Finish(snapshot));  // once more

  Volume volume = MakeVolume(1);
  volume.layer_id = UploadedId(1).text();
  CHECK(Reads(Value(state.disks->EnsureVolume(volume)), "0x65", "2560k 512k"));
}

TEST_CASE("a layer is mapped by depth and read through all below it", "[disks]") {
  Blocks state;
  state.Make(Uploaded(1), {{0, 'a'}, {1, 'b'}});
  state.Make(Uploaded(2, UploadedId(1).text()), {{1, 'B'}, {9, 'J'}});
  const LayerChain chain = {.layers = {UploadedId(2).text(), UploadedId(1).text()}};
  CHECK(state.Mapped(chain) == Pairs{{0, 2}, {1, 1}, {9, 1}});
  CHECK(state.Mapped(chain, 1, 8) == Pairs{{1, 1}});
  CHECK(state.Mapped({{UploadedId(1).text()}}) == Pairs{{0, 1}, {1, 1}});
  CHECK(Value(state.files->Read(chain, 0)) == BlockOf('a'));
  CHECK(Value(state.files->Read(chain, 1)) == BlockOf('B'));
  CHECK(Value(state.files->Read(chain, 2)) == BlockOf('\0'));
  CHECK(Value(state.files->Read({{UploadedId(1).text()}}, 1)) == BlockOf('b'));
  CHECK(absl::IsNotFound(state.files->Read({{UploadedId(7).text()}}, 0).status()));
}

TEST_CASE("a block of QEMU's own image is read, with what lies beside a part of it", "[disks]") {
  Blocks state;
  MakeQcow2(state.InImport("image.qcow2"));  // 64 KiB at 1 MiB, of 64 MiB
  REQUIRE_OK(state.disks->Import(kImage, state.InImport("image.qcow2")).status());
  const LayerChain chain = {.layers = {kImage.text()}};
  CHECK(state.Mapped(chain) == Pairs{{2, 1}});
  const std::string block = Value(state.files->Read(chain, 2));
  CHECK(block.substr(0, 65536) == std::string(65536, '\xab'));
  CHECK(block.substr(65536) == std::string(kBlockBytes - 65536, '\0'));
  CHECK(Value(state.files->Read(chain, 2000)) == BlockOf('\0'));  // behind its end
}

TEST_CASE("what was put is there after the daemon was killed, and a block that is torn is found", "[disks]") {
  Blocks state;
  const VolumeSnapshot snapshot = Uploaded(1);
  REQUIRE_OK(state.Put(snapshot, 0, BlockOf('a')));
  REQUIRE_OK(state.Put(snapshot, 7, BlockOf('h')));
  CHECK(Value(state.files->LastPut(snapshot.id)).has_value());
  CHECK_FALSE(Value(state.files->LastPut(UploadedId(2))).has_value());
  state.files = state.OpenFiles();
  SECTION("it goes on") {
    state.Make(snapshot, {{0, 'a'}, {3, 'd'}, {7, 'h'}});
    CHECK(Reads(state.Disk(1), "0x68", "3584k 512k"));
    CHECK(Reads(state.Disk(1), "0x64", "1536k 512k"));
  }
  SECTION("a block that did not reach the disk") {
    const std::string disk = state / ("uploads/" + snapshot.id.text() + "/disk.qcow2");
    PutBytes(disk, std::filesystem::file_size(disk) - 1000, "torn");
    CHECK(Value(state.files->Seal(snapshot)).count == 2);
    CHECK(absl::IsDataLoss(state.files->Finish(snapshot)));
    REQUIRE_OK(state.files->Abandon(snapshot.id));
    CHECK(Names(state / "uploads").empty());
  }
  SECTION("nothing is put once it is sealed") {
    REQUIRE_OK(state.files->Seal(snapshot).status());
    CHECK(absl::IsFailedPrecondition(state.Put(snapshot, 1, BlockOf('b'))));
    state.files->Unseal(snapshot.id);
    REQUIRE_OK(state.Put(snapshot, 1, BlockOf('b')));
  }
}

TEST_CASE("blocks of an encrypted snapshot are read with its key, and lie in no file in the clear", "[disks]") {
  Blocks state;
  REQUIRE_OK(WritePrivateFile(state / "secret.key", std::string(32, 'k')));
  VolumeSnapshot snapshot = Uploaded(1);
  snapshot.encrypted = true;
  snapshot.data_key_id = "0123456789abcdef0123456789abcdef";
  state.Make(snapshot, {{0, 'a'}, {7, 'h'}});
  REQUIRE_OK(state.files->Finish(snapshot));  // once more
  CHECK(Names(state / ("layers/" + UploadedId(1).text())) == std::vector<std::string>{"disk.qcow2", "layer.json"});
  CHECK(Content(state.Disk(1)).find(std::string(64, 'h')) == std::string::npos);
  const LayerChain chain = {.layers = {UploadedId(1).text()}, .data_key_id = snapshot.data_key_id};
  CHECK(state.Mapped(chain) == Pairs{{0, 1}, {7, 1}});
  CHECK(Value(state.files->Read(chain, 7)) == BlockOf('h'));
  CHECK(Value(state.files->Read(chain, 1)) == BlockOf('\0'));
  // Of another line there is nothing to be read.
  CHECK_FALSE(state.files->Read({.layers = {UploadedId(1).text()}, .data_key_id = std::string(32, 'f')}, 7).ok());
  CHECK_FALSE(state.files->Read({.layers = {UploadedId(1).text()}}, 7).ok());
}

TEST_CASE("an encrypted snapshot is put together over one with the same key, and zeros hide what lies below",
          "[disks]") {
  Blocks state;
  REQUIRE_OK(WritePrivateFile(state / "secret.key", std::string(32, 'k')));
  VolumeSnapshot parent = Uploaded(1);
  parent.encrypted = true;
  parent.data_key_id = "0123456789abcdef0123456789abcdef";
  state.Make(parent, {{0, 'a'}, {1, 'b'}, {7, 'h'}});
  VolumeSnapshot child = Uploaded(2);
  child.encrypted = true;
  child.data_key_id = parent.data_key_id;
  child.below = parent.id.text();
  state.Make(child, {{1, '\0'}, {3, 'd'}});
  CHECK(Content(state.Disk(2)).find(std::string(64, 'd')) == std::string::npos);
  const LayerChain chain = {.layers = {child.id.text(), parent.id.text()}, .data_key_id = parent.data_key_id};
  CHECK(state.Mapped(chain) == Pairs{{0, 2}, {1, 1}, {3, 1}, {7, 2}});
  for (const auto& [index, byte] : std::map<int, char>{{0, 'a'}, {1, '\0'}, {3, 'd'}, {7, 'h'}, {8, '\0'}}) {
    INFO(index);
    CHECK(Value(state.files->Read(chain, index)) == BlockOf(byte));
  }
}

TEST_CASE("many threads put and read blocks at a time", "[disks]") {
  Blocks state;
  const VolumeSnapshot snapshot = Uploaded(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 64; i += 4) (void)state.Put(snapshot, i, BlockOf(static_cast<char>('A' + i % 26)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  CHECK(Value(state.files->Seal(snapshot)).count == 64);
  REQUIRE_OK(state.files->Finish(snapshot));
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 64; i += 4) {
        const auto block = state.files->Read({{UploadedId(1).text()}}, i);
        if (!block.ok() || *block != BlockOf(static_cast<char>('A' + i % 26))) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a layer is read by another program when the one that read it has died", "[disks]") {
  Blocks state;
  state.Make(Uploaded(1), {{0, 'a'}});
  // The program ends with the thread that started it.
  std::thread([&] { CHECK(Value(state.files->Read({{UploadedId(1).text()}}, 0)) == BlockOf('a')); }).join();
  CHECK(Value(state.files->Read({{UploadedId(1).text()}}, 0)) == BlockOf('a'));
  CHECK(Names(state / "readers").empty());
}

}  // namespace brume::storage
