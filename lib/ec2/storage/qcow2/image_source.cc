#include "lib/ec2/storage/qcow2/image_source.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

absl::Status Invalid(absl::string_view location, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", absl::CHexEscape(location), "' ", why));
}

// The names on the way, with ".." taken back; unset when it leads out.
std::optional<std::vector<std::string>> NamesOn(const std::string& path) {
  std::vector<std::string> names;
  for (const absl::string_view name : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (name == ".") continue;
    if (name != "..") {
      names.emplace_back(name);
    } else if (names.empty()) {
      return std::nullopt;
    } else {
      names.pop_back();
    }
  }
  return names;
}

// One name at a time, and none through a link. openat2(2) does it in one call, which services under systemd's
// RestrictSUIDSGID= must not make.
absl::StatusOr<UniqueFd> PinBeneath(int directory, const std::string& path, absl::string_view shown) {
  const std::optional<std::vector<std::string>> names = NamesOn(path);
  if (!names.has_value()) return Invalid(shown, "leads out of the directory images may be imported from");
  UniqueFd pinned(openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const std::string& name : *names) {
    if (pinned) pinned = UniqueFd(openat(pinned.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!pinned && (errno == ENOENT || errno == ENOTDIR)) {
      return absl::NotFoundError(absl::StrCat("there is no '", absl::CHexEscape(shown), "'"));
    }
    struct stat info = {};
    if (!pinned || fstat(pinned.get(), &info) != 0) break;
    if (S_ISLNK(info.st_mode)) return Invalid(shown, "is or leads through a symbolic link: name the file itself");
  }
  if (!pinned) return FileError(errno, absl::StrCat("opening ", absl::CHexEscape(shown)));
  return pinned;
}

// Opens `path` below `directory`, without links and without leaving it. Two steps: O_PATH pins the file without opening
// it, and once it is known to be harmless exactly that file is opened for reading.
absl::StatusOr<SourceFile> OpenBeneath(int directory, const std::string& path, absl::string_view shown) {
  ASSIGN_OR_RETURN(const UniqueFd pinned, PinBeneath(directory, path, shown));
  SourceFile source;
  if (fstat(pinned.get(), &source.info) != 0) return FileError(errno, shown);
  if (!S_ISREG(source.info.st_mode) && !S_ISDIR(source.info.st_mode)) {
    return Invalid(shown, "is neither a regular file nor a directory");
  }
  const std::string handle = absl::StrCat("/proc/self/fd/", pinned.get());
  source.fd = UniqueFd(open(handle.c_str(), O_RDONLY | O_CLOEXEC | (source.is_directory() ? O_DIRECTORY : 0)));
  if (!source.fd) return FileError(errno, absl::StrCat("opening ", absl::CHexEscape(shown)));
  return source;
}

// `path` relative to `directory` when it lies below it by its name.
std::optional<std::string> RelativeTo(absl::string_view path, absl::string_view directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.remove_suffix(1);
  if (!absl::ConsumePrefix(&path, directory)) return std::nullopt;
  if (directory != "/" && !path.empty() && path.front() != '/') return std::nullopt;
  while (absl::ConsumePrefix(&path, "/")) {
  }
  return path.empty() ? "." : std::string(path);
}

}  // namespace

absl::StatusOr<SourceFile> OpenSource(const std::string& location, const std::vector<std::string>& import_dirs) {
  absl::string_view path = location;
  absl::ConsumePrefix(&path, "file://");
  if (path.empty() || path.front() != '/') return Invalid(location, "is not an absolute path of this host");
  if (path.size() >= PATH_MAX || path.find('\0') != absl::string_view::npos) return Invalid(location, "is no path");
  for (const std::string& directory : import_dirs) {
    std::vector<std::string> names = {directory};
    // The administrator may name the directory by a link, and the caller by what it really is.
    if (char real[PATH_MAX]; realpath(directory.c_str(), real) != nullptr) names.push_back(real);
    for (const std::string& name : names) {
      const std::optional<std::string> relative = RelativeTo(path, name);
      if (!relative.has_value()) continue;
      ASSIGN_OR_RETURN(const UniqueFd opened, OpenDirectory(directory));
      return OpenBeneath(opened.get(), *relative, location);
    }
  }
  return absl::PermissionDeniedError(
      absl::StrCat("'", absl::CHexEscape(location), "' lies outside the directories images may be imported from (",
                   absl::StrJoin(import_dirs, ", "), "): move it there, or add its directory to import_dirs"));
}

absl::StatusOr<SourceFile> OpenMember(int directory, const std::string& name) {
  ASSIGN_OR_RETURN(SourceFile source, OpenBeneath(directory, name, name));
  if (source.is_directory()) return Invalid(name, "is a directory");
  return source;
}

}  // namespace brume::storage
