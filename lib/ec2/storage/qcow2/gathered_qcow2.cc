#include "lib/ec2/storage/qcow2/gathered_qcow2.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"

namespace brume::storage {
namespace {

constexpr uint64_t kCluster = 64 << 10, kClustersPerBlock = kBlockBytes / kCluster;
constexpr uint64_t kBlocksPerL2 = kCluster / 8 / kClustersPerBlock, kRefcountsPerCluster = kCluster / 2;
constexpr uint64_t kCopied = uint64_t{1} << 63;  // its refcount is 1
constexpr size_t kDigestBytes = 32, kRecordBytes = 8 + kDigestBytes;
// Where QEMU finds them in a header.
constexpr uint64_t kRefcountTableField = 48, kL1Offset = 3 * kCluster;

std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

uint64_t ClustersOf(uint64_t bytes) { return (bytes + kCluster - 1) / kCluster; }

absl::Status ReadAt(int file, uint64_t offset, std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "reading what was gathered");
    if (got == 0) return absl::DataLossError("a block that was put is not there");
    done += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

// L2 tables from `at` on, and the L1 table that leads to them. Returns where they end.
absl::StatusOr<uint64_t> WriteMapping(int disk, const GatheredShape& shape, const std::vector<GatheredBlock>& blocks,
                                      uint64_t at) {
  for (size_t i = 0; i < blocks.size();) {
    const uint64_t table = static_cast<uint64_t>(blocks[i].index) / kBlocksPerL2;
    std::string entries(kCluster, '\0');
    for (; i < blocks.size() && static_cast<uint64_t>(blocks[i].index) / kBlocksPerL2 == table; ++i) {
      const uint64_t first = static_cast<uint64_t>(blocks[i].index) % kBlocksPerL2 * kClustersPerBlock;
      for (uint64_t k = 0; k < kClustersPerBlock; ++k) {
        entries.replace((first + k) * 8, 8, BigEndian((SlotOffset(shape, blocks[i].slot) + k * kCluster) | kCopied, 8));
      }
    }
    RETURN_IF_ERROR(WriteAt(disk, at, entries));
    RETURN_IF_ERROR(WriteAt(disk, kL1Offset + table * 8, BigEndian(at | kCopied, 8)));
    at += kCluster;
  }
  return at;
}

// The refcount table and its blocks at the end of the file: each cluster is used once, but for those of slots that no
// block has any more.
absl::Status WriteRefcounts(int disk, const GatheredShape& shape, const std::vector<bool>& used_slots, uint64_t end) {
  const uint64_t first_slot = SlotOffset(shape, 0) / kCluster, data = end / kCluster;
  uint64_t blocks = 1, table = 1;
  while (blocks * kRefcountsPerCluster < data + blocks + table || table * kCluster / 8 < blocks) {
    blocks = (data + blocks + table + kRefcountsPerCluster - 1) / kRefcountsPerCluster;
    table = ClustersOf(blocks * 8);
  }
  const uint64_t all = data + blocks + table;
  std::string entries;
  for (uint64_t i = 0; i < blocks; ++i) {
    std::string counts(kCluster, '\0');
    for (uint64_t k = 0; k < kRefcountsPerCluster; ++k) {
      const uint64_t cluster = i * kRefcountsPerCluster + k;
      const uint64_t slot = (cluster - first_slot) / kClustersPerBlock;
      const bool unused = (cluster == 1 || cluster == 2) ||  // the refcounts of the empty one it began as
                          (cluster >= first_slot && slot < used_slots.size() && !used_slots[slot]);
      if (cluster < all && !unused) counts[k * 2 + 1] = 1;
    }
    const uint64_t at = (data + table + i) * kCluster;
    RETURN_IF_ERROR(WriteAt(disk, at, counts));
    entries += BigEndian(at, 8);
  }
  entries.resize(table * kCluster, '\0');
  RETURN_IF_ERROR(WriteAt(disk, end, entries));
  return WriteAt(disk, kRefcountTableField, BigEndian(end, 8) + BigEndian(table, 4));
}

}  // namespace

uint64_t SlotOffset(const GatheredShape& shape, int64_t slot) {
  return EmptyQcow2(shape.size_bytes, shape.below).file_size + static_cast<uint64_t>(slot) * kBlockBytes;
}

absl::Status WriteRecord(int records, const GatheredBlock& block) {
  const std::string record = absl::StrCat(BigEndian(static_cast<uint64_t>(block.slot) + 1, 8), block.digest);
  return WriteAt(records, static_cast<uint64_t>(block.index) * kRecordBytes, record);
}

absl::StatusOr<std::vector<GatheredBlock>> ReadRecords(int records) {
  std::vector<GatheredBlock> blocks;
  constexpr off_t kPiece = off_t{kRecordBytes} * 4096;
  struct stat info;
  if (fstat(records, &info) != 0) return FileError(errno, "reading what was gathered");
  for (off_t at = 0; at < info.st_size; at += kPiece) {
    // What was never written is a hole, and there may be many.
    const off_t data = lseek(records, at, SEEK_DATA);
    if (data < 0) break;
    at = data / kPiece * kPiece;
    std::string piece(static_cast<size_t>(std::min(kPiece, info.st_size - at)), '\0');
    RETURN_IF_ERROR(ReadAt(records, static_cast<uint64_t>(at), piece));
    for (size_t k = 0; k + kRecordBytes <= piece.size(); k += kRecordBytes) {
      uint64_t slot = 0;
      for (size_t i = 0; i < 8; ++i) slot = slot << 8 | static_cast<uint8_t>(piece[k + i]);
      if (slot == 0) continue;
      blocks.push_back({.index = static_cast<int64_t>((static_cast<size_t>(at) + k) / kRecordBytes),
                        .slot = static_cast<int64_t>(slot) - 1,
                        .digest = piece.substr(k + 8, kDigestBytes)});
    }
  }
  return blocks;
}

absl::Status CheckBlocks(int disk, const GatheredShape& shape, const std::vector<GatheredBlock>& blocks) {
  std::string data(kBlockBytes, '\0');
  for (const GatheredBlock& block : blocks) {
    RETURN_IF_ERROR(ReadAt(disk, SlotOffset(shape, block.slot), data));
    if (DigestOfBlock(data) != block.digest) {
      return absl::DataLossError(absl::StrCat("the block ", block.index, " is not what was put"));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteTables(int disk, const GatheredShape& shape, const std::vector<GatheredBlock>& blocks,
                         int64_t slots) {
  const Qcow2Layout empty = EmptyQcow2(shape.size_bytes, shape.below);
  for (const Qcow2Layout::Piece& piece : empty.pieces) RETURN_IF_ERROR(WriteAt(disk, piece.offset, piece.bytes));
  std::vector<bool> used(static_cast<size_t>(slots), false);
  for (const GatheredBlock& block : blocks) used[static_cast<size_t>(block.slot)] = true;
  // The table that an empty one has is of no use any more.
  RETURN_IF_ERROR(WriteAt(disk, kCluster, std::string(2 * kCluster, '\0')));
  ASSIGN_OR_RETURN(const uint64_t end, WriteMapping(disk, shape, blocks, SlotOffset(shape, slots)));
  RETURN_IF_ERROR(WriteRefcounts(disk, shape, used, end));
  return absl::OkStatus();
}

}  // namespace brume::storage
