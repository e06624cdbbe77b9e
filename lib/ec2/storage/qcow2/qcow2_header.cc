#include "lib/ec2/storage/qcow2/qcow2_header.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace brume::storage {
namespace {

constexpr absl::string_view kMagic("QFI\xfb", 4);
constexpr size_t kVersion2HeaderBytes = 72;
constexpr size_t kVersion3HeaderBytes = 104;
constexpr uint64_t kMaxL1Bytes = 32 << 20;
constexpr uint64_t kMaxRefcountTableBytes = 8 << 20;

// Incompatible features. External data and unknown bits are refused; compression and extended L2 stand for themselves.
constexpr uint64_t kDirty = 1, kCorrupt = 2, kExternalData = 4, kCompression = 8, kExtendedL2 = 16;
// Header extensions.
constexpr uint32_t kBackingFormat = 0xe2792aca, kExternalDataName = 0x44415441, kEncryption = 0x0537be77;

uint64_t BigEndian(absl::string_view bytes, size_t offset, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}
uint32_t U32(absl::string_view bytes, size_t offset) { return static_cast<uint32_t>(BigEndian(bytes, offset, 4)); }
uint64_t U64(absl::string_view bytes, size_t offset) { return BigEndian(bytes, offset, 8); }

absl::Status Refuse(absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat("the qcow2 image ", why)); }

// Whether `size` bytes from `offset` lie in the file.
bool Within(uint64_t offset, uint64_t size, uint64_t file_size) {
  return offset <= file_size && size <= file_size - offset;
}

absl::Status CheckFeatures(uint64_t incompatible) {
  if ((incompatible & kExternalData) != 0) return Refuse("keeps its data in another file");
  if ((incompatible & kCorrupt) != 0) return Refuse("is marked as damaged");
  if ((incompatible & kDirty) != 0) return Refuse("was not closed properly: run qemu-img check -r all on it");
  if ((incompatible & ~(kDirty | kCorrupt | kExternalData | kCompression | kExtendedL2)) != 0) {
    return Refuse("uses features unknown to this version of Brume");
  }
  return absl::OkStatus();
}

absl::Status CheckExtensions(absl::string_view bytes, size_t offset) {
  while (true) {
    if (bytes.size() < offset + 8) return Refuse("has a header that does not end");
    const uint32_t type = U32(bytes, offset);
    const uint64_t length = U32(bytes, offset + 4);
    if (type == 0) return absl::OkStatus();
    if (type == kExternalDataName) return Refuse("names a data file outside itself");
    if (type == kEncryption) return Refuse("is encrypted");
    offset += 8;
    if (length > bytes.size() - offset) return Refuse("has a header that does not end");
    offset += (length + 7) / 8 * 8;
  }
}

// Big-endian; `size` is at most 8.
void Append(std::string& bytes, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
}

}  // namespace

absl::StatusOr<int64_t> CheckStandaloneQcow2(absl::string_view bytes, uint64_t file_size) {
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < kVersion2HeaderBytes) return Refuse("has no whole header");
  const uint32_t version = U32(bytes, 4);
  if (version != 2 && version != 3) return Refuse(absl::StrCat("has version ", version, ", known are 2 and 3"));
  if (version == 3 && bytes.size() < kVersion3HeaderBytes) return Refuse("has no whole header");

  if (U64(bytes, 8) != 0 || U32(bytes, 16) != 0) {
    return Refuse("refers to a backing file: flatten it first (qemu-img convert -O qcow2 …)");
  }
  if (U32(bytes, 32) != 0) return Refuse("is encrypted");
  if (version == 3) {
    if (absl::Status features = CheckFeatures(U64(bytes, 72)); !features.ok()) return features;
  }
  const uint32_t cluster_bits = U32(bytes, 20);
  if (cluster_bits < 9 || cluster_bits > 21) return Refuse("has clusters of an impossible size");
  const uint64_t cluster_size = uint64_t{1} << cluster_bits;

  const uint32_t header_length = version == 3 ? U32(bytes, 100) : kVersion2HeaderBytes;
  if (header_length < (version == 3 ? kVersion3HeaderBytes : kVersion2HeaderBytes) || header_length > cluster_size ||
      header_length > bytes.size()) {
    return Refuse("has a header of an impossible length");
  }
  if (absl::Status extensions = CheckExtensions(bytes.substr(0, cluster_size), header_length); !extensions.ok()) {
    return extensions;
  }

  const uint64_t virtual_size = U64(bytes, 24);
  if (virtual_size == 0) return Refuse("has a size of 0");
  if (virtual_size > static_cast<uint64_t>(kMaxVirtualBytes)) {
    return Refuse(absl::StrCat("claims ", virtual_size, " bytes; at most ", kMaxVirtualBytes, " (64 TiB) are taken"));
  }
  const uint64_t l1_bytes = uint64_t{U32(bytes, 36)} * 8;
  if (l1_bytes > kMaxL1Bytes || U64(bytes, 40) % cluster_size != 0) return Refuse("has an impossible L1 table");
  if (!Within(U64(bytes, 40), l1_bytes, file_size)) return Refuse("is cut off: its L1 table lies behind its end");
  const uint64_t refcount_bytes = U32(bytes, 56) * cluster_size;
  if (refcount_bytes > kMaxRefcountTableBytes || U64(bytes, 48) % cluster_size != 0) {
    return Refuse("has an impossible refcount table");
  }
  if (!Within(U64(bytes, 48), refcount_bytes, file_size)) {
    return Refuse("is cut off: its refcount table lies behind its end");
  }
  return static_cast<int64_t>(virtual_size);
}

absl::StatusOr<std::string> CheckOwnQcow2(absl::string_view bytes) {
  RETURN_IF_ERROR(VirtualSize(bytes).status());
  if (U32(bytes, 4) == 3) {
    if (bytes.size() < kVersion3HeaderBytes) return absl::DataLossError("the disk has no whole header");
    const absl::Status features = CheckFeatures(U64(bytes, 72) & ~kDirty);
    if (!features.ok()) return absl::DataLossError(features.message());
  }
  std::string backing = BackingFile(bytes);
  const bool names_one = U64(bytes, 8) != 0 || U32(bytes, 16) != 0;
  if (names_one && backing.empty()) return absl::DataLossError("the disk lies over what its header does not name");
  return backing;
}

absl::StatusOr<int64_t> VirtualSize(absl::string_view bytes) {
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < kVersion2HeaderBytes) {
    return absl::DataLossError("the disk is damaged: it has no qcow2 header");
  }
  const uint64_t size = U64(bytes, 24);
  if (size > 0 && size <= static_cast<uint64_t>(kMaxVirtualBytes)) return static_cast<int64_t>(size);
  return absl::DataLossError(absl::StrCat("the disk is damaged: its header gives it ", size, " bytes"));
}

std::string BackingFile(absl::string_view bytes) {
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < kVersion2HeaderBytes) return "";
  const uint64_t offset = U64(bytes, 8), size = U32(bytes, 16);
  return Within(offset, size, bytes.size()) ? std::string(bytes.substr(offset, size)) : "";
}

bool IsEncrypted(absl::string_view bytes) {
  constexpr size_t kCryptMethod = 32;
  return absl::StartsWith(bytes, kMagic) && bytes.size() >= kVersion2HeaderBytes && U32(bytes, kCryptMethod) != 0;
}

// Cluster 0: header, extensions, backing file's name. 1: refcount table. 2: its one block, which counts 32,768 clusters
// (QEMU adds more as the file grows). 3 and on: the L1 table, all zeros, which is "nothing is here".
Qcow2Layout EmptyQcow2(uint64_t virtual_size, const std::string& backing_file) {
  constexpr uint64_t kClusterBits = 16, kCluster = uint64_t{1} << kClusterBits;
  constexpr uint64_t kBytesPerL1Entry = kCluster / 8 * kCluster;
  const uint64_t l1_entries = std::max<uint64_t>((virtual_size + kBytesPerL1Entry - 1) / kBytesPerL1Entry, 1);
  const uint64_t clusters = 3 + (l1_entries * 8 + kCluster - 1) / kCluster;

  std::string extensions;
  if (!backing_file.empty()) {
    Append(extensions, kBackingFormat, 4);
    Append(extensions, 5, 4);
    extensions += "qcow2";
    extensions.append(3, '\0');  // padding to 8
  }
  Append(extensions, 0, 8);  // end of extensions

  std::string header(kMagic);
  Append(header, 3, 4);
  Append(header, backing_file.empty() ? 0 : kVersion3HeaderBytes + extensions.size(), 8);
  Append(header, backing_file.size(), 4);
  Append(header, kClusterBits, 4);
  Append(header, virtual_size, 8);
  Append(header, 0, 4);  // not encrypted
  Append(header, l1_entries, 4);
  Append(header, 3 * kCluster, 8);
  Append(header, 1 * kCluster, 8);  // refcount table
  Append(header, 1, 4);             // its clusters
  header.append(4 + 8, '\0');       // no snapshots
  header.append(3 * 8, '\0');       // no features
  Append(header, 4, 4);             // refcounts of 2^4 bits
  Append(header, kVersion3HeaderBytes, 4);

  std::string table, block;
  Append(table, 2 * kCluster, 8);
  for (uint64_t i = 0; i < clusters; ++i) Append(block, 1, 2);
  return {{{0, header + extensions + backing_file}, {kCluster, table}, {2 * kCluster, block}}, clusters * kCluster};
}

}  // namespace brume::storage
