// Blocks that are only remembered: for `brumed --simulate` and for tests.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/ec2/storage/block_files.h"

namespace brume::storage {

// Layers that it did not make itself have no data. Thread-safe.
class SimulatedBlockFiles final : public BlockFiles {
 public:
  // `now`: the time of a block that is put.
  explicit SimulatedBlockFiles(std::function<absl::Time()> now) : now_(std::move(now)) {}

  absl::StatusOr<std::vector<LayerBlock>> Map(const LayerChain& chain, int64_t first, int64_t count) override;
  absl::StatusOr<std::string> Read(const LayerChain& chain, int64_t index) override;
  absl::Status Put(const VolumeSnapshot& snapshot, int64_t index, absl::string_view data,
                   const BlockDigest& digest) override;
  absl::StatusOr<GatheredBlocks> Seal(const VolumeSnapshot& snapshot) override;
  void Unseal(const SnapshotId& id) override;
  absl::StatusOr<std::optional<absl::Time>> LastPut(const SnapshotId& id) override;
  absl::Status Finish(const VolumeSnapshot& snapshot) override;
  absl::Status Abandon(const SnapshotId& id) override;

  // How often a block was read.
  int reads();

 private:
  struct Gathered {
    std::map<int64_t, std::string> blocks;
    bool sealed = false;
    absl::Time last_put;
  };

  const std::function<absl::Time()> now_;
  Mutex mutex_;
  // By layers' and snapshots' ids.
  std::map<std::string, Gathered> gathered_ ABSL_GUARDED_BY(mutex_);
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace brume::storage
