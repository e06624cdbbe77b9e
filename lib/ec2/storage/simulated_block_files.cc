#include "lib/ec2/storage/simulated_block_files.h"

namespace brume::storage {

absl::StatusOr<std::vector<LayerBlock>> SimulatedBlockFiles::Map(const LayerChain& chain, int64_t first,
                                                                 int64_t count) {
  MutexLock lock(mutex_);
  std::map<int64_t, int> found;
  for (size_t i = 0; i < chain.layers.size(); ++i) {
    const auto layer = gathered_.find(chain.layers[i]);
    if (layer == gathered_.end()) continue;
    const auto& blocks = layer->second.blocks;
    for (auto at = blocks.lower_bound(first); at != blocks.end() && at->first < first + count; ++at) {
      found.emplace(at->first, static_cast<int>(i) + 1);
    }
  }
  std::vector<LayerBlock> mapped;
  for (const auto& [index, depth] : found) mapped.push_back({.index = index, .depth = depth});
  return mapped;
}

absl::StatusOr<std::string> SimulatedBlockFiles::Read(const LayerChain& chain, int64_t index) {
  MutexLock lock(mutex_);
  ++reads_;
  for (const std::string& layer : chain.layers) {
    const auto found = gathered_.find(layer);
    if (found == gathered_.end()) continue;
    const auto block = found->second.blocks.find(index);
    if (block != found->second.blocks.end()) return block->second;
  }
  return std::string(kBlockBytes, '\0');
}

absl::Status SimulatedBlockFiles::Put(const VolumeSnapshot& snapshot, int64_t index, absl::string_view data,
                                      const BlockDigest&) {
  MutexLock lock(mutex_);
  Gathered& gathered = gathered_[snapshot.id.text()];
  if (gathered.sealed) return absl::FailedPreconditionError("sealed");
  gathered.blocks[index] = std::string(data);
  gathered.last_put = now_();
  return absl::OkStatus();
}

absl::StatusOr<GatheredBlocks> SimulatedBlockFiles::Seal(const VolumeSnapshot& snapshot) {
  MutexLock lock(mutex_);
  Gathered& gathered = gathered_[snapshot.id.text()];
  gathered.sealed = true;
  std::string digests;
  for (const auto& [index, data] : gathered.blocks) digests += DigestOfBlock(data);
  return GatheredBlocks{.count = static_cast<int64_t>(gathered.blocks.size()), .digest = DigestOfBlock(digests)};
}

void SimulatedBlockFiles::Unseal(const SnapshotId& id) {
  MutexLock lock(mutex_);
  gathered_[id.text()].sealed = false;
}

absl::StatusOr<std::optional<absl::Time>> SimulatedBlockFiles::LastPut(const SnapshotId& id) {
  MutexLock lock(mutex_);
  const auto found = gathered_.find(id.text());
  if (found == gathered_.end() || found->second.blocks.empty()) return std::nullopt;
  return found->second.last_put;
}

absl::Status SimulatedBlockFiles::Finish(const VolumeSnapshot&) { return absl::OkStatus(); }

absl::Status SimulatedBlockFiles::Abandon(const SnapshotId& id) {
  MutexLock lock(mutex_);
  gathered_.erase(id.text());
  return absl::OkStatus();
}

int SimulatedBlockFiles::reads() {
  MutexLock lock(mutex_);
  return reads_;
}

}  // namespace brume::storage
