#include "lib/ec2/storage/qcow2/host_backup_files.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/private_file.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/qcow2/backup_directory.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"

namespace brume::storage {
namespace {

constexpr char kWork[] = "backup";
// A guest's UEFI variables, as the hypervisor names them.
constexpr char kVariables[] = "nvram.fd";

// The layer whose disk the header names; empty = none.
std::string LayerBelow(absl::string_view header) {
  const std::vector<std::string> parts = absl::StrSplit(BackingFile(header), '/');
  return parts.size() == 5 ? parts[3] : "";
}

class HostBackupWriter final : public BackupWriter {
 public:
  HostBackupWriter(const std::string& state_dir, BackupTarget target, BackupDirectory directory, UniqueFd state,
                   UniqueFd work, std::atomic<bool>& busy)
      : state_dir_(state_dir),
        target_(std::move(target)),
        directory_(std::move(directory)),
        state_(std::move(state)),
        work_(std::move(work)),
        busy_(busy) {}
  ~HostBackupWriter() override {
    RemoveRemains(state_.get(), kWork);
    busy_ = false;
  }

  absl::StatusOr<std::string> NewDatabase() override;
  absl::Status Hold(const std::vector<std::string>& layers, const std::vector<std::string>& needed) override;
  absl::Status Copy(const BackupDescription& about, const std::function<bool()>& goes_on,
                    const OnBackupProgress& on_progress) override;

 private:
  // A file to be copied, open for reading.
  struct Source {
    UniqueFd file;
    struct stat info = {};
  };
  absl::StatusOr<Source> OpenSource(const std::string& path) const;
  // False when the layer is not there.
  absl::StatusOr<bool> HoldLayer(int held, const std::string& layer);
  absl::StatusOr<std::vector<std::string>> Paths() const;
  absl::Status AddHeld(std::vector<std::string>& paths) const;
  absl::StatusOr<BackupFile> CopyFile(const std::string& path, const BackupFile* before, const OnBytes& on_bytes,
                                      BackupProgress& progress);
  absl::Status CopyAll(const BackupDescription& about, const std::function<bool()>& goes_on,
                       const OnBackupProgress& on_progress);
  std::map<std::string, BackupFile> FilesBefore() const;

  const std::string state_dir_;
  const BackupTarget target_;
  BackupDirectory directory_;
  const UniqueFd state_, work_;
  std::atomic<bool>& busy_;
  std::map<std::string, std::string> below_;  // of each held layer that lies over one
  std::set<std::string> held_;
};

absl::StatusOr<std::string> HostBackupWriter::NewDatabase() {
  RETURN_IF_ERROR(RemoveTreeAt(work_.get(), kBackupDatabase));
  RETURN_IF_ERROR(CreateFileAt(work_.get(), kBackupDatabase).status());
  return absl::StrCat(state_dir_, "/", kWork, "/", kBackupDatabase);
}

absl::StatusOr<bool> HostBackupWriter::HoldLayer(int held, const std::string& layer) {
  RETURN_IF_ERROR(CheckLayerId(layer));
  ASSIGN_OR_RETURN(const UniqueFd layers, OpenDirectoryAt(state_.get(), kLayers));
  const absl::StatusOr<UniqueFd> from = OpenDirectoryAt(layers.get(), layer);
  if (absl::IsNotFound(from.status())) return false;
  RETURN_IF_ERROR(from.status());
  ASSIGN_OR_RETURN(const UniqueFd to, CreateDirectoryAt(held, layer, 0700, Owner{geteuid(), getegid()}));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, EntriesOf(from->get()));
  for (const std::string& name : names) {
    if (!IsBackupPath(absl::StrCat(kLayers, "/", layer, "/", name))) continue;  // being made
    const absl::Status linked = LinkAt(from->get(), name, to.get(), name);
    if (absl::IsNotFound(linked)) return false;  // being removed
    RETURN_IF_ERROR(linked);
    ASSIGN_OR_RETURN(const UniqueFd file, OpenForReading(to.get(), name));
    ASSIGN_OR_RETURN(const std::string header, ReadStart(file.get(), kHeaderBytes));
    if (const std::string below = LayerBelow(header); !below.empty()) below_[layer] = below;
  }
  return true;
}

absl::Status HostBackupWriter::Hold(const std::vector<std::string>& layers, const std::vector<std::string>& needed) {
  RETURN_IF_ERROR(RemoveTreeAt(work_.get(), kLayers));
  ASSIGN_OR_RETURN(const UniqueFd held, CreateDirectoryAt(work_.get(), kLayers, 0700, Owner{geteuid(), getegid()}));
  held_.clear();
  below_.clear();
  for (const std::string& layer : layers) {
    ASSIGN_OR_RETURN(const bool there, HoldLayer(held.get(), layer));
    if (there) {
      held_.insert(layer);
    } else {
      RETURN_IF_ERROR(RemoveTreeAt(held.get(), layer));
      below_.erase(layer);
    }
  }
  for (const std::string& layer : needed) {
    if (!held_.contains(layer)) return absl::NotFoundError(absl::StrCat("the files of ", layer, " are not there"));
  }
  for (const auto& [layer, below] : below_) {
    if (held_.contains(below)) continue;
    return absl::NotFoundError(absl::StrCat("the files of ", below, ", which ", layer, " lies over, are not there"));
  }
  return absl::OkStatus();
}

absl::Status HostBackupWriter::AddHeld(std::vector<std::string>& paths) const {
  ASSIGN_OR_RETURN(const UniqueFd held, OpenDirectoryAt(work_.get(), kLayers));
  for (const std::string& layer : held_) {
    ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectoryAt(held.get(), layer));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, EntriesOf(directory.get()));
    for (const std::string& name : names) paths.push_back(absl::StrCat(kLayers, "/", layer, "/", name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> HostBackupWriter::Paths() const {
  std::vector<std::string> paths = {kBackupDatabase};
  if (target_.with_key) paths.emplace_back(kBackupKey);
  RETURN_IF_ERROR(AddHeld(paths));
  ASSIGN_OR_RETURN(const UniqueFd instances, OpenDirectoryAt(state_.get(), kInstances));
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, EntriesOf(instances.get()));
  for (const std::string& id : ids) {
    const std::string path = absl::StrCat(kInstances, "/", id, "/", kVariables);
    ASSIGN_OR_RETURN(const EntryKind kind, KindOfAt(state_.get(), path));
    if (IsBackupPath(path) && kind == EntryKind::kFile) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<HostBackupWriter::Source> HostBackupWriter::OpenSource(const std::string& path) const {
  const bool of_work = path == kBackupDatabase || path.starts_with(kLayers);
  Source source;
  source.file = UniqueFd(
      openat(of_work ? work_.get() : state_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source.file || fstat(source.file.get(), &source.info) != 0) {
    return FileError(errno, absl::StrCat("opening ", path));
  }
  if (S_ISREG(source.info.st_mode)) return source;
  return absl::DataLossError(absl::StrCat(path, " is no regular file"));
}

std::map<std::string, BackupFile> HostBackupWriter::FilesBefore() const {
  std::map<std::string, BackupFile> files;
  const absl::StatusOr<std::vector<std::string>> ids = directory_.List();
  if (!ids.ok() || ids->empty()) return files;
  const absl::StatusOr<BackupManifest> newest = directory_.Read(ids->back());
  if (!newest.ok()) {
    log::Warn("the backup {} cannot be read, so all is read anew: {}", ids->back(), newest.status().message());
    return files;
  }
  for (const BackupFile& file : newest->files) files[file.path] = file;
  return files;
}

absl::StatusOr<BackupFile> HostBackupWriter::CopyFile(const std::string& path, const BackupFile* before,
                                                      const OnBytes& on_bytes, BackupProgress& progress) {
  ASSIGN_OR_RETURN(const Source source, OpenSource(path));
  constexpr int64_t kNanoseconds = 1'000'000'000;
  BackupFile file{.path = path, .sha256 = "", .size = source.info.st_size};
  // Layers alone never change in place.
  if (path.starts_with(kLayers)) {
    file.inode = source.info.st_ino;
    file.modified_ns = source.info.st_mtim.tv_sec * kNanoseconds + source.info.st_mtim.tv_nsec;
    const bool same = before != nullptr && before->size == file.size && before->inode == file.inode &&
                      before->modified_ns == file.modified_ns;
    if (same && directory_.Has(*before)) {
      file.sha256 = before->sha256;
      RETURN_IF_ERROR(on_bytes(file.size));
      return file;
    }
  }
  ASSIGN_OR_RETURN(const BackupDirectory::Added added, directory_.Add(source.file.get(), file.size, on_bytes));
  file.sha256 = added.sha256;
  if (added.added) progress.copied_bytes += file.size;
  return file;
}

absl::Status HostBackupWriter::CopyAll(const BackupDescription& about, const std::function<bool()>& goes_on,
                                       const OnBackupProgress& on_progress) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, Paths());
  BackupProgress progress;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const Source source, OpenSource(path));
    progress.total_bytes += source.info.st_size;
    ++progress.files;
  }
  const auto on_bytes = [&](int64_t bytes) -> absl::Status {
    progress.done_bytes += bytes;
    on_progress(progress);
    return goes_on() ? absl::OkStatus() : absl::CancelledError("cancelled");
  };
  const std::map<std::string, BackupFile> before = FilesBefore();
  BackupManifest manifest{.about = about, .files = {}};
  for (const std::string& path : paths) {
    const auto found = before.find(path);
    ASSIGN_OR_RETURN(BackupFile file,
                     CopyFile(path, found == before.end() ? nullptr : &found->second, on_bytes, progress));
    manifest.files.push_back(std::move(file));
    RETURN_IF_ERROR(Failpoint("backup.file_copied"));
  }
  on_progress(progress);
  ASSIGN_OR_RETURN(std::string key, ReadPrivateFile(absl::StrCat(state_dir_, "/", kBackupKey)));
  const std::string text = RenderManifest(manifest, key);
  OPENSSL_cleanse(key.data(), key.size());
  RETURN_IF_ERROR(Failpoint("backup.copied"));
  RETURN_IF_ERROR(directory_.Publish(about.id, text));
  RETURN_IF_ERROR(Failpoint("backup.published"));
  // The backup is there: what cannot be tidied up only takes room, and the next one tries again.
  if (const absl::Status pruned = directory_.Prune(target_.keep); !pruned.ok()) {
    log::Warn("older backups in {} cannot be removed: {}", target_.directory, pruned.message());
  }
  return absl::OkStatus();
}

absl::Status HostBackupWriter::Copy(const BackupDescription& about, const std::function<bool()>& goes_on,
                                    const OnBackupProgress& on_progress) {
  const absl::Status copied = CopyAll(about, goes_on, on_progress);
  if (!absl::IsResourceExhausted(copied)) return copied;
  return absl::ResourceExhaustedError(
      absl::StrCat("the disk of ", target_.directory,
                   " is full: free some space there, or keep fewer backups (--keep). Earlier backups are whole"));
}

class HostBackupFiles final : public BackupFiles {
 public:
  explicit HostBackupFiles(std::string state_dir) : state_dir_(std::move(state_dir)) {}

  absl::StatusOr<std::unique_ptr<BackupWriter>> Begin(const BackupTarget& target) override {
    if (busy_.exchange(true)) return absl::FailedPreconditionError("a backup is being made already");
    absl::StatusOr<std::unique_ptr<BackupWriter>> begun = BeginAlone(target);
    if (!begun.ok()) busy_ = false;
    return begun;
  }

 private:
  absl::StatusOr<std::unique_ptr<BackupWriter>> BeginAlone(const BackupTarget& target) {
    ASSIGN_OR_RETURN(BackupDirectory directory, BackupDirectory::OpenToWrite(target.directory, state_dir_));
    ASSIGN_OR_RETURN(UniqueFd state, OpenDirectory(state_dir_));
    RETURN_IF_ERROR(RemoveTreeAt(state.get(), kWork));
    ASSIGN_OR_RETURN(UniqueFd work, CreateDirectoryAt(state.get(), kWork, 0700, Owner{geteuid(), getegid()}));
    return std::make_unique<HostBackupWriter>(state_dir_, target, std::move(directory), std::move(state),
                                              std::move(work), busy_);
  }

  const std::string state_dir_;
  std::atomic<bool> busy_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BackupFiles>> OpenHostBackupFiles(const std::string& state_dir) {
  ASSIGN_OR_RETURN(const UniqueFd state, OpenDirectory(state_dir));
  RETURN_IF_ERROR(RemoveTreeAt(state.get(), kWork));
  return std::make_unique<HostBackupFiles>(state_dir);
}

}  // namespace brume::storage
