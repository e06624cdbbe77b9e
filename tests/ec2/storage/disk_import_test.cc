// Imports: what is taken, and what of the many hostile things is not.
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/ec2/storage/disks_fixture.h"
#include "tests/support/small_disk.h"

namespace brume::storage {
namespace {

namespace fs = std::filesystem;

// Refused as InvalidArgument with these words, and nothing left behind.
void CheckRefused(State& state, const std::string& location, const std::string& words) {
  const absl::Status refused = state.disks->Import(kImage, location).status();
  INFO(location << ": " << refused.ToString());
  CHECK(absl::IsInvalidArgument(refused));
  CHECK(std::string(refused.message()).find(words) != std::string::npos);
  CHECK(Names(state / "layers").empty());
}

TEST_CASE("a qcow2 file becomes an immutable layer with the same content", "[disks]") {
  State state;
  MakeQcow2(state.InImport("image.qcow2"));
  const std::string prefix = GENERATE("", "file://");
  const ImportedImage imported = Value(state.disks->Import(kImage, prefix + state.InImport("image.qcow2")));
  CHECK(imported.virtual_size_bytes == 64 << 20);
  const std::string layer = state / ("layers/" + kImage.text());
  const std::string disk = state.disks->PathsOf(RowOf(imported)).disk;
  CHECK(disk == layer + "/" + imported.disk_file);
  CHECK(Reads(disk, "0xab", "1M 64k"));
  CHECK(Content(disk) == Content(state.InImport("image.qcow2")));
  CHECK((StatOf(disk).st_mode & 07777) == 0444);
  CHECK((StatOf(layer).st_mode & 07777) == 0755);
  CHECK(Names(state / "layers") == std::vector<std::string>{kImage.text()});
}

TEST_CASE("a raw file becomes a qcow2 layer with the same content", "[disks]") {
  State state;
  std::ofstream(state.InImport("disk.raw"), std::ios::binary) << std::string(1 << 20, '\0') << std::string(65536, 'Z');
  fs::resize_file(state.InImport("disk.raw"), 1 << 30);
  const ImportedImage imported = Value(state.disks->Import(kImage, state.InImport("disk.raw")));
  CHECK(imported.virtual_size_bytes == 1 << 30);
  const std::string disk = state.disks->PathsOf(RowOf(imported)).disk;
  CHECK(Reads(disk, "0x5a", "1M 64k"));
  CHECK(Reads(disk, "0", "2M 1M"));
  CHECK(StatOf(disk).st_blocks * 512 < 4 << 20);
  CHECK((StatOf(disk).st_mode & 07777) == 0444);
}

TEST_CASE("a bundle brings its kernel, initrd, disk and words", "[disks]") {
  State state;
  fs::create_directory(state.InImport("mini"));
  MakeQcow2(state.InImport("mini/root.qcow2"));
  std::ofstream(state.InImport("mini/vmlinuz")) << "kernel";
  std::ofstream(state.InImport("mini/init.img")) << "initrd";
  std::ofstream(state.InImport("mini/image.json"))
      << R"({"name": "mini", "architecture": "x86_64", "kernel": "vmlinuz", "initrd": "init.img", "disk": "root.qcow2",)"
      << R"( "command_line": "console=ttyS0", "root_device_name": "/dev/xvda", "boot_mode": "uefi"})";
  const auto check = [&](const ImportedImage& imported) {
    CHECK(imported.command_line == "console=ttyS0");
    CHECK(imported.root_device_name == "/dev/xvda");
    CHECK(imported.boot_mode == BootMode::kUefi);
    CHECK(imported.virtual_size_bytes == 64 << 20);
    Image image = RowOf(imported);
    image.kernel_file = imported.kernel_file;
    image.initrd_file = imported.initrd_file;
    const ImagePaths paths = state.disks->PathsOf(image);
    CHECK(Content(paths.kernel) == "kernel");
    CHECK(Content(paths.initrd) == "initrd");
    CHECK(Reads(paths.disk, "0xab", "1M 64k"));
  };
  check(Value(state.disks->Import(kImage, state.InImport("mini") + "/")));
  // The second time, perhaps after a crash, from what was kept: the original may be gone.
  fs::remove_all(state.InImport("mini"));
  state.disks = state.Open();
  check(Value(state.disks->Import(kImage, state.InImport("mini"))));
}

TEST_CASE("a location outside the permitted directories is refused", "[disks]") {
  State state;
  TempDir elsewhere;
  MakeQcow2(elsewhere / "image.qcow2");
  for (const std::string& location : {elsewhere / "image.qcow2", std::string("/etc/passwd"), std::string("/"),
                                      state / "import-not", state.dir.path(), state / "brume.db"}) {
    INFO(location);
    CHECK(absl::IsPermissionDenied(state.disks->Import(kImage, location).status()));
  }
  for (const char* location : {"", "relative", "import/image", "http://host/image", "nbd://host", "json:{}"}) {
    CheckRefused(state, location, "absolute path");
  }
  auto permitted = Value(OpenQcow2Disks({.state_dir = state.dir.path(), .import_dirs = {elsewhere.path() + "/"}}));
  CHECK(permitted->Import(kImage, elsewhere / "image.qcow2").ok());
}

TEST_CASE("a way out of the permitted directory is refused", "[disks]") {
  State state;
  TempDir elsewhere;
  MakeQcow2(elsewhere / "image.qcow2");
  SECTION("by ..") {
    fs::create_directory(state.InImport("a"));
    const std::string name = fs::path(elsewhere.path()).filename();
    CheckRefused(state, state.InImport("../../" + name + "/image.qcow2"), "leads out");
    CheckRefused(state, state.InImport("a/../../../" + name + "/image.qcow2"), "leads out");
  }
  SECTION("by a link to a file") {
    fs::create_symlink(elsewhere / "image.qcow2", state.InImport("link"));
    CheckRefused(state, state.InImport("link"), "symbolic link");
  }
  SECTION("by a link to a directory") {
    fs::create_directory_symlink(elsewhere.path(), state.InImport("link"));
    CheckRefused(state, state.InImport("link/image.qcow2"), "symbolic link");
    CheckRefused(state, state.InImport("link"), "symbolic link");
  }
  SECTION("by a link in a bundle") {
    fs::create_directory(state.InImport("b"));
    std::ofstream(state.InImport("b/image.json")) << R"({"disk": "disk.qcow2"})";
    fs::create_symlink(elsewhere / "image.qcow2", state.InImport("b/disk.qcow2"));
    CheckRefused(state, state.InImport("b"), "symbolic link");
  }
  SECTION("by a bundle's image.json that is a link") {
    fs::create_directory(state.InImport("b"));
    fs::create_symlink("/etc/passwd", state.InImport("b/image.json"));
    CHECK_FALSE(state.disks->Import(kImage, state.InImport("b")).ok());
    CHECK(Names(state / "layers").empty());
  }
}

TEST_CASE("what is no regular file is refused without waiting for it", "[disks]") {
  State state;
  REQUIRE(mkfifo(state.InImport("fifo").c_str(), 0666) == 0);
  CheckRefused(state, state.InImport("fifo"), "regular file");
  REQUIRE(mknod(state.InImport("device").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0);
  CheckRefused(state, state.InImport("device"), "regular file");
  fs::create_directory(state.InImport("b"));
  std::ofstream(state.InImport("b/image.json")) << R"({"kernel": "kernel", "disk": "disk"})";
  SECTION("FIFO as kernel") { REQUIRE(mkfifo(state.InImport("b/kernel").c_str(), 0666) == 0); }
  SECTION("directory as kernel") { fs::create_directory(state.InImport("b/kernel")); }
  CheckRefused(state, state.InImport("b"), "kernel");
}

TEST_CASE("what is not there is NotFound", "[disks]") {
  State state;
  CHECK(absl::IsNotFound(state.disks->Import(kImage, state.InImport("missing")).status()));
  CHECK(absl::IsNotFound(state.disks->Import(kImage, state.InImport("missing/deeper")).status()));
  fs::create_directory(state.InImport("b"));
  CheckRefused(state, state.InImport("b"), "no image.json");
  std::ofstream(state.InImport("b/image.json")) << R"({"disk": "missing.qcow2"})";
  CHECK(absl::IsNotFound(state.disks->Import(kImage, state.InImport("b")).status()));
  CHECK(Names(state / "layers").empty());
}

TEST_CASE("an image.json that is damaged or too large is refused", "[disks]") {
  State state;
  fs::create_directory(state.InImport("b"));
  std::ofstream json(state.InImport("b/image.json"));
  SECTION("damaged") { json << R"({"disk": "disk)"; }
  SECTION("too large") { json << R"({"disk": "disk", "description": ")" << std::string(100000, 'x') << "\"}"; }
  SECTION("names with slashes") { json << R"({"disk": "../../layers/x"})"; }
  json.close();
  CheckRefused(state, state.InImport("b"), "image.json");
}

TEST_CASE("an image that refers to another file is refused", "[disks]") {
  State state;
  const std::string image = state.InImport("evil.qcow2");
  SECTION("backing file") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", image, "1G"});
    CheckRefused(state, image, "backing file");
  }
  SECTION("backing file in the old format") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "compat=0.10", "-u", "-b", "/etc/shadow", "-F", "raw", image,
         "1G"});
    CheckRefused(state, image, "backing file");
  }
  SECTION("external data file") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=" + state.InImport("data") + ",data_file_raw=on",
         image, "1M"});
    CheckRefused(state, image, "another file");
  }
  SECTION("other formats that can refer to files") {
    Run({"qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", image, "1M"});
    CheckRefused(state, image, "vmdk");
  }
  SECTION("in a bundle") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", image, "1G"});
    std::ofstream(state.InImport("image.json")) << R"({"disk": "evil.qcow2"})";
    CheckRefused(state, state.InImport(""), "backing file");
  }
}

TEST_CASE("an image that is encrypted is refused", "[disks]") {
  State state;
  const std::string image = state.InImport("evil.qcow2");
  Run({"qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=secret", "-o",
       "encrypt.format=aes,encrypt.key-secret=s", image, "1M"});
  CheckRefused(state, image, "encrypted");
}

TEST_CASE("an image of an absurd size is refused", "[disks]") {
  State state;
  const std::string image = state.InImport("evil.qcow2");
  SECTION("qcow2 of 2^62 bytes") {
    MakeQcow2(image);
    PutBytes(image, 24, std::string("\x40\0\0\0\0\0\0\0", 8));
    CheckRefused(state, image, "64 TiB");
  }
  SECTION("qcow2 larger than its tables") {
    MakeQcow2(image);
    PutBytes(image, 24, std::string("\0\0\x01\0\0\0\0\0", 8));
    CheckRefused(state, image, "cannot be read");
  }
  SECTION("an empty file") {
    std::ofstream(image, std::ios::app).close();
    CheckRefused(state, image, "no raw disk");
  }
  SECTION("a text") {
    std::ofstream(image) << "hello";
    CheckRefused(state, image, "no raw disk");
  }
}

TEST_CASE("an image that is cut off or damaged is refused", "[disks]") {
  State state;
  const std::string image = state.InImport("evil.qcow2");
  MakeQcow2(image);
  SECTION("its data cut off") {
    fs::resize_file(image, fs::file_size(image) - 65536 * 2);
    CheckRefused(state, image, "damaged");
  }
  SECTION("its tables cut off") {
    fs::resize_file(image, 65536);
    CheckRefused(state, image, "cut off");
  }
  SECTION("its header cut off") {
    fs::resize_file(image, 50);
    CheckRefused(state, image, "header");
  }
  SECTION("a table pointing into the header") {
    PutBytes(image, 3 * 65536, std::string("\x80\0\0\0\0\0\0\0", 8));
    CheckRefused(state, image, "qcow2 image");
  }
  SECTION("refcounts of zero") {
    PutBytes(image, 2 * 65536, std::string(64, '\0'));
    CheckRefused(state, image, "damaged");
  }
}

TEST_CASE("an image that does not fit leaves the disk as it was", "[disks]") {
  TempDir source;
  MakeQcow2(source / "image.qcow2");
  Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 1 0 40M", source / "image.qcow2"});
  SmallDisk disk("32M");
  auto disks = Value(OpenQcow2Disks({.state_dir = disk.path(), .import_dirs = {source.path()}}));
  const absl::Status full = disks->Import(kImage, source / "image.qcow2").status();
  INFO(full.ToString());
  CHECK(absl::IsResourceExhausted(full));
  CHECK(std::string(full.message()).find("free some space") != std::string::npos);
  CHECK(Names(disk / "layers").empty());
}

TEST_CASE("what strangers made is checked as QEMU's user", "[disks]") {
  constexpr uid_t kNobody = 65534;
  State state;
  MakeQcow2(state.InImport("image.qcow2"));
  state.disks = state.Open(kNobody, kNobody);
  // The state directory is for root alone: then no guest could run either, and the message says what to do.
  const absl::Status closed = state.disks->Import(kImage, state.InImport("image.qcow2")).status();
  INFO(closed.ToString());
  CHECK(absl::IsFailedPrecondition(closed));
  CHECK(std::string(closed.message()).find("QEMU's user") != std::string::npos);
  REQUIRE(chmod(state.dir.path().c_str(), 0711) == 0);
  CHECK(Value(state.disks->Import(kImage, state.InImport("image.qcow2"))).virtual_size_bytes == 64 << 20);
}

TEST_CASE("an id that is none never becomes a path", "[disks]") {
  State state;
  const std::string bad = GENERATE("../../etc", "", "ami-x", "ami-0123456789abcdef0/..", "vol-0123456789abcdef0");
  CHECK(absl::IsInvalidArgument(state.disks->Import(ImageId::FromTrusted(bad), state.InImport("x")).status()));
  CHECK(absl::IsInvalidArgument(state.disks->RemoveImage(ImageId::FromTrusted(bad))));
  const std::string other = bad == "vol-0123456789abcdef0" ? "i-0" : bad;
  CHECK(absl::IsInvalidArgument(state.disks->RemoveVolume(VolumeId::FromTrusted(other))));
  CHECK(absl::IsInvalidArgument(state.disks->RemoveInstanceDirectory(InstanceId::FromTrusted(bad))));
}

}  // namespace
}  // namespace brume::storage
