// Snapshots read and made block by block. Source of behaviour: EBS direct APIs reference; EBS user guide, "Use EBS
// direct APIs". Errors are those of that API, with their reason behind a dot: "ValidationException.INVALID_BLOCK".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/block_files.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/store/database.h"

namespace brume::storage {

struct UploadRequest {
  int64_t size_gib = 0;
  std::optional<SnapshotId> parent;
  bool encrypted = false;  // false: as EnableEbsEncryptionByDefault has it
  std::string description;
  absl::Duration timeout;
  std::string client_token;  // empty = unset
  std::string parameters_digest;
  TagMap tags;
};

struct StartedUpload {
  SnapshotView view;
  SnapshotId parent;  // empty = none
};

// The end of an upload, as its client knows it.
struct UploadEnd {
  int64_t blocks = 0;
  std::string checksum;  // base64, of all blocks; empty = not said
};

// Where a list of blocks goes on, and how long it may be.
struct BlockRange {
  int64_t first = 0;
  size_t max_blocks = 0;
};

struct ListedBlock {
  int64_t index = 0;
  bool in_first = false;  // of a comparison: whether the first snapshot has it, too
};

struct BlockList {
  std::vector<ListedBlock> blocks;
  int64_t size_gib = 0;
  std::optional<int64_t> next;  // where the list goes on; unset at its end
};

// Thread-safe.
class SnapshotBlockService {
 public:
  struct Parts {
    store::Database& database;
    const Clock& clock;
    Random& random;
    BlockFiles& files;
    // A snapshot is to be made of what was gathered, or its files to be removed; must not block.
    std::function<void(const SnapshotId&)> wake;
  };
  explicit SnapshotBlockService(Parts parts) : parts_(std::move(parts)) {}

  // Errors: ResourceNotFoundException of the parent, ValidationException, ConflictException for a client token that was
  // used with other parameters.
  absl::StatusOr<StartedUpload> Start(const UploadRequest& request);
  // Of a snapshot that Start made and nobody completed. `checksum`: base64 of the data's SHA-256. Errors:
  // ResourceNotFoundException, ValidationException, ServiceQuotaExceededException when the disk is full.
  absl::Status Put(const SnapshotId& id, int64_t index, absl::string_view data, absl::string_view checksum);
  // Pending until the layer is made. Errors: as of Put.
  absl::StatusOr<SnapshotState> Complete(const SnapshotId& id, const UploadEnd& end);

  // Errors of these: ResourceNotFoundException, ValidationException.
  absl::StatusOr<BlockList> List(const SnapshotId& id, const BlockRange& range);
  // Blocks that the one or the other of two related snapshots has and that are not the same by what layer they are in.
  absl::StatusOr<BlockList> ListChanged(const SnapshotId& first, const SnapshotId& second, const BlockRange& range);
  absl::StatusOr<std::string> Get(const SnapshotId& id, int64_t index);

  // What becomes of one that is put together, for the reconciler: false while it waits for its client. An error is of
  // the host and may pass.
  absl::StatusOr<bool> Settle(const VolumeSnapshot& snapshot);

 private:
  struct Readable {
    LayerChain chain;
    int64_t size_gib = 0;
    VolumeId volume_id;
  };
  absl::StatusOr<Readable> Find(const SnapshotId& id);
  absl::StatusOr<VolumeSnapshot> FindOpen(const SnapshotId& id);
  absl::Status End(const VolumeSnapshot& snapshot, SnapshotState state, const std::string& message);

  const Parts parts_;
};

}  // namespace brume::storage
