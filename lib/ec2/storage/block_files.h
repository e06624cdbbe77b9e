// Port: the blocks of snapshots on the host, read from layers and gathered for new ones.
//
// Every method is thread-safe; blocking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/ec2/storage/model/block.h"
#include "lib/ec2/storage/model/snapshot.h"

namespace brume::storage {

struct GatheredBlocks {
  int64_t count = 0;
  // Of the blocks' digests one after the other, in the order of the blocks.
  BlockDigest digest;
};

class BlockFiles {
 public:
  virtual ~BlockFiles() = default;

  // Of `count` blocks from `first` on, those that have data, in order. No data is read. NotFound when a file is gone.
  virtual absl::StatusOr<std::vector<LayerBlock>> Map(const LayerChain& chain, int64_t first, int64_t count) = 0;
  // The whole block; zeros where nothing is.
  virtual absl::StatusOr<std::string> Read(const LayerChain& chain, int64_t index) = 0;

  // Keeps a block of a snapshot that is being put together, in place of an earlier one of the same index. `digest` is
  // that of `data`. FailedPrecondition once it is sealed, ResourceExhausted (disk full).
  virtual absl::Status Put(const VolumeSnapshot& snapshot, int64_t index, absl::string_view data,
                           const BlockDigest& digest) = 0;
  // No block is taken any more; those under way are in when it returns.
  virtual absl::StatusOr<GatheredBlocks> Seal(const VolumeSnapshot& snapshot) = 0;
  // Undoes Seal.
  virtual void Unseal(const SnapshotId& id) = 0;
  // When a block was last put; unset when none was.
  virtual absl::StatusOr<std::optional<absl::Time>> LastPut(const SnapshotId& id) = 0;
  // Makes the layer of what was gathered, over `snapshot.below`. Idempotent. DataLoss when a block is not what was put.
  virtual absl::Status Finish(const VolumeSnapshot& snapshot) = 0;
  // All that was gathered. OK when there is nothing.
  virtual absl::Status Abandon(const SnapshotId& id) = 0;
};

}  // namespace brume::storage
