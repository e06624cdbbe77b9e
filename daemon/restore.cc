#include "daemon/restore.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/adapters.h"
#include "daemon/state_directory.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/restored_instances.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/qcow2_disks.h"
#include "lib/ec2/storage/restored_disks.h"
#include "lib/store/database.h"
#include "lib/store/database_copy.h"
#include "lib/store/page_check.h"

namespace brume::daemon {
namespace {

constexpr char kRestore[] = "restore", kReady[] = "ready", kDatabase[] = "brume.db";
// In the order in which they get their names: the database last, as without it there is no state.
constexpr const char* kDirectories[] = {"layers", "volumes", "instances", "records"};
constexpr const char* kFiles[] = {"secret.key", "brume.db-wal", "brume.db-shm", kDatabase};

absl::StatusOr<bool> IsThere(int directory, const std::string& name) {
  ASSIGN_OR_RETURN(const storage::EntryKind kind, storage::KindOfAt(directory, name));
  return kind != storage::EntryKind::kNone;
}

// Nothing there would be replaced or mixed with what comes back.
absl::Status CheckNoState(int state, const std::string& path) {
  std::vector<std::string> found;
  for (const char* name : kFiles) {
    ASSIGN_OR_RETURN(const bool there, IsThere(state, name));
    if (there) found.emplace_back(name);
  }
  for (const char* name : kDirectories) {
    ASSIGN_OR_RETURN(const bool there, IsThere(state, name));
    if (!there) continue;
    ASSIGN_OR_RETURN(const UniqueFd directory, storage::OpenDirectoryAt(state, name));
    ASSIGN_OR_RETURN(const std::vector<std::string> entries, storage::EntriesOf(directory.get()));
    if (!entries.empty()) found.emplace_back(name);
  }
  if (found.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " has state already (", absl::StrJoin(found, ", "),
                                                    "), and a restore replaces nothing. Move it away (mv ", path, " ",
                                                    path,
                                                    ".before), or name another directory with --state-dir; before "
                                                    "that, brumed --remove-host-state removes its networks"));
}

absl::Status PlaceAll(int state, int restore) {
  std::vector<const char*> names(std::begin(kDirectories), std::end(kDirectories));
  names.insert(names.end(), std::begin(kFiles), std::end(kFiles));
  for (const char* name : names) {
    ASSIGN_OR_RETURN(const bool there, IsThere(restore, name));
    if (!there) continue;  // placed, or there was none
    // An empty directory in the way is replaced; anything else is an error.
    if (renameat(restore, name, state, name) != 0) {
      return storage::FileError(errno, absl::StrCat("putting ", name, " into place"));
    }
    RETURN_IF_ERROR(storage::SyncDirectory(state, name));
    RETURN_IF_ERROR(Failpoint("restore.placed"));
  }
  return storage::RemoveTreeAt(state, kRestore);
}

// One line on a terminal that says how far it is; nothing elsewhere.
storage::OnBackupProgress ShowOnTerminal(const char* what) {
  if (isatty(STDERR_FILENO) != 1) return [](const storage::BackupProgress&) {};
  return [what, shown = int64_t{-1}](const storage::BackupProgress& progress) mutable {
    const int64_t percent = progress.total_bytes == 0 ? 100 : progress.done_bytes * 100 / progress.total_bytes;
    if (percent == shown) return;
    shown = percent;
    fprintf(stderr, "\r%s %3d%% of %lld MiB%s", what, static_cast<int>(percent),
            static_cast<long long>(progress.total_bytes >> 20), percent == 100 ? "\n" : "");
  };
}

// What the daemon of this host needs changed of what another one kept.
absl::Status Adapt(const std::string& path, const storage::RestoreTarget& target,
                   absl::Span<const store::Conversion> conversions) {
  const std::string file = absl::StrCat(path, "/", kDatabase);
  RETURN_IF_ERROR(store::CheckPages(file, [] { return false; }));
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Database> database, store::Database::Open(file, conversions));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<storage::Disks> disks,
      storage::OpenQcow2Disks(
          {.state_dir = path, .import_dirs = {path}, .qemu_uid = target.guests_uid, .qemu_gid = target.guests_gid}));
  RETURN_IF_ERROR(storage::MakeTops(*database, *disks));
  return database->Write(compute::ForgetHost);
}

absl::StatusOr<storage::BackupDescription> Build(const Config& config, const storage::BackupChoice& choice,
                                                 absl::Span<const store::Conversion> conversions, int state) {
  RETURN_IF_ERROR(storage::RemoveTreeAt(state, kRestore));
  const storage::Owner ourselves{geteuid(), getegid()};
  // QEMU's user passes through, as it does through STATE: qemu-img makes encrypted tops there.
  ASSIGN_OR_RETURN(const UniqueFd restore, storage::CreateDirectoryAt(state, kRestore, 0711, ourselves));
  ASSIGN_OR_RETURN(const GuestsOwner user, FindGuestsOwner(config.qemu_user));
  const storage::RestoreTarget target{.path = absl::StrCat(config.state_dir, "/", kRestore),
                                      .guests_uid = user.uid,
                                      .guests_gid = user.gid,
                                      .newest_schema = store::NewestSchema()};
  ASSIGN_OR_RETURN(storage::BackupDescription about,
                   storage::RestoreFiles(choice, target, ShowOnTerminal("Restoring")));
  RETURN_IF_ERROR(Failpoint("restore.copied"));
  RETURN_IF_ERROR(Adapt(target.path, target, conversions));
  RETURN_IF_ERROR(storage::ReplaceFileAt(restore.get(), kReady, absl::StrCat(about.id, "\n"), 0600));
  return about;
}

absl::StatusOr<bool> IsReady(int state) {
  ASSIGN_OR_RETURN(const bool there, IsThere(state, kRestore));
  if (!there) return false;
  ASSIGN_OR_RETURN(const UniqueFd restore, storage::OpenDirectoryAt(state, kRestore));
  return IsThere(restore.get(), kReady);
}

}  // namespace

absl::Status FinishRestore(const std::string& state_dir) {
  ASSIGN_OR_RETURN(const UniqueFd state, storage::OpenDirectory(state_dir));
  ASSIGN_OR_RETURN(const bool there, IsThere(state.get(), kRestore));
  if (!there) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool ready, IsReady(state.get()));
  if (!ready) {
    return absl::FailedPreconditionError(absl::StrCat("a restore into ", state_dir,
                                                      " was cut off: run brume restore again, or remove ", state_dir,
                                                      "/", kRestore, " to begin without it"));
  }
  ASSIGN_OR_RETURN(const UniqueFd restore, storage::OpenDirectoryAt(state.get(), kRestore));
  return PlaceAll(state.get(), restore.get());
}

absl::Status Restore(const Config& config, const storage::BackupChoice& choice,
                     absl::Span<const store::Conversion> conversions) {
  if (geteuid() != 0) return absl::FailedPreconditionError("a restore needs root: disks get owners of their own");
  ASSIGN_OR_RETURN(const UniqueFd claim, ClaimStateDirectory(config.state_dir));
  ASSIGN_OR_RETURN(const UniqueFd state, storage::OpenDirectory(config.state_dir));
  ASSIGN_OR_RETURN(const bool ready, IsReady(state.get()));
  if (ready) {
    RETURN_IF_ERROR(FinishRestore(config.state_dir));
    printf("A restore into %s that was cut off is finished. Start brumed.\n", config.state_dir.c_str());
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckNoState(state.get(), config.state_dir));
  const absl::StatusOr<storage::BackupDescription> built = Build(config, choice, conversions, state.get());
  if (!built.ok()) {
    absl::Status why = built.status();
    if (const absl::Status removed = storage::RemoveTreeAt(state.get(), kRestore); !removed.ok()) {
      why = absl::Status(why.code(),
                         absl::StrCat(why.message(), "; and what was begun cannot be removed: ", removed.message()));
    }
    return why;
  }
  RETURN_IF_ERROR(Failpoint("restore.ready"));
  RETURN_IF_ERROR(FinishRestore(config.state_dir));
  printf("The backup %s, made %s by brumed %s, is restored into %s. Start brumed: instances that ran are started.\n",
         built->id.c_str(), built->created.c_str(), built->version.c_str(), config.state_dir.c_str());
  return absl::OkStatus();
}

absl::Status VerifyBackup(const storage::BackupChoice& choice) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, storage::VerifyBackups(choice, ShowOnTerminal("Verifying")));
  for (const std::string& id : ids) printf("%s  good\n", id.c_str());
  return absl::OkStatus();
}

}  // namespace brume::daemon
