// Tokens of blocks: only a block that was listed is read, and only while its token lives.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/random.h"
#include "lib/resource/ids.h"

namespace brume::storage {

inline constexpr absl::Duration kBlockTokensLive = absl::Hours(7 * 24);

// Signed by a key of this process: they end with it. Thread-safe.
class BlockTokens {
 public:
  explicit BlockTokens(Random& random) : key_(random.Hex(64)) {}

  // Base64.
  std::string Make(const SnapshotId& id, int64_t index, absl::Time expiry) const;
  // Error: ValidationException.INVALID_BLOCK_TOKEN for one of another block or snapshot, a forged or an old one.
  absl::Status Check(absl::string_view token, const SnapshotId& id, int64_t index, absl::Time now) const;

 private:
  const std::string key_;
};

}  // namespace brume::storage
