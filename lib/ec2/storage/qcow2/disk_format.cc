#include "lib/ec2/storage/qcow2/disk_format.h"

#include <cstdint>

#include "absl/strings/match.h"

namespace brume::storage {
namespace {

struct Known {
  size_t offset;
  absl::string_view magic;
  const char* name;
};
constexpr Known kKnown[] = {
    // Virtual disks.
    {0, {"QFI\xfb", 4}, "qcow2"},
    {0, "KDMV", "vmdk"},
    {0, "COWD", "vmdk"},
    {0, "# Disk DescriptorFile", "vmdk"},
    {0, "vhdxfile", "vhdx"},
    {0, "conectix", "vhd"},
    {0x40, {"\x7f\x10\xda\xbe", 4}, "vdi"},
    {0, {"QED\0", 4}, "qed"},
    {0, "WithoutFreeSpace", "parallels"},
    {0, "WithouFreSpacExt", "parallels"},
    {0, {"LUKS\xba\xbe", 6}, "luks"},
    {0, {"\x3a\xff\x26\xed", 4}, "Android sparse image"},
    // Compressed data.
    {0, {"\x1f\x8b", 2}, "gzip"},
    {0, {"\x1f\x9d", 2}, "compress"},
    {0, {"\xfd\x37zXZ\0", 6}, "xz"},
    {0, {"\x5d\0\0", 3}, "lzma"},
    {0, {"\x28\xb5\x2f\xfd", 4}, "zstd"},
    {0, "BZh", "bzip2"},
    {0, {"\x04\x22\x4d\x18", 4}, "lz4"},
    {0, {"\x89LZO\0\r\n\x1a\n", 9}, "lzop"},
    {0, "LZIP", "lzip"},
    // Archives.
    {0, {"PK\x03\x04", 4}, "zip"},
    {0, {"PK\x05\x06", 4}, "zip"},
    {0, {"PK\x07\x08", 4}, "zip"},
    {0, {"7z\xbc\xaf\x27\x1c", 6}, "7z"},
    {0, {"Rar!\x1a\x07", 6}, "rar"},
    {0, {"MSCF\0\0\0\0", 8}, "cab"},
    {0, "xar!", "xar"},
    {0, "!<arch>\n", "ar"},
    {0, {"\xed\xab\xee\xdb", 4}, "rpm"},
    {0, "070701", "cpio"},
    {0, "070702", "cpio"},
    {0, "070707", "cpio"},
    {0, {"\xc7\x71", 2}, "cpio"},
    {257, "ustar", "tar"},
};

bool HasAt(absl::string_view bytes, size_t offset, absl::string_view magic) {
  return bytes.size() > offset && absl::StartsWith(bytes.substr(offset), magic);
}

// A tar of before POSIX has no magic: its first header's sum is in the header, in octal, and counts itself as spaces.
bool IsOldTar(absl::string_view bytes) {
  constexpr size_t kHeader = 512, kSum = 148, kSumBytes = 8;
  if (bytes.size() < kHeader || bytes[0] == '\0') return false;
  uint64_t stated = 0, sum = 0;
  bool digits = false;
  for (const char c : bytes.substr(kSum, kSumBytes)) {
    if (c >= '0' && c <= '7') {
      stated = stated * 8 + static_cast<uint64_t>(c - '0');
      digits = true;
    } else if (c != ' ' && c != '\0') {
      return false;
    }
  }
  for (size_t i = 0; i < kHeader; ++i) {
    sum += i >= kSum && i < kSum + kSumBytes ? ' ' : static_cast<unsigned char>(bytes[i]);
  }
  return digits && sum == stated;
}

// A CD that can be written to a disk as it is has a boot sector as a disk has one.
bool IsMereCd(absl::string_view bytes) {
  return HasAt(bytes, 0x8001, "CD001") && !HasAt(bytes, 510, absl::string_view("\x55\xaa", 2));
}

}  // namespace

std::string DiskFormat(absl::string_view bytes) {
  for (const Known& known : kKnown) {
    if (HasAt(bytes, known.offset, known.magic)) return known.name;
  }
  if (IsOldTar(bytes)) return "tar";
  return IsMereCd(bytes) ? "iso9660" : "raw";
}

}  // namespace brume::storage
