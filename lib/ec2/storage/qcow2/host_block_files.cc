#include "lib/ec2/storage/qcow2/host_block_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/mutex.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/gathered_qcow2.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/room.h"
#include "lib/ec2/storage/qcow2/snapshot_files.h"

namespace brume::storage {
namespace {

constexpr char kUploads[] = "uploads", kRecords[] = "blocks", kLayerJson[] = "layer.json";
constexpr uid_t kNobody = 65534;

GatheredShape ShapeOf(const VolumeSnapshot& snapshot) {
  GatheredShape shape{.size_bytes = static_cast<uint64_t>(snapshot.size_gib) << 30, .below = {}};
  if (snapshot.below.empty()) return shape;
  // While it is being encrypted it is found from the folder of uploads, too.
  shape.below = snapshot.encrypted ? NameOfLayer(snapshot.below, kLayerDisk)
                                   : absl::StrCat("../", snapshot.below, "/", kLayerDisk);
  return shape;
}

absl::StatusOr<UniqueFd> OpenOrMake(int directory, const char* name) {
  UniqueFd file(openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return FileError(errno, absl::StrCat("opening ", name));
  return file;
}

// One that is being put together. Its files are open while it is; many threads put blocks at a time.
struct Upload {
  UniqueFd directory, disk, records;
  Mutex mutex;
  CondVar written;
  int64_t next_slot ABSL_GUARDED_BY(mutex) = 0;
  int writers ABSL_GUARDED_BY(mutex) = 0;
  bool sealed ABSL_GUARDED_BY(mutex) = false;
};

class HostBlockFiles final : public BlockFiles {
 public:
  HostBlockFiles(LayerReaderOptions options, UniqueFd uploads, UniqueFd layers)
      : reader_(options), uploads_(std::move(uploads)) {
    places_.layers = std::move(layers);
    places_.state_dir = options.state_dir;
    places_.guests = options.reader;
    places_.keys = DiskKeys(absl::StrCat(options.state_dir, "/secret.key"));
  }

  absl::StatusOr<std::vector<LayerBlock>> Map(const LayerChain& chain, int64_t first, int64_t count) override {
    return reader_.Map(chain, first, count);
  }
  absl::StatusOr<std::string> Read(const LayerChain& chain, int64_t index) override {
    return reader_.Read(chain, index);
  }
  absl::Status Put(const VolumeSnapshot& snapshot, int64_t index, absl::string_view data,
                   const BlockDigest& digest) override;
  absl::StatusOr<GatheredBlocks> Seal(const VolumeSnapshot& snapshot) override;
  void Unseal(const SnapshotId& id) override;
  absl::StatusOr<std::optional<absl::Time>> LastPut(const SnapshotId& id) override;
  absl::Status Finish(const VolumeSnapshot& snapshot) override;
  absl::Status Abandon(const SnapshotId& id) override;

 private:
  absl::StatusOr<std::shared_ptr<Upload>> Open(const SnapshotId& id) ABSL_LOCKS_EXCLUDED(mutex_);
  void Evict(const SnapshotId& id) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CheckRoom() const;
  absl::Status MakeDisk(const VolumeSnapshot& snapshot);

  LayerReader reader_;
  const UniqueFd uploads_;
  DiskDirectories places_;  // layers alone are open
  Mutex mutex_;
  std::map<SnapshotId, std::shared_ptr<Upload>> open_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<std::shared_ptr<Upload>> HostBlockFiles::Open(const SnapshotId& id) {
  // Ids become file names of a privileged process.
  RETURN_IF_ERROR(SnapshotId::Parse(id.text()).status());
  MutexLock lock(mutex_);
  if (const auto found = open_.find(id); found != open_.end()) return found->second;
  auto upload = std::make_shared<Upload>();
  ASSIGN_OR_RETURN(upload->directory, EnsureDirectoryAt(uploads_.get(), id.text(), 0755, Owner{}));
  ASSIGN_OR_RETURN(upload->disk, OpenOrMake(upload->directory.get(), kLayerDisk));
  ASSIGN_OR_RETURN(upload->records, OpenOrMake(upload->directory.get(), kRecords));
  ASSIGN_OR_RETURN(const std::vector<GatheredBlock> blocks, ReadRecords(upload->records.get()));
  {
    MutexLock state(upload->mutex);
    for (const GatheredBlock& block : blocks) upload->next_slot = std::max(upload->next_slot, block.slot + 1);
  }
  open_[id] = upload;
  return upload;
}

void HostBlockFiles::Evict(const SnapshotId& id) {
  MutexLock lock(mutex_);
  open_.erase(id);
}

absl::Status HostBlockFiles::CheckRoom() const {
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(uploads_.get()));
  return space.free_bytes >= kBlockBytes + kReserveBytes ? absl::OkStatus() : FileError(ENOSPC, "putting a block");
}

absl::Status HostBlockFiles::Put(const VolumeSnapshot& snapshot, int64_t index, absl::string_view data,
                                 const BlockDigest& digest) {
  RETURN_IF_ERROR(CheckRoom());
  ASSIGN_OR_RETURN(const std::shared_ptr<Upload> upload, Open(snapshot.id));
  GatheredBlock block{.index = index, .slot = 0, .digest = digest};
  {
    MutexLock lock(upload->mutex);
    if (upload->sealed) return absl::FailedPreconditionError("the snapshot is sealed");
    block.slot = upload->next_slot++;
    ++upload->writers;
  }
  absl::Status written = WriteAt(upload->disk.get(), SlotOffset(ShapeOf(snapshot), block.slot), data);
  if (written.ok()) written = WriteRecord(upload->records.get(), block);
  MutexLock lock(upload->mutex);
  --upload->writers;
  upload->written.NotifyAll();
  return written;
}

absl::StatusOr<GatheredBlocks> HostBlockFiles::Seal(const VolumeSnapshot& snapshot) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Upload> upload, Open(snapshot.id));
  {
    MutexLock lock(upload->mutex);
    upload->sealed = true;
    while (upload->writers > 0) upload->written.Wait(upload->mutex);
  }
  ASSIGN_OR_RETURN(const std::vector<GatheredBlock> blocks, ReadRecords(upload->records.get()));
  std::string digests;
  for (const GatheredBlock& block : blocks) digests += block.digest;
  return GatheredBlocks{.count = static_cast<int64_t>(blocks.size()), .digest = DigestOfBlock(digests)};
}

void HostBlockFiles::Unseal(const SnapshotId& id) {
  const absl::StatusOr<std::shared_ptr<Upload>> upload = Open(id);
  if (!upload.ok()) return;  // then it is not sealed either
  MutexLock lock((*upload)->mutex);
  (*upload)->sealed = false;
}

absl::StatusOr<std::optional<absl::Time>> HostBlockFiles::LastPut(const SnapshotId& id) {
  struct stat info;
  if (fstatat(uploads_.get(), absl::StrCat(id.text(), "/", kRecords).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return FileError(errno, id.text());
  }
  return absl::TimeFromTimespec(info.st_mtim);
}

absl::Status HostBlockFiles::MakeDisk(const VolumeSnapshot& snapshot) {
  const GatheredShape shape = ShapeOf(snapshot);
  ASSIGN_OR_RETURN(const std::shared_ptr<Upload> upload, Open(snapshot.id));
  if (snapshot.encrypted) {
    ASSIGN_OR_RETURN(const std::string start, ReadStart(upload->disk.get(), kMaxHeaderBytes));
    if (IsEncrypted(start)) return absl::OkStatus();  // all was done before, and then cut off
  }
  ASSIGN_OR_RETURN(const std::vector<GatheredBlock> blocks, ReadRecords(upload->records.get()));
  RETURN_IF_ERROR(CheckBlocks(upload->disk.get(), shape, blocks));
  int64_t slots = 0;
  for (const GatheredBlock& block : blocks) slots = std::max(slots, block.slot + 1);
  RETURN_IF_ERROR(WriteTables(upload->disk.get(), shape, blocks, slots));
  RETURN_IF_ERROR(Failpoint("disks.upload_tables"));
  RETURN_IF_ERROR(ReplaceFileAt(upload->directory.get(), kLayerJson,
                                SnapshotManifest(snapshot, static_cast<int64_t>(shape.size_bytes)), 0444));
  RETURN_IF_ERROR(Settle(upload->disk.get(), 0444, Owner{}, kLayerDisk));
  if (!snapshot.encrypted) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveTreeAt(upload->directory.get(), kEncryptedDisk));
  return SnapshotFiles(places_).Encrypt(snapshot, upload->directory.get(), places_.PathOf(kUploads, snapshot.id.text()),
                                        static_cast<int64_t>(shape.size_bytes));
}

absl::Status HostBlockFiles::Finish(const VolumeSnapshot& snapshot) {
  const std::string& id = snapshot.id.text();
  ASSIGN_OR_RETURN(const EntryKind made, KindOfAt(places_.layers.get(), id));
  if (made == EntryKind::kNone) {
    RETURN_IF_ERROR(MakeDisk(snapshot));
    Evict(snapshot.id);
    if (renameat2(uploads_.get(), id.c_str(), places_.layers.get(), id.c_str(), RENAME_NOREPLACE) != 0) {
      return FileError(errno, absl::StrCat("making the layer ", id));
    }
  }
  // Also where it is found renamed: who did that may have died before it was on disk.
  RETURN_IF_ERROR(SyncDirectory(places_.layers.get(), kLayers));
  RETURN_IF_ERROR(SyncDirectory(uploads_.get(), kUploads));
  RETURN_IF_ERROR(Failpoint("disks.upload_renamed"));
  // Not before: without them nobody knows what the disk is made of.
  return RemoveTreeAt(places_.layers.get(), absl::StrCat(id, "/", kRecords));
}

absl::Status HostBlockFiles::Abandon(const SnapshotId& id) {
  RETURN_IF_ERROR(SnapshotId::Parse(id.text()).status());
  Evict(id);
  return RemoveTreeAt(uploads_.get(), id.text());
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlockFiles>> OpenHostBlockFiles(LayerReaderOptions options) {
  ASSIGN_OR_RETURN(const UniqueFd state, OpenDirectory(options.state_dir));
  ASSIGN_OR_RETURN(UniqueFd uploads, EnsureDirectoryAt(state.get(), kUploads, 0711, Owner{}));
  ASSIGN_OR_RETURN(UniqueFd layers, EnsureDirectoryAt(state.get(), kLayers, 0711, Owner{}));
  if (options.reader.uid == 0) options.reader = {kNobody, kNobody};
  return std::make_unique<HostBlockFiles>(std::move(options), std::move(uploads), std::move(layers));
}

}  // namespace brume::storage
