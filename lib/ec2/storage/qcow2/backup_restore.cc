#include "lib/ec2/storage/qcow2/backup_restore.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/failpoint.h"
#include "lib/base/private_file.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/qcow2/backup_directory.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_directories.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"

namespace brume::storage {
namespace {

constexpr char kQcow2Magic[] = "QFI\xfb";
constexpr size_t kMaxKeyBytes = 4096;

// A backup that was chosen: its text and what it says.
struct Chosen {
  std::string text;
  BackupManifest manifest;
};

absl::StatusOr<Chosen> Choose(const BackupDirectory& directory, std::string id) {
  if (id.empty()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> ids, directory.List());
    if (ids.empty()) return absl::NotFoundError("the directory has no complete backup");
    id = ids.back();
  }
  Chosen chosen;
  ASSIGN_OR_RETURN(chosen.manifest, directory.Read(id));
  ASSIGN_OR_RETURN(chosen.text, directory.ReadText(id));
  return chosen;
}

absl::Status Changed(const BackupFile& file) {
  return absl::DataLossError(absl::StrCat(file.path,
                                          " of the backup is not what it was: its checksum differs (objects/",
                                          file.sha256.substr(0, 2), "/", file.sha256, ")"));
}

// Compares the file with its checksum and copies it to `to`, or nowhere.
absl::Status CopyVerified(const BackupDirectory& directory, const BackupFile& file, int to, const OnBytes& on_bytes) {
  ASSIGN_OR_RETURN(const UniqueFd from, directory.Open(file));
  ASSIGN_OR_RETURN(const std::string sha256, CopyHashed(from.get(), to, file.size, on_bytes));
  return sha256 == file.sha256 ? absl::OkStatus() : Changed(file);
}

// The host's key: of the file that was given, else of the backup. Empty when there is neither.
absl::StatusOr<std::string> KeyFor(const BackupDirectory& directory, const BackupChoice& choice,
                                   const BackupManifest& manifest) {
  if (!choice.key_file.empty()) return ReadPrivateFile(choice.key_file);
  const BackupFile* const of_backup = manifest.Find(kBackupKey);
  if (of_backup == nullptr) return std::string();
  if (of_backup->size > static_cast<int64_t>(kMaxKeyBytes)) return Changed(*of_backup);
  ASSIGN_OR_RETURN(const UniqueFd file, directory.Open(*of_backup));
  ASSIGN_OR_RETURN(std::string key, ReadStart(file.get(), kMaxKeyBytes));
  if (Sha256Hex(key) != of_backup->sha256) return Changed(*of_backup);
  return key;
}

OnBytes Counting(BackupProgress& progress, const OnBackupProgress& on_progress) {
  return [&](int64_t bytes) {
    progress.done_bytes += bytes;
    on_progress(progress);
    return absl::OkStatus();
  };
}

BackupProgress Measure(const BackupManifest& manifest) {
  BackupProgress progress;
  for (const BackupFile& file : manifest.files) {
    progress.total_bytes += file.size;
    ++progress.files;
  }
  return progress;
}

// Names of what a disk of ours lies over: "../../layers/ID/FILE".
class ChainCheck {
 public:
  explicit ChainCheck(const BackupManifest& manifest) {
    for (const BackupFile& file : manifest.files) paths_.insert(file.path);
  }

  // A file of a layer. What is no qcow2 file (a kernel) is nothing to QEMU's format either.
  absl::Status Add(const std::string& path, absl::string_view start) {
    if (!absl::StartsWith(start, kQcow2Magic)) {
      if (!absl::EndsWith(path, kDiskSuffix)) return absl::OkStatus();
      return absl::DataLossError(absl::StrCat(path, " of the backup is no qcow2 file"));
    }
    const absl::StatusOr<std::string> backing = CheckOwnQcow2(start);
    if (!backing.ok()) {
      return absl::DataLossError(absl::StrCat(path, " of the backup: ", backing.status().message()));
    }
    if (backing->empty()) return absl::OkStatus();
    const std::vector<std::string> parts = absl::StrSplit(*backing, '/');
    const bool ours = parts.size() == 5 && *backing == NameOfLayer(parts[3], parts[4]);
    const std::string below = ours ? absl::StrCat(kLayers, "/", parts[3], "/", parts[4]) : "";
    if (!ours || !paths_.contains(below)) {
      return absl::DataLossError(
          absl::StrCat(path, " of the backup lies over '", *backing, "', which is none of its layers"));
    }
    below_[path] = below;
    return absl::OkStatus();
  }

  // No chain leads back to where it began.
  absl::Status Finish() const {
    for (const auto& [first, unused] : below_) {
      auto at = below_.find(first);
      for (size_t steps = 0; at != below_.end(); at = below_.find(at->second)) {
        if (++steps > below_.size()) return absl::DataLossError(absl::StrCat(first, " of the backup lies over itself"));
      }
    }
    return absl::OkStatus();
  }

 private:
  std::set<std::string> paths_;
  std::map<std::string, std::string> below_;
};

class Placement {
 public:
  Placement(const RestoreTarget& target, UniqueFd root) : target_(target), root_(std::move(root)) {}

  // A new file at the path below the target, for reading and writing.
  absl::StatusOr<UniqueFd> Create(const std::string& path) {
    ASSIGN_OR_RETURN(const UniqueFd directory, DirectoryOf(path));
    return CreateFileAt(directory.get(), path.substr(path.rfind('/') + 1));
  }
  absl::Status Settle(int file, const std::string& path) const {
    if (absl::StartsWith(path, kLayers)) return storage::Settle(file, 0444, Root(), path);
    return storage::Settle(file, 0600, absl::StartsWith(path, kInstances) ? Guests() : Root(), path);
  }

 private:
  static Owner Root() { return {geteuid(), getegid()}; }
  Owner Guests() const { return {target_.guests_uid, target_.guests_gid}; }

  absl::StatusOr<UniqueFd> DirectoryOf(const std::string& path) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    if (parts.size() == 1) return UniqueFd(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    const bool layer = parts[0] == kLayers;
    ASSIGN_OR_RETURN(const UniqueFd kind, EnsureDirectoryAt(root_.get(), parts[0], layer ? 0755 : 0711, Root()));
    return EnsureDirectoryAt(kind.get(), parts[1], layer ? 0755 : 0711, layer ? Root() : Owner{0, Guests().gid});
  }

  const RestoreTarget& target_;
  const UniqueFd root_;
};

absl::Status CheckStateRoom(int directory, const BackupManifest& manifest) {
  ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(directory));
  const int64_t needed = Measure(manifest).total_bytes;
  if (needed <= space.free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the backup has ", needed, " bytes and the state directory's disk ",
                                                   space.free_bytes, " free: make room there first"));
}

absl::Status CheckProgram(const BackupDescription& about, int newest_schema) {
  if (about.schema <= newest_schema) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the backup was made by brumed ", about.version, ", which is newer than this program: its database has version ",
      about.schema, ", known are up to ", newest_schema, ". Install that version, or a newer one"));
}

absl::Status PlaceKey(Placement& placement, absl::string_view key) {
  ASSIGN_OR_RETURN(const UniqueFd file, placement.Create(kBackupKey));
  RETURN_IF_ERROR(WriteAt(file.get(), 0, key));
  return placement.Settle(file.get(), kBackupKey);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> VerifyBackups(const BackupChoice& choice,
                                                       const OnBackupProgress& on_progress) {
  ASSIGN_OR_RETURN(const BackupDirectory directory, BackupDirectory::OpenToRead(choice.directory));
  std::vector<std::string> ids = {choice.id};
  if (choice.id.empty()) {
    ASSIGN_OR_RETURN(ids, directory.List());
  }
  if (ids.empty()) return absl::NotFoundError("the directory has no complete backup");
  std::map<std::string, BackupFile> files;  // by content: backups share them
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(const Chosen chosen, Choose(directory, id));
    ASSIGN_OR_RETURN(const std::string key, KeyFor(directory, choice, chosen.manifest));
    if (!key.empty()) RETURN_IF_ERROR(CheckSeal(chosen.text, key));
    for (const BackupFile& file : chosen.manifest.files) files[file.sha256] = file;
  }
  BackupProgress progress;
  for (const auto& [sha256, file] : files) {
    progress.total_bytes += file.size;
    ++progress.files;
  }
  const OnBytes on_bytes = Counting(progress, on_progress);
  for (const auto& [sha256, file] : files) RETURN_IF_ERROR(CopyVerified(directory, file, -1, on_bytes));
  return ids;
}

absl::StatusOr<BackupDescription> RestoreFiles(const BackupChoice& choice, const RestoreTarget& target,
                                               const OnBackupProgress& on_progress) {
  ASSIGN_OR_RETURN(const BackupDirectory directory, BackupDirectory::OpenToRead(choice.directory));
  ASSIGN_OR_RETURN(const Chosen chosen, Choose(directory, choice.id));
  const BackupManifest& manifest = chosen.manifest;
  RETURN_IF_ERROR(CheckProgram(manifest.about, target.newest_schema));
  ASSIGN_OR_RETURN(std::string key, KeyFor(directory, choice, manifest));
  if (key.empty()) {
    return absl::FailedPreconditionError(
        "the backup is without the host's key: name the file with --secret-key (it was secret.key in the state "
        "directory)");
  }
  RETURN_IF_ERROR(CheckSeal(chosen.text, key));
  ASSIGN_OR_RETURN(UniqueFd root, OpenDirectory(target.path));
  RETURN_IF_ERROR(CheckStateRoom(root.get(), manifest));
  Placement placement(target, std::move(root));
  ChainCheck chains(manifest);
  BackupProgress progress = Measure(manifest);
  const OnBytes on_bytes = Counting(progress, on_progress);
  for (const BackupFile& file : manifest.files) {
    if (file.path == kBackupKey) continue;
    ASSIGN_OR_RETURN(const UniqueFd to, placement.Create(file.path));
    RETURN_IF_ERROR(CopyVerified(directory, file, to.get(), on_bytes));
    if (absl::StartsWith(file.path, kLayers)) {
      ASSIGN_OR_RETURN(const std::string start, ReadStart(to.get(), kMaxHeaderBytes));
      RETURN_IF_ERROR(chains.Add(file.path, start));
    }
    RETURN_IF_ERROR(placement.Settle(to.get(), file.path));
    RETURN_IF_ERROR(Failpoint("restore.file_copied"));
  }
  RETURN_IF_ERROR(chains.Finish());
  RETURN_IF_ERROR(PlaceKey(placement, key));
  OPENSSL_cleanse(key.data(), key.size());
  return manifest.about;
}

}  // namespace brume::storage
