// Snapshots as blocks, as the EBS direct APIs have them. Source of behaviour: EBS direct APIs reference, version
// 2019-11-02.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume {

inline constexpr int64_t kBlockBytes = 512 << 10;
inline constexpr int64_t kBlocksPerGib = (int64_t{1} << 30) / kBlockBytes;

// A layer and what lies below it, the uppermost first. Ids of snapshots, and at the end maybe of an image.
struct LayerChain {
  std::vector<std::string> layers;
  std::string data_key_id = {};  // of those that are encrypted, which are of one line; empty = none is

  bool operator==(const LayerChain&) const = default;
};

// A block that has data somewhere in a chain. `depth`: how many layers down the uppermost data of it are; 1 = in the
// uppermost.
struct LayerBlock {
  int64_t index = 0;
  int depth = 0;
};

// SHA-256, 32 bytes.
using BlockDigest = std::string;
BlockDigest DigestOfBlock(absl::string_view data);
// The same in base64.
std::string ChecksumOfBlock(absl::string_view data);

// kSealed: no block is written any more, and the layer is to be made. kEnded: the snapshot is completed or in error.
enum class UploadState { kOpen = 0, kSealed = 1, kEnded = 2 };
std::true_type IsPersisted(UploadState);  // the database keeps its values

// How a snapshot is made of blocks that a client puts.
struct SnapshotUpload {
  SnapshotId id;
  UploadState state = UploadState::kOpen;
  SnapshotId parent_id;  // whose blocks it has where it has none of its own; empty = none
  // Without a block for so long it is given up.
  absl::Duration timeout;
  std::string client_token, parameters_digest;  // empty = none
  int64_t version = 0;
};

}  // namespace brume
