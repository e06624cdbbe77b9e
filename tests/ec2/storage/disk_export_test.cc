// Exports of real disks: files that qemu-img reads, and buckets that somebody else has his hands in.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/ec2/storage/model/stored_image.h"
#include "lib/ec2/storage/qcow2/host_export_files.h"
#include "tests/ec2/storage/snapshots_fixture.h"

namespace brume::storage {
namespace {

constexpr char kTask[] = "export-ami-0123456789abcdef0", kStoreTask[] = "store-0123456789abcdef0";
const ImportWatch kGoOn = [](const ImportProgress&) { return true; };

std::unique_ptr<ExportFiles> OpenExports(const std::string& state_dir) {
  return Value(OpenHostExportFiles({.state_dir = state_dir}));
}

// The image has 64 KiB of 0xab at 1 MiB; there is the bucket "bucket".
struct Exports : Imported {
  std::unique_ptr<ExportFiles> files = OpenExports(dir.path());
  Exports() { fs::create_directories(Bucket()); }

  std::string Bucket(const std::string& name = "") const {
    return dir / ("export/bucket" + (name.empty() ? "" : "/" + name));
  }
  static ExportOrder Order(const std::string& format, const std::string& key) {
    return {.id = kTask, .place = {"bucket", key}, .layer_id = kImage.text(), .format = format};
  }
  // Read as the driver reads it.
  bool Holds(const std::string& file, const std::string& driver) const {
    const CommandResult result = Value(
        RunCommand({"qemu-io", "-r", "-f", driver, "-c", "read -q -P 0xab 1M 64k", "-c", "read -q -P 0 2M 64k", file}));
    return result.exit_code == 0 && result.standard_output.empty() && result.standard_error.empty();
  }
  // Nothing of a task is left but finished files.
  void CheckNoRemains() {
    CHECK(Names(dir / "exports").empty());
    for (const std::string& name : Names(Bucket())) CHECK_FALSE(absl::StartsWith(name, "."));
  }
};

StoreOrder Stored(const std::string& key) {
  return {.id = kStoreTask,
          .place = {"bucket", key},
          .members = {{.name = kStoreDescription, .layer_id = "", .content = R"({"name":"mini"})"},
                      {.name = kStoreBundle, .layer_id = "", .content = R"({"disk":"disk.qcow2","kernel":"kernel"})"},
                      {.name = kStoreDisk, .layer_id = kImage.text()},
                      {.name = kStoreKernel, .layer_id = kImage.text(), .file = "disk.qcow2"}}};
}

}  // namespace

TEST_CASE("a disk is exported in each of EC2's formats, whole, for nobody but the daemon's user", "[disks]") {
  Exports state;
  const auto [format, driver] =
      GENERATE(table<std::string, std::string>({{"RAW", "raw"}, {"VMDK", "vmdk"}, {"VHD", "vpc"}}));
  std::vector<int> percents;
  REQUIRE_OK(state.files->Export(Exports::Order(format, "deep/er/disk.img"), [&](const ImportProgress& progress) {
    percents.push_back(progress.percent);
    return true;
  }));
  const std::string file = state.Bucket("deep/er/disk.img");
  CHECK(state.Holds(file, driver));
  CHECK((StatOf(file).st_mode & 07777) == 0600);
  CHECK((StatOf(state.Bucket("deep")).st_mode & 0777) == 0700);
  CHECK(std::is_sorted(percents.begin(), percents.end()));
  CHECK(percents.size() >= 2);
  // A task that was cut off before its end was written down finds its own file.
  REQUIRE_OK(state.files->Export(Exports::Order(format, "deep/er/disk.img"), kGoOn));
  REQUIRE_OK(state.files->Remove(kTask, {"bucket", "deep/er/disk.img"}));
  state.CheckNoRemains();
  CHECK(fs::exists(file));
}

TEST_CASE("an export takes in all layers under the disk", "[disks]") {
  Exports state;
  Volume volume = MakeVolume(1);
  Write(*state.disks, volume, "0x5a", "2M 64k");
  volume = Take(*state.disks, volume, 1);
  ExportOrder order = Exports::Order("RAW", "disk.raw");
  order.layer_id = Nth(1).text();
  REQUIRE_OK(state.files->Export(order, kGoOn));
  const std::string disk = Content(state.Bucket("disk.raw"));
  CHECK(disk.substr(1 << 20, 65536) == std::string(65536, '\xab'));
  CHECK(disk.substr(2 << 20, 65536) == std::string(65536, '\x5a'));
}

TEST_CASE("an export overwrites nothing, follows no link and leaves no bucket", "[disks]") {
  Exports state;
  fs::create_directories(state.dir / "elsewhere");
  PutBytes((std::ofstream(state.Bucket("mine")).close(), state.Bucket("mine")), 0, "precious");
  fs::create_symlink(state.dir / "elsewhere", state.Bucket("link"));
  fs::create_symlink(state.dir / "elsewhere/file", state.Bucket("file"));
  fs::create_symlink(state.dir / "elsewhere", state.dir / "export/linked-bucket");
  const std::string key = GENERATE("mine", "mine/below", "link/disk", "file", "../escaped", "a/../../escaped",
                                   "/absolute", "a//b", ".hidden", "");
  INFO(key);
  const absl::Status refused = state.files->Export(Exports::Order("RAW", key), kGoOn);
  CHECK(absl::IsInvalidArgument(refused));
  REQUIRE_OK(state.files->Remove(kTask, {"bucket", key}));
  state.CheckNoRemains();
  CHECK(Names(state.dir / "elsewhere").empty());
  CHECK(Content(state.Bucket("mine")) == "precious");
  CHECK_FALSE(fs::exists(state.dir / "export/escaped"));
  for (const char* bucket : {"linked-bucket", "../imports", "UPPER", "x", "bucket/deep", ""}) {
    INFO(bucket);
    CHECK(absl::IsInvalidArgument(state.files->CheckBucket(bucket)));
  }
  CHECK(absl::IsNotFound(state.files->CheckBucket("other")));
  ExportOrder lost = Exports::Order("RAW", "lost");
  lost.layer_id = Nth(9).text();
  CHECK(absl::IsNotFound(state.files->Export(lost, kGoOn)));
}

TEST_CASE("a file that comes into a bucket while its name is being exported to stays", "[disks]") {
  Exports state;
  const absl::Status refused = state.files->Export(Exports::Order("RAW", "raced"), [&](const ImportProgress&) {
    std::ofstream(state.Bucket("raced")) << "first";
    return true;
  });
  CHECK(absl::IsInvalidArgument(refused));
  CHECK(Content(state.Bucket("raced")) == "first");
  REQUIRE_OK(state.files->Remove(kTask, {"bucket", "raced"}));
  state.CheckNoRemains();
}

TEST_CASE("an export that is broken off leaves nothing of its file", "[disks]") {
  Exports state;
  for (int calls = 0; calls < 3; ++calls) {
    int left = calls;
    const absl::Status ended =
        state.files->Export(Exports::Order("VMDK", "broken"), [&](const ImportProgress&) { return left-- > 0; });
    INFO(calls);
    CHECK((absl::IsCancelled(ended) || ended.ok()));
    if (ended.ok()) fs::remove(state.Bucket("broken"));
    REQUIRE_OK(state.files->Remove(kTask, {"bucket", "broken"}));
    state.CheckNoRemains();
    CHECK_FALSE(fs::exists(state.Bucket("broken")));
  }
}

TEST_CASE("a stored image is unpacked as it was, and becomes a layer again", "[disks]") {
  Exports state;
  REQUIRE_OK(state.files->Store(Stored("ami.bin"), kGoOn));
  CHECK((StatOf(state.Bucket("ami.bin")).st_mode & 07777) == 0600);
  REQUIRE_OK(state.files->Store(Stored("ami.bin"), kGoOn));  // once more, after a crash
  REQUIRE_OK(state.files->Remove(kStoreTask, {"bucket", "ami.bin"}));
  state.CheckNoRemains();
  // Other tools read it, too.
  Run({"tar", "-tf", state.Bucket("ami.bin")});

  CHECK(Value(state.files->ReadStored({"bucket", "ami.bin"})) == R"({"name":"mini"})");
  const ImageId restored = *ImageId::Parse("ami-00000000000000077");
  const std::string path = Value(state.files->Unpack(restored.text(), {"bucket", "ami.bin"}, kGoOn));
  const ImportedImage made = Value(state.disks->ImportPrepared(restored, path, "bucket/ami.bin"));
  CHECK(made.disk_file == "disk.qcow2");
  CHECK(made.kernel_file == "kernel");
  CHECK(Reads(state.dir / ("layers/" + restored.text() + "/disk.qcow2"), "0xab", "1M 64k"));
  CHECK(Content(state.dir / ("layers/" + restored.text() + "/kernel")) ==
        Content(state.dir / ("layers/" + kImage.text() + "/disk.qcow2")));
  CHECK(Value(state.files->List()) == std::vector<std::string>{restored.text()});
  REQUIRE_OK(state.files->Remove(restored.text(), {}));
  state.CheckNoRemains();
}

TEST_CASE("what is no stored image is not restored", "[disks]") {
  Exports state;
  const std::string file = state.Bucket("file.bin"), directory = state.dir / "packed";
  fs::create_directories(directory);
  const auto pack = [&](const std::vector<std::string>& names) {
    std::vector<std::string> argv = {"tar", "-cf", file, "-C", directory};
    argv.insert(argv.end(), names.begin(), names.end());
    Run(argv);
  };
  for (const char* name : {"store.json", "image.json", ".hidden"}) std::ofstream(directory + "/" + name) << "{}";
  fs::create_symlink("/etc/shadow", directory + "/disk.qcow2");
  SECTION("no archive") { std::ofstream(file) << std::string(4096, 'x'); }
  SECTION("an empty file") { std::ofstream(file).close(); }
  SECTION("an archive without a description") { pack({"image.json"}); }
  SECTION("a description that is not the first") { pack({"image.json", "store.json"}); }
  SECTION("a link among the members") { pack({"store.json", "disk.qcow2"}); }
  SECTION("a hidden member") { pack({"store.json", ".hidden"}); }
  SECTION("a member of another directory") { pack({"store.json", "./image.json"}); }
  SECTION("a link in its place") { fs::create_symlink("/etc/shadow", file); }
  const absl::Status refused = state.files->ReadStored({"bucket", "file.bin"}).status();
  CHECK(absl::IsInvalidArgument(refused));
  CHECK(state.files->Unpack("ami-00000000000000077", {"bucket", "file.bin"}, kGoOn).status().code() == refused.code());
  CHECK(absl::IsNotFound(state.files->ReadStored({"bucket", "none"}).status()));
}

// Exports and stores in one process; run by the case below with a failpoint set.
TEST_CASE("a whole life of an export", "[.][export-life]") {
  const char* const directory = getenv("EXPORT_LIFE_DIR");
  REQUIRE(directory != nullptr);
  auto files = OpenExports(directory);
  REQUIRE_OK(files->Export(Exports::Order("VMDK", "disk.vmdk"), kGoOn));
  REQUIRE_OK(files->Store(Stored("ami.bin"), kGoOn));
  REQUIRE_OK(files->Remove(kTask, {"bucket", "disk.vmdk"}));
  REQUIRE_OK(files->Remove(kStoreTask, {"bucket", "ami.bin"}));
}

TEST_CASE("after kill -9 in an export the next try completes it, and no partial file is left", "[disks]") {
  Exports state;
  const std::string point = GENERATE("export.converted", "export.filled", "store.written");
  INFO(point);
  const auto live = [&](const std::string& failpoint) {
    const std::string self = fs::read_symlink("/proc/self/exe");
    return Value(RunCommand(
        {"env", "EXPORT_LIFE_DIR=" + state.dir.path(), "BRUME_FAILPOINTS=" + failpoint, self, "[export-life]"}));
  };
  REQUIRE(live(point + "=crash").exit_code == 128 + SIGKILL);
  const CommandResult again = live("none=crash");
  INFO(again.standard_output << again.standard_error);
  REQUIRE(again.exit_code == 0);
  CHECK(state.Holds(state.Bucket("disk.vmdk"), "vmdk"));
  CHECK(Value(state.files->ReadStored({"bucket", "ami.bin"})) == R"({"name":"mini"})");
  state.CheckNoRemains();
}

}  // namespace brume::storage
