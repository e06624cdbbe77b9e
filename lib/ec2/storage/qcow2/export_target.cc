#include "lib/ec2/storage/qcow2/export_target.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/failpoint.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

// In the task's directory: which file it is about to give its name.
constexpr char kPlaced[] = "placed";

std::string IdentityOf(const struct stat& info) { return absl::StrCat(info.st_dev, ":", info.st_ino); }

// A link in the way, or a file where a directory must be.
absl::Status InTheWay(const std::string& name) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' in the bucket is no directory, and no link is followed"));
}

absl::StatusOr<UniqueFd> Enter(int directory, const std::string& name, bool make) {
  if (make && mkdirat(directory, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return FileError(errno, absl::StrCat("making ", name));
  }
  UniqueFd entered(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!entered && (errno == ELOOP || errno == ENOTDIR)) return InTheWay(name);
  if (!entered) return FileError(errno, absl::StrCat("opening ", name));
  return entered;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenBucket(const std::vector<std::string>& export_dirs, const std::string& bucket) {
  RETURN_IF_ERROR(CheckPlace({bucket, "key"}));
  for (const std::string& path : export_dirs) {
    const absl::StatusOr<UniqueFd> directory = OpenDirectory(path);
    if (absl::IsNotFound(directory.status())) continue;
    RETURN_IF_ERROR(directory.status());
    absl::StatusOr<UniqueFd> found = Enter(directory->get(), bucket, /*make=*/false);
    if (!absl::IsNotFound(found.status())) return found;
  }
  return absl::NotFoundError(absl::StrCat("there is no bucket '", bucket,
                                          "': the administrator makes a directory of this name below an export "
                                          "directory (storage.export_dirs)"));
}

absl::StatusOr<PlaceInBucket> FindPlace(const std::vector<std::string>& export_dirs, const ExportPlace& place,
                                        bool make) {
  RETURN_IF_ERROR(CheckPlace(place));
  PlaceInBucket found;
  ASSIGN_OR_RETURN(found.directory, OpenBucket(export_dirs, place.bucket));
  std::vector<std::string> names = absl::StrSplit(place.key, '/');
  found.name = names.back();
  names.pop_back();
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(found.directory, Enter(found.directory.get(), name, make));
  }
  return found;
}

std::string PartialName(const std::string& id) { return absl::StrCat(".", id, ".partial"); }

absl::StatusOr<bool> IsPlaced(const PlaceInBucket& place, int work) {
  const absl::StatusOr<std::string> identity = ReadFileAt(work, kPlaced, 256);
  if (absl::IsNotFound(identity.status())) return false;
  RETURN_IF_ERROR(identity.status());
  struct stat info = {};
  if (fstatat(place.directory.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return FileError(errno, absl::StrCat("looking at ", place.name));
  }
  return S_ISREG(info.st_mode) && IdentityOf(info) == *identity;
}

absl::StatusOr<UniqueFd> BeginFile(const PlaceInBucket& place, const std::string& id) {
  ASSIGN_OR_RETURN(const EntryKind there, KindOfAt(place.directory.get(), place.name));
  if (there != EntryKind::kNone) {
    return absl::InvalidArgumentError(absl::StrCat("the bucket has a file '", place.name, "' already"));
  }
  RETURN_IF_ERROR(RemoveTreeAt(place.directory.get(), PartialName(id)));
  return CreateFileAt(place.directory.get(), PartialName(id));
}

absl::Status PlaceFile(const PlaceInBucket& place, const std::string& id, int file, int work) {
  RETURN_IF_ERROR(Settle(file, 0600, Owner{}, place.name));
  struct stat info = {};
  if (fstat(file, &info) != 0) return FileError(errno, "looking at the file");
  RETURN_IF_ERROR(ReplaceFileAt(work, kPlaced, IdentityOf(info), 0600));
  RETURN_IF_ERROR(Failpoint("export.filled"));
  const absl::Status renamed = RenameAt(place.directory.get(), PartialName(id), place.name);
  if (!absl::IsAlreadyExists(renamed)) return renamed;
  return absl::InvalidArgumentError(absl::StrCat("the bucket has a file '", place.name, "' already"));
}

}  // namespace brume::storage
