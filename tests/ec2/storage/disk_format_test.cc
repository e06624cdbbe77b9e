// What a file is, by its content: by magic bytes, and by files that the formats' own tools made.
#include "lib/ec2/storage/qcow2/disk_format.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "tests/support/temp_dir.h"

namespace brume::storage {
namespace {

// A file of zeros with these bytes in it.
std::string With(size_t offset, const std::string& bytes, size_t size = kMaxFormatBytes) {
  std::string file(size, '\0');
  file.replace(offset, bytes.size(), bytes);
  return file;
}

std::string Start(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string all{std::istreambuf_iterator<char>(in), {}};
  return all.substr(0, kMaxFormatBytes);
}

}  // namespace

TEST_CASE("a format is known by its magic bytes and never guessed", "[qcow2]") {
  struct Row {
    std::string bytes;
    const char* format;
  };
  const Row rows[] = {
      {EmptyQcow2(1 << 20, "").pieces.at(0).bytes, "qcow2"},
      {"KDMV....", "vmdk"},
      {"COWD....", "vmdk"},
      {"# Disk DescriptorFile\nversion=1\n", "vmdk"},
      {"vhdxfile", "vhdx"},
      {"conectix", "vhd"},
      {With(0x40, "\x7f\x10\xda\xbe"), "vdi"},
      {std::string("QED\0", 4), "qed"},
      {"WithoutFreeSpace", "parallels"},
      {"LUKS\xba\xbe", "luks"},
      {"\x1f\x8b\x08", "gzip"},
      {"\x1f\x9d\x90", "compress"},
      {std::string("\xfd\x37zXZ\0", 6), "xz"},
      {With(0, "\x5d"), "lzma"},
      {"\x28\xb5\x2f\xfd", "zstd"},
      {"BZh91AY&SY", "bzip2"},
      {"\x04\x22\x4d\x18", "lz4"},
      {std::string("\x89LZO\0\r\n\x1a\n", 9), "lzop"},
      {"PK\x03\x04", "zip"},
      {"PK\x05\x06", "zip"},
      {"7z\xbc\xaf\x27\x1c", "7z"},
      {"Rar!\x1a\x07", "rar"},
      {With(0, "MSCF"), "cab"},
      {"!<arch>\n", "ar"},
      {"\xed\xab\xee\xdb", "rpm"},
      {"070701", "cpio"},
      {With(257, "ustar"), "tar"},
      {With(257, "ustar  "), "tar"},
      {With(0x8001, "CD001"), "iso9660"},
  };
  for (const Row& row : rows) {
    INFO(row.format);
    CHECK(DiskFormat(row.bytes) == row.format);
    // Cut off anywhere it is something or nothing, and nothing is read that is not there.
    for (size_t size = 0; size < 520 && size < row.bytes.size(); ++size) DiskFormat(row.bytes.substr(0, size));
  }
}

TEST_CASE("a disk with partitions or a file system is raw, and so is one that is empty", "[qcow2]") {
  const std::string signature("\x55\xaa", 2);
  CHECK(DiskFormat("") == "raw");
  CHECK(DiskFormat(std::string(512, '\0')) == "raw");
  CHECK(DiskFormat(std::string(kMaxFormatBytes, '\xff')) == "raw");
  CHECK(DiskFormat(With(510, signature)) == "raw");
  std::string gpt = With(510, signature);
  gpt.replace(512, 8, "EFI PART");
  CHECK(DiskFormat(gpt) == "raw");
  CHECK(DiskFormat(With(1080, "\x53\xef")) == "raw");  // ext4
  CHECK(DiskFormat(With(0, "XFSB")) == "raw");
  CHECK(DiskFormat(With(0, "hsqs")) == "raw");
  CHECK(DiskFormat(With(3, "NTFS    ")) == "raw");
  // A CD that may be written to a disk as it is.
  std::string hybrid = With(0x8001, "CD001");
  hybrid.replace(510, 2, signature);
  CHECK(DiskFormat(hybrid) == "raw");
}

TEST_CASE("archives are known that their own tools made, the oldest form of tar among them", "[qcow2]") {
  const TempDir directory;
  std::ofstream(directory / "disk.raw") << std::string(4096, 'x');
  for (const char* form : {"v7", "ustar", "gnu", "pax", "oldgnu"}) {
    const std::string path = directory / form;
    const auto made =
        RunChecked({"tar", "-C", directory.path(), absl::StrCat("--format=", form), "-cf", path, "disk.raw"});
    REQUIRE(made.ok());
    INFO(form);
    CHECK(DiskFormat(Start(path)) == "tar");
  }
  REQUIRE(RunChecked({"gzip", "-k", directory / "disk.raw"}).ok());
  CHECK(DiskFormat(Start(directory / "disk.raw.gz")) == "gzip");
  REQUIRE(RunChecked({"xz", "-k", directory / "disk.raw"}).ok());
  CHECK(DiskFormat(Start(directory / "disk.raw.xz")) == "xz");
}

}  // namespace brume::storage
