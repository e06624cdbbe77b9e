// Imports of every format, and of what only looks like one.
#include <unistd.h>

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/ec2/storage/imports_fixture.h"
#include "tests/support/small_disk.h"

namespace brume::storage {
namespace {

namespace fs = std::filesystem;

constexpr char kOvf[] = R"(<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="disk1.vmdk" ovf:id="file1"/><File ovf:href="notes.txt" ovf:id="file2"/></References>
  <DiskSection><Disk ovf:capacity="64" ovf:diskId="vmdisk1" ovf:fileRef="file1"/></DiskSection>
</Envelope>)";

void Put(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

// A raw disk of 64 MiB with 64 KiB of 0xab at 1 MiB, as a file of this format of qemu-img.
void MakeDisk(const std::string& path, const std::string& driver, const std::string& options = "") {
  const TempDir work;
  Run({"truncate", "-s", "64M", work / "raw"});
  PutBytes(work / "raw", 1 << 20, std::string(65536, '\xab'));
  std::vector<std::string> argv = {"qemu-img", "convert", "-q", "-f", "raw", "-O", driver};
  if (!options.empty()) argv.insert(argv.end(), {"-o", options});
  argv.insert(argv.end(), {work / "raw", path});
  Run(argv);
}

// An OVA of these files, in this order.
void MakeOva(const std::string& path, const std::string& directory, const std::vector<std::string>& names,
             const std::string& format = "ustar") {
  std::vector<std::string> argv = {"tar", "-C", directory, "--format=" + format, "-cf", path};
  argv.insert(argv.end(), names.begin(), names.end());
  Run(argv);
}

void CheckRefused(ImportHost& host, const std::string& location, const std::string& words,
                  const std::string& format = "") {
  const absl::Status refused = host.Import(location, format).status();
  INFO(location << ": " << refused.ToString());
  CHECK(absl::IsInvalidArgument(refused));
  CHECK(absl::StrContains(refused.message(), words));
  CHECK(Names(host / "layers").empty());
  host.Remove();
  CHECK(Names(host / "imports").empty());
}

void CheckTaken(ImportHost& host, const std::string& location, const std::string& format) {
  INFO(location);
  const PreparedDisk prepared = Value(host.Prepare(location));
  CHECK(prepared.format == format);
  const ImportedImage imported = Value(host.disks->ImportPrepared(kImage, prepared.path, location));
  CHECK(imported.virtual_size_bytes >= 64 << 20);
  CHECK(imported.virtual_size_bytes < 80 << 20);  // VHD rounds up to a cylinder
  const std::string disk = host.disks->PathsOf(RowOf(imported)).disk;
  CHECK(Reads(disk, "0xab", "1M 64k"));
  CHECK(Reads(disk, "0", "2M 1M"));
  CHECK((StatOf(disk).st_mode & 07777) == 0444);
  CHECK(StatOf(disk).st_uid == 0);
  host.Remove();
}

}  // namespace

TEST_CASE("a disk of every format becomes an image with the same content", "[import]") {
  ImportHost host;
  struct Row {
    const char *format, *driver, *options;
  };
  for (const Row& row : {Row{"qcow2", "qcow2", ""}, Row{"raw", "raw", ""}, Row{"vmdk", "vmdk", ""},
                         Row{"vmdk", "vmdk", "subformat=streamOptimized"}, Row{"vhd", "vpc", ""},
                         Row{"vhd", "vpc", "subformat=fixed"}, Row{"vhdx", "vhdx", ""}, Row{"vdi", "vdi", ""}}) {
    INFO(row.driver << " " << row.options);
    MakeDisk(host.InImport("disk"), row.driver, row.options);
    CheckTaken(host, host.InImport("disk"), row.format);
  }
}

TEST_CASE("a compressed disk becomes an image", "[import]") {
  ImportHost host;
  for (const char* tool : {"gzip", "xz", "zstd"}) {
    MakeDisk(host.InImport("disk"), "qcow2");
    Run({tool, "-q", host.InImport("disk")});
    fs::remove(host.InImport("disk"));
    for (const auto& entry : fs::directory_iterator(host / "import")) {
      CheckTaken(host, entry.path(), "qcow2");
      fs::remove(entry.path());
    }
  }
}

TEST_CASE("the disk of an OVA becomes an image, also compressed, and of an OVA that is", "[import]") {
  ImportHost host;
  TempDir work;
  MakeDisk(work / "disk1.vmdk", "vmdk", "subformat=streamOptimized");
  Put(work / "a.ovf", kOvf);
  Put(work / "notes.txt", "notes");
  const std::string format = GENERATE("ustar", "gnu", "pax");
  MakeOva(host.InImport("a.ova"), work.path(), {"a.ovf", "disk1.vmdk", "notes.txt"}, format);
  CheckTaken(host, host.InImport("a.ova"), "ova");
  Run({"gzip", "-k", host.InImport("a.ova")});
  CheckTaken(host, host.InImport("a.ova.gz"), "ova");
  Run({"gzip", work / "disk1.vmdk"});
  fs::rename(work / "disk1.vmdk.gz", work / "disk1.vmdk");
  MakeOva(host.InImport("b.ova"), work.path(), {"a.ovf", "disk1.vmdk"}, format);
  CheckTaken(host, host.InImport("b.ova"), "ova");
}

TEST_CASE("a file that is not of the format the request says is refused", "[import]") {
  ImportHost host;
  MakeDisk(host.InImport("disk"), "qcow2");
  CheckRefused(host, host.InImport("disk"), "and not raw", "raw");  // else its content would be what a guest reads
  CheckRefused(host, host.InImport("disk"), "and not vmdk", "vmdk");
  CHECK(host.Import(host.InImport("disk"), "qcow2").ok());
}

TEST_CASE("a disk that names other files is refused, whatever its format and however it is packed", "[import]") {
  ImportHost host;
  const std::string secret = host / "secret";
  Put(secret, std::string(1 << 20, 's'));
  REQUIRE(chmod(secret.c_str(), 0644) == 0);
  SECTION("qcow2 over another file") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, host.InImport("disk")});
    CheckRefused(host, host.InImport("disk"), "backing file");
    Run({"gzip", host.InImport("disk")});
    CheckRefused(host, host.InImport("disk.gz"), "backing file");
  }
  SECTION("qcow2 with its data elsewhere") {
    Run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=" + host.InImport("data"), host.InImport("disk"),
         "64M"});
    CheckRefused(host, host.InImport("disk"), "another file");
  }
  SECTION("a VMDK's descriptor of another file") {
    const std::string descriptor =
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n\n"
        "RW 2048 FLAT \"" +
        secret + "\" 0\n\nddb.virtualHWVersion = \"4\"\nddb.adapterType = \"ide\"\n";
    Put(host.InImport("disk"), descriptor + std::string(4096 - descriptor.size(), '\0'));
    CheckRefused(host, host.InImport("disk"), "vmdk");
  }
  SECTION("a VMDK's descriptor of a file that the tools may read") {
    const std::string descriptor =
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n\n"
        "RW 8 FLAT \"/usr/bin/qemu-img\" 0\n\nddb.virtualHWVersion = \"4\"\nddb.adapterType = \"ide\"\n";
    Put(host.InImport("disk"), descriptor + std::string(4096 - descriptor.size(), '\0'));
    CheckRefused(host, host.InImport("disk"), "names other files");
  }
  SECTION("a VMDK in pieces") {
    MakeDisk(host.InImport("disk"), "vmdk", "subformat=twoGbMaxExtentSparse");
    CheckRefused(host, host.InImport("disk"), "vmdk");
  }
  SECTION("a VMDK over another") {
    MakeDisk(host.InImport("base"), "vmdk");
    Run({"qemu-img", "create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", host.InImport("base"), host.InImport("disk")});
    CheckRefused(host, host.InImport("disk"), "another file");
  }
}

TEST_CASE("a disk that claims an impossible size or endless tables is refused in little time and memory", "[import]") {
  ImportHost host;
  const auto big = [](uint64_t value, int bytes, bool little) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * (little ? i : bytes - 1 - i)));
    return text;
  };
  struct Row {
    const char *driver, *options;
    size_t offset;
    std::string bytes;
  };
  const std::vector<Row> rows = {
      {"qcow2", "", 24, big(uint64_t{1} << 62, 8, false)},         // its size
      {"qcow2", "", 36, big(0xffffffff, 4, false)},                // entries of its L1 table
      {"qcow2", "", 56, big(0xffffffff, 4, false)},                // clusters of its refcount table
      {"vmdk", "", 12, big(uint64_t{1} << 50, 8, true)},           // its sectors
      {"vmdk", "", 44, big(0xffffffff, 4, true)},                  // entries of a grain table
      {"vmdk", "subformat=streamOptimized", 20, big(1, 8, true)},  // sectors of a grain
      {"vpc", "", 512 + 28, big(0xfffffff0, 4, false)},            // entries of its allocation table
      {"vpc", "", 48, big(uint64_t{1} << 60, 8, false)},           // its size
      {"vdi", "", 0x170, big(uint64_t{1} << 60, 8, true)},         // its size
      {"vdi", "", 0x180, big(0xfffffff0, 4, true)},                // its blocks
  };
  for (const Row& row : rows) {
    INFO(row.driver << " at " << row.offset);
    MakeDisk(host.InImport("disk"), row.driver, row.options);
    PutBytes(host.InImport("disk"), row.offset, row.bytes);
    CheckRefused(host, host.InImport("disk"), "");
    fs::remove(host.InImport("disk"));
  }
}

TEST_CASE("a disk that is cut off is refused", "[import]") {
  ImportHost host;
  // QEMU reads zeros where a file should go on.
  for (const char* driver : {"qcow2", "vmdk", "vmdk streamOptimized", "vpc", "vpc fixed", "vhdx", "vdi"}) {
    INFO(driver);
    const std::vector<std::string> words = absl::StrSplit(driver, ' ');
    MakeDisk(host.InImport("disk"), words[0], words.size() > 1 ? "subformat=" + words[1] : "");
    // Half of one block at the end nobody misses but who knows its checksum; this is more.
    fs::resize_file(host.InImport("disk"), fs::file_size(host.InImport("disk")) / 2);
    CheckRefused(host, host.InImport("disk"), "", words[0] == "vpc" ? "vhd" : words[0]);
    fs::remove(host.InImport("disk"));
  }
  MakeDisk(host.InImport("disk"), "qcow2");
  for (const char* tool : {"gzip", "xz", "zstd"}) {
    const CommandResult packed = Value(RunCommand({tool, "-q", "-k", "-c", host.InImport("disk")}));
    REQUIRE(packed.exit_code == 0);
    Put(host.InImport("half"), packed.standard_output.substr(0, packed.standard_output.size() / 2));
    CheckRefused(host, host.InImport("half"), tool);
  }
  Put(host.InImport("odd"), std::string(1000, 'x'));
  CheckRefused(host, host.InImport("odd"), "multiple of 512");
  Put(host.InImport("nothing"), "");
  CheckRefused(host, host.InImport("nothing"), "raw disk");
}

TEST_CASE("what unpacks to more than is taken, or again and again, is refused", "[import]") {
  HostImportOptions options;
  options.unpack.max_bytes = 4 << 20;
  ImportHost host(options);
  for (const char* tool : {"gzip", "xz", "zstd"}) {
    INFO(tool);
    Run({"truncate", "-s", "64M", host.InImport("bomb")});
    Run({tool, "-q", host.InImport("bomb")});
    fs::remove(host.InImport("bomb"));
    for (const auto& entry : fs::directory_iterator(host / "import")) {
      CheckRefused(host, entry.path(), "more than 4194304 bytes");
      fs::remove(entry.path());
    }
  }
  Put(host.InImport("deep"), std::string(512, 'x'));
  for (int i = 0; i < 3; ++i) {
    Run({"gzip", host.InImport("deep")});
    fs::rename(host.InImport("deep.gz"), host.InImport("deep"));
  }
  CheckRefused(host, host.InImport("deep"), "format gzip");
}

TEST_CASE("an archive that is no OVA with one disk of its own is refused", "[import]") {
  ImportHost host;
  TempDir work;
  Put(work / "disk1.vmdk", std::string(1024, 'd'));
  Put(work / "notes.txt", "notes");
  std::string ovf = kOvf;
  std::vector<std::string> names = {"a.ovf", "disk1.vmdk"};
  std::string words;
  const auto replace = [&](const std::string& from, const std::string& to) {
    REQUIRE(absl::StrContains(ovf, from));
    ovf.replace(ovf.find(from), from.size(), to);
  };
  SECTION("without an OVF") {
    names = {"disk1.vmdk", "notes.txt"};
    words = "no OVF";
  }
  SECTION("without its disk") {
    names = {"a.ovf", "notes.txt"};
    words = "lacks the disk";
  }
  SECTION("with two disks") {
    replace("</DiskSection>", "<Disk ovf:diskId=\"2\" ovf:fileRef=\"file2\"/></DiskSection>");
    words = "2 disks";
  }
  SECTION("without a disk") {
    replace(" ovf:fileRef=\"file1\"", "");
    words = "0 disks";
  }
  SECTION("with its disk on another host") {
    replace("disk1.vmdk", "http://example.org/disk1.vmdk");
    words = "elsewhere";
  }
  SECTION("with its disk outside of itself") {
    replace("disk1.vmdk", "../disk1.vmdk");
    words = "elsewhere";
  }
  SECTION("with its disk in pieces") {
    replace("ovf:id=\"file1\"", "ovf:id=\"file1\" ovf:chunkSize=\"1000\"");
    words = "pieces";
  }
  SECTION("with an OVF that is no XML") {
    ovf = "<Envelope><";
    words = "no XML";
  }
  SECTION("with a link") {
    fs::create_symlink("/etc/shadow", work / "link");
    names.push_back("link");
    words = "no plain file";
  }
  SECTION("with its disk a link") {
    fs::remove(work / "disk1.vmdk");
    fs::create_symlink("/etc/shadow", work / "disk1.vmdk");
    words = "no plain file";
  }
  SECTION("with a link to a file in it") {
    fs::create_hard_link(work / "disk1.vmdk", work / "same");
    names.push_back("same");
    words = "no plain file";
  }
  SECTION("with a device") {
    REQUIRE(mknod((work / "null").c_str(), S_IFCHR | 0666, 0x103) == 0);
    names.push_back("null");
    words = "no plain file";
  }
  SECTION("with a directory") {
    fs::create_directory(work / "d");
    names.push_back("d");
    words = "no plain file";
  }
  SECTION("with a file in a directory") {
    fs::create_directory(work / "d");
    Put(work / "d/x", "x");
    names.push_back("d/x");
    words = "no plain name";
  }
  SECTION("with a file twice") {
    names.push_back("disk1.vmdk");
    words = "twice";
  }
  Put(work / "a.ovf", ovf);
  std::vector<std::string> argv = {
      "tar", "-C", work.path(), "--format=ustar", "--hard-dereference", "-cf", host.InImport("a.ova")};
  if (words == "no plain file") argv.erase(argv.begin() + 4);
  argv.insert(argv.end(), names.begin(), names.end());
  Run(argv);
  CheckRefused(host, host.InImport("a.ova"), words);
}

TEST_CASE("a damaged archive is refused", "[import]") {
  ImportHost host;
  TempDir work;
  Put(work / "a.ovf", kOvf);
  Put(work / "disk1.vmdk", std::string(100000, 'd'));
  MakeOva(host.InImport("a.ova"), work.path(), {"a.ovf", "disk1.vmdk"});
  // Where the header of the second file is.
  const size_t second = 512 + (strlen(kOvf) + 511) / 512 * 512;
  SECTION("cut off") { fs::resize_file(host.InImport("a.ova"), 50000); }
  SECTION("a wrong sum") { PutBytes(host.InImport("a.ova"), second + 3, "X"); }
  SECTION("a size beyond its end, in digits and in bytes") {
    const TempDir other;
    const std::string size =
        GENERATE(std::string("77777777777\0", 12), std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12),
                 std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
    std::string header = Content(host.InImport("a.ova")).substr(second, 512);
    header.replace(124, 12, size);
    header.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char digits[8];
    snprintf(digits, sizeof digits, "%06o", sum);
    header.replace(148, 6, digits, 6);
    header[154] = '\0';
    PutBytes(host.InImport("a.ova"), second, header);
  }
  CheckRefused(host, host.InImport("a.ova"), "archive");
}

TEST_CASE("a full disk fails an import for now, leaves nothing, and it succeeds when there is room", "[import]") {
  const TempDir source;
  SmallDisk disk("96M");
  REQUIRE(chmod(disk.path().c_str(), 0711) == 0);
  HostImportOptions options;
  options.state_dir = disk.path();
  options.import_dirs = {source.path()};
  const auto files = Value(OpenHostImportFiles(options));
  Run({"truncate", "-s", "60M", source / "disk"});
  Run({"gzip", source / "disk"});
  ImportOrder order{.id = kTask, .source = Value(ParseImportSource(source / "disk.gz")), .format = ""};
  const absl::Status full = files->Prepare(order, kGoOn).status();
  INFO(full.ToString());
  CHECK(absl::IsResourceExhausted(full));
  REQUIRE_OK(files->Remove(kTask));
  CHECK(Names(disk / "imports").empty());
  Run({"truncate", "-s", "2M", source / "disk"});
  Run({"gzip", "-f", source / "disk"});
  REQUIRE_OK(files->Prepare(order, kGoOn).status());
}

TEST_CASE("a file is taken only with the checksum that is expected of it", "[import]") {
  ImportHost host;
  MakeDisk(host.InImport("disk"), "qcow2");
  const std::string sum = Value(RunChecked({"sha256sum", host.InImport("disk")})).substr(0, 64);
  const std::string long_sum = Value(RunChecked({"sha512sum", host.InImport("disk")})).substr(0, 128);
  CheckRefused(host, host.InImport("disk") + "#sha256=" + std::string(64, '0'), "checksum is " + sum);
  CheckRefused(host, host.InImport("disk") + "#sha256=" + sum + "&sha512=" + std::string(128, '0'), long_sum);
  CHECK(host.Import(host.InImport("disk") + "#sha256=" + sum + "&sha512=" + long_sum).ok());
}

TEST_CASE("an import that is no longer wanted ends in the middle of its work", "[import]") {
  ImportHost host;
  MakeDisk(host.InImport("disk"), "vmdk");
  const std::string at = GENERATE("copying", "validating", "converting");
  const absl::Status ended =
      host.Prepare(host.InImport("disk"), "", [&](const ImportProgress& p) { return p.message != at; }).status();
  INFO(ended.ToString());
  CHECK(absl::IsCancelled(ended));
  host.Remove();
  CHECK(Names(host / "imports").empty());
}

TEST_CASE("an import from outside the permitted directories, or of a directory, is refused", "[import]") {
  ImportHost host;
  CHECK(absl::IsPermissionDenied(host.Prepare("/etc/passwd").status()));
  fs::create_symlink("/etc/passwd", host.InImport("link"));
  CHECK(absl::IsInvalidArgument(host.Prepare(host.InImport("link")).status()));
  fs::create_directory(host.InImport("bundle"));
  CheckRefused(host, host.InImport("bundle"), "RegisterImage");
  CHECK(absl::IsNotFound(host.Prepare(host.InImport("none")).status()));
}

}  // namespace brume::storage
