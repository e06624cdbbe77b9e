// A qcow2 file that grows by blocks in the order they come, and gets its tables at the end.
//
// Where each block lies is kept in a file beside it until then, a record for each index: the slot, and the digest of
// the data. A block that is put once more gets another slot, so that a cut never mixes two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/block_files.h"

namespace brume::storage {

struct GatheredBlock {
  int64_t index = 0;
  int64_t slot = 0;
  BlockDigest digest;
};

// Where the first slot begins in a disk of this size over `below`, which is the backing file's name; empty = none.
struct GatheredShape {
  uint64_t size_bytes = 0;
  std::string below;
};
uint64_t SlotOffset(const GatheredShape& shape, int64_t slot);

absl::Status WriteRecord(int records, const GatheredBlock& block);
// All that are there, by index.
absl::StatusOr<std::vector<GatheredBlock>> ReadRecords(int records);

// Whether each block in the file is what its digest says. Error: DataLoss.
absl::Status CheckBlocks(int disk, const GatheredShape& shape, const std::vector<GatheredBlock>& blocks);
// Writes header and tables: the file is a disk from then on. `slots`: how many there are, some of which may be of no
// block. Idempotent.
absl::Status WriteTables(int disk, const GatheredShape& shape, const std::vector<GatheredBlock>& blocks, int64_t slots);

}  // namespace brume::storage
