#include "lib/ec2/storage/snapshot_block_service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/snapshot_upload_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

// So many blocks are read in one go.
constexpr int64_t kWindow = 16384;

absl::Status NoSnapshot(const SnapshotId& id) {
  return ec2::Error("ResourceNotFoundException.SNAPSHOT_NOT_FOUND",
                    absl::StrCat("The snapshot '", id.text(), "' does not exist."));
}

absl::Status NotReadable(const SnapshotId& id, absl::string_view state) {
  return ec2::Error("ValidationException.INVALID_SNAPSHOT_ID",
                    absl::StrCat("The snapshot '", id.text(), "' ", state, "."));
}

absl::Status NoBlock(int64_t index, int64_t size_gib) {
  return ec2::Error("ValidationException.INVALID_BLOCK",
                    absl::StrCat("The block index ", index, " is not one of a snapshot of ", size_gib,
                                 " GiB, which has ", size_gib * kBlocksPerGib, " blocks."));
}

absl::Status InvalidValue(absl::string_view why) {
  return ec2::Error("ValidationException.INVALID_PARAMETER_VALUE", why);
}

// The layer and all below it, by the rows.
absl::StatusOr<std::vector<std::string>> ChainOf(store::Connection& c, const std::string& layer) {
  const absl::StatusOr<SnapshotId> id = SnapshotId::Parse(layer);
  if (!id.ok()) return std::vector<std::string>{layer};  // an image's, the lowest
  ASSIGN_OR_RETURN(const std::vector<VolumeSnapshot> rows, SnapshotTable(c).ListChain(*id));
  std::vector<std::string> chain;
  for (const VolumeSnapshot& row : rows) chain.push_back(row.id.text());
  if (!rows.empty() && !rows.back().below.empty()) chain.push_back(rows.back().below);
  return chain;
}

// How many layers of each chain lie over the first that both have; all of them where they have none in common.
struct Fork {
  int first = std::numeric_limits<int>::max(), second = std::numeric_limits<int>::max();
  bool common = false;
};
Fork ForkOf(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  for (size_t i = 0; i < second.size(); ++i) {
    const auto found = std::find(first.begin(), first.end(), second[i]);
    if (found == first.end()) continue;
    return {.first = static_cast<int>(found - first.begin()), .second = static_cast<int>(i), .common = true};
  }
  return {};
}

// Goes through the blocks from the range's beginning to `end` by windows, until the list is as long as it may be.
template <typename Window>
absl::StatusOr<BlockList> ByWindows(const BlockRange& range, int64_t size_gib, const Window& window) {
  BlockList list;
  list.size_gib = size_gib;
  const int64_t end = size_gib * kBlocksPerGib;
  for (int64_t at = range.first; at < end; at += kWindow) {
    ASSIGN_OR_RETURN(const std::vector<ListedBlock> found, window(at, std::min(kWindow, end - at)));
    for (const ListedBlock& block : found) {
      if (list.blocks.size() == range.max_blocks) {
        list.next = block.index;
        return list;
      }
      list.blocks.push_back(block);
    }
  }
  return list;
}

absl::StatusOr<VolumeSnapshot> NewSnapshot(store::Connection& c, const UploadRequest& request, Random& random) {
  VolumeSnapshot snapshot;
  ASSIGN_OR_RETURN(snapshot.encrypted, WillEncrypt(c, request.encrypted, {}));
  if (!request.parent.has_value()) {
    if (snapshot.encrypted) snapshot.data_key_id = DataKeyOf({}, random);
    return snapshot;
  }
  const absl::StatusOr<SnapshotSource> parent = FindSource(c, *request.parent);
  if (absl::IsNotFound(parent.status())) return NoSnapshot(*request.parent);
  if (!parent.ok()) return NotReadable(*request.parent, "is not completed");
  // A layer that is encrypted over one that is not would hide that the latter's bytes are in the clear.
  if (snapshot.encrypted && !parent->encrypted) {
    return InvalidValue(absl::StrCat("The parent '", request.parent->text(),
                                     "' is not encrypted, and snapshots are by default: start one without a parent."));
  }
  if (request.size_gib < parent->size_gib) {
    return ec2::Error("ValidationException.INVALID_VOLUME_SIZE",
                      absl::StrCat("The volume size of ", request.size_gib, " GiB is smaller than that of the parent '",
                                   request.parent->text(), "', ", parent->size_gib, " GiB."));
  }
  snapshot.encrypted = parent->encrypted;
  snapshot.data_key_id = parent->data_key_id;
  snapshot.below = parent->layer_id;
  return snapshot;
}

}  // namespace

absl::StatusOr<StartedUpload> SnapshotBlockService::Start(const UploadRequest& request) {
  if (request.size_gib < 1 || request.size_gib > kMaxVolumeGib) {
    return ec2::Error(
        "ValidationException.INVALID_VOLUME_SIZE",
        absl::StrCat("The volume size of ", request.size_gib, " GiB must be 1 to ", kMaxVolumeGib, " here."));
  }
  if (const absl::Status tags = CheckTags(request.tags); !tags.ok()) {
    return ec2::Error("ValidationException.INVALID_TAG", tags.message());
  }
  StartedUpload started;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const auto earlier, SnapshotUploadTable(c).FindToken(request.client_token));
    if (earlier.has_value()) {
      if (earlier->parameters_digest != request.parameters_digest) {
        return ec2::Error("ConflictException", absl::StrCat("The client token '", request.client_token,
                                                            "' was used with other parameters."));
      }
      started.parent = earlier->parent_id;
      ASSIGN_OR_RETURN(started.view.snapshot, SnapshotTable(c).Get(earlier->id));
      ASSIGN_OR_RETURN(started.view.tags, tagging::GetTags(c, earlier->id.text()));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(VolumeSnapshot snapshot, NewSnapshot(c, request, parts_.random));
    snapshot.id = SnapshotId::New(parts_.random);
    snapshot.description = request.description;
    snapshot.started = parts_.clock.Now();
    snapshot.size_gib = request.size_gib;
    snapshot.layer_id = snapshot.id.text();
    RETURN_IF_ERROR(SnapshotTable(c).Insert(snapshot));
    RETURN_IF_ERROR(SnapshotUploadTable(c).Insert({.id = snapshot.id,
                                                   .parent_id = request.parent.value_or(SnapshotId()),
                                                   .timeout = request.timeout,
                                                   .client_token = request.client_token,
                                                   .parameters_digest = request.parameters_digest}));
    RETURN_IF_ERROR(tagging::SetTags(c, snapshot.id.text(), request.tags));
    started = {.view = {.snapshot = snapshot, .tags = request.tags}, .parent = request.parent.value_or(SnapshotId())};
    return absl::OkStatus();
  }));
  parts_.wake(started.view.snapshot.id);
  return started;
}

absl::StatusOr<VolumeSnapshot> SnapshotBlockService::FindOpen(const SnapshotId& id) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<VolumeSnapshot> {
    absl::StatusOr<VolumeSnapshot> snapshot = GetSnapshot(c, id);
    if (absl::IsNotFound(snapshot.status()))
      return CheckSnapshot(c, id).ok() ? NotReadable(id, "is not pending") : NoSnapshot(id);
    RETURN_IF_ERROR(snapshot.status());
    ASSIGN_OR_RETURN(const auto upload, SnapshotUploadTable(c).Find(id));
    if (upload.has_value() && upload->state == UploadState::kOpen) return snapshot;
    return NotReadable(id, upload.has_value() ? "was completed" : "was not made by StartSnapshot");
  });
}

absl::Status SnapshotBlockService::Put(const SnapshotId& id, int64_t index, absl::string_view data,
                                       absl::string_view checksum) {
  if (data.size() != kBlockBytes) {
    return InvalidValue(absl::StrCat("The block has ", data.size(), " bytes and must have ", kBlockBytes, "."));
  }
  const BlockDigest digest = DigestOfBlock(data);
  if (absl::Base64Escape(digest) != checksum) {
    return InvalidValue("The checksum is not the base64 of the SHA-256 of the block's data.");
  }
  ASSIGN_OR_RETURN(const VolumeSnapshot snapshot, FindOpen(id));
  if (index < 0 || index >= snapshot.size_gib * kBlocksPerGib) return NoBlock(index, snapshot.size_gib);
  const absl::Status put = parts_.files.Put(snapshot, index, data, digest);
  if (absl::IsFailedPrecondition(put)) return NotReadable(id, "was completed");
  if (absl::IsResourceExhausted(put)) {
    return ec2::Error("ServiceQuotaExceededException.DEPENDENCY_SERVICE_QUOTA_EXCEEDED",
                      "The host has no room for the block: free some space.");
  }
  return put;
}

absl::StatusOr<SnapshotState> SnapshotBlockService::Complete(const SnapshotId& id, const UploadEnd& end) {
  const absl::StatusOr<VolumeSnapshot> open = FindOpen(id);
  if (!open.ok()) {
    // A completion whose answer was lost is answered once more.
    const auto row = parts_.database.ReadFor([&](store::Connection& c) { return GetSnapshot(c, id); });
    const auto upload = parts_.database.ReadFor([&](store::Connection& c) { return SnapshotUploadTable(c).Find(id); });
    if (row.ok() && upload.ok() && upload->has_value() && row->state != SnapshotState::kError) return row->state;
    return open.status();
  }
  ASSIGN_OR_RETURN(const GatheredBlocks gathered, parts_.files.Seal(*open));
  const auto refuse = [&](absl::Status why) {
    parts_.files.Unseal(id);
    return why;
  };
  if (gathered.count != end.blocks) {
    return refuse(InvalidValue(absl::StrCat("The changed blocks count is ", end.blocks, ", and ", gathered.count,
                                            " blocks were put to '", id.text(), "'.")));
  }
  if (!end.checksum.empty() && end.checksum != absl::Base64Escape(gathered.digest)) {
    return refuse(InvalidValue("The checksum is not that of the blocks' checksums in the order of their indexes."));
  }
  const absl::Status sealed = parts_.database.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(auto upload, SnapshotUploadTable(c).Find(id));
    if (!upload.has_value() || upload->state != UploadState::kOpen) return NotReadable(id, "was completed");
    upload->state = UploadState::kSealed;
    return SnapshotUploadTable(c).Update(*upload);
  });
  if (!sealed.ok()) return refuse(sealed);
  parts_.wake(id);
  return SnapshotState::kPending;
}

absl::StatusOr<SnapshotBlockService::Readable> SnapshotBlockService::Find(const SnapshotId& id) {
  return parts_.database.ReadFor([&](store::Connection& c) -> absl::StatusOr<Readable> {
    const absl::StatusOr<SnapshotSource> source = FindSource(c, id);
    if (absl::IsNotFound(source.status())) return NoSnapshot(id);
    if (ec2::HasErrorCode(source.status())) return NotReadable(id, "is not completed");
    RETURN_IF_ERROR(source.status());
    Readable readable{.chain = {}, .size_gib = source->size_gib, .volume_id = {}};
    ASSIGN_OR_RETURN(readable.chain.layers, ChainOf(c, source->layer_id));
    readable.chain.data_key_id = source->data_key_id;
    if (const auto row = GetSnapshot(c, id); row.ok()) readable.volume_id = row->volume_id;
    return readable;
  });
}

absl::StatusOr<BlockList> SnapshotBlockService::List(const SnapshotId& id, const BlockRange& range) {
  ASSIGN_OR_RETURN(const Readable of, Find(id));
  const auto window = [&](int64_t first, int64_t count) -> absl::StatusOr<std::vector<ListedBlock>> {
    ASSIGN_OR_RETURN(const std::vector<LayerBlock> mapped, parts_.files.Map(of.chain, first, count));
    std::vector<ListedBlock> listed;
    for (const LayerBlock& block : mapped) listed.push_back({.index = block.index});
    return listed;
  };
  return ByWindows(range, of.size_gib, window);
}

absl::StatusOr<BlockList> SnapshotBlockService::ListChanged(const SnapshotId& first, const SnapshotId& second,
                                                            const BlockRange& range) {
  ASSIGN_OR_RETURN(const Readable before, Find(first));
  ASSIGN_OR_RETURN(const Readable after, Find(second));
  const Fork fork = ForkOf(before.chain.layers, after.chain.layers);
  if (!fork.common && (before.volume_id.empty() || before.volume_id != after.volume_id)) {
    return ec2::Error("ValidationException.UNRELATED_SNAPSHOTS",
                      absl::StrCat("The snapshots '", first.text(), "' and '", second.text(),
                                   "' are not of one volume, nor is the one made over the other."));
  }
  const auto window = [&](int64_t from, int64_t count) -> absl::StatusOr<std::vector<ListedBlock>> {
    ASSIGN_OR_RETURN(const std::vector<LayerBlock> old, parts_.files.Map(before.chain, from, count));
    ASSIGN_OR_RETURN(const std::vector<LayerBlock> current, parts_.files.Map(after.chain, from, count));
    std::vector<ListedBlock> changed;
    for (size_t i = 0, j = 0; i < old.size() || j < current.size();) {
      const bool has_old = i < old.size() && (j == current.size() || old[i].index <= current[j].index);
      const bool has_new = j < current.size() && (i == old.size() || current[j].index <= old[i].index);
      const int64_t index = has_old ? old[i].index : current[j].index;
      const bool differs = (has_old && old[i].depth <= fork.first) || (has_new && current[j].depth <= fork.second);
      if (differs) changed.push_back({.index = index, .in_first = has_old});
      if (has_old) ++i;
      if (has_new) ++j;
    }
    return changed;
  };
  return ByWindows(range, std::max(before.size_gib, after.size_gib), window);
}

absl::StatusOr<std::string> SnapshotBlockService::Get(const SnapshotId& id, int64_t index) {
  ASSIGN_OR_RETURN(const Readable of, Find(id));
  if (index < 0 || index >= of.size_gib * kBlocksPerGib) return NoBlock(index, of.size_gib);
  return parts_.files.Read(of.chain, index);
}

absl::Status SnapshotBlockService::End(const VolumeSnapshot& snapshot, SnapshotState state,
                                       const std::string& message) {
  VolumeSnapshot ended = snapshot;
  ended.state = state;
  ended.state_message = message;
  return parts_.database.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(SnapshotTable(c).Update(ended));
    ASSIGN_OR_RETURN(auto upload, SnapshotUploadTable(c).Find(snapshot.id));
    if (!upload.has_value()) return absl::OkStatus();
    upload->state = UploadState::kEnded;
    return SnapshotUploadTable(c).Update(*upload);
  });
}

absl::StatusOr<bool> SnapshotBlockService::Settle(const VolumeSnapshot& snapshot) {
  ASSIGN_OR_RETURN(const auto upload, parts_.database.ReadFor([&](store::Connection& c) {
    return SnapshotUploadTable(c).Find(snapshot.id);
  }));
  if (!upload.has_value()) {  // the database was made again of records, which know nothing of uploads
    RETURN_IF_ERROR(parts_.files.Abandon(snapshot.id));
    RETURN_IF_ERROR(End(snapshot, SnapshotState::kError, "Nobody knows any more which blocks were put"));
    return true;
  }
  if (upload->state == UploadState::kOpen) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> put, parts_.files.LastPut(snapshot.id));
    if (parts_.clock.Now() < std::max(put.value_or(snapshot.started), snapshot.started) + upload->timeout) return false;
    RETURN_IF_ERROR(parts_.files.Abandon(snapshot.id));
    RETURN_IF_ERROR(End(snapshot, SnapshotState::kError, "No block was put for the length of its timeout"));
    return true;
  }
  const absl::Status made = parts_.files.Finish(snapshot);
  if (absl::IsDataLoss(made)) {
    log::Error("snapshot {} cannot be made of its blocks: {}", snapshot.id.text(), made.message());
    RETURN_IF_ERROR(parts_.files.Abandon(snapshot.id));
    RETURN_IF_ERROR(End(snapshot, SnapshotState::kError, ToUtf8(made.message())));
    return true;
  }
  RETURN_IF_ERROR(made);
  RETURN_IF_ERROR(Failpoint("snapshot.gathered"));
  RETURN_IF_ERROR(End(snapshot, SnapshotState::kCompleted, ""));
  log::Info("snapshot {} is completed", snapshot.id.text());
  return true;
}

}  // namespace brume::storage
