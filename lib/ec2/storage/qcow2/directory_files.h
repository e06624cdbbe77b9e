// Directory-relative file work that never follows a link and is on disk when it says so.
//
// Statuses name the file. A full disk is ResourceExhausted, a missing file NotFound.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/model/disk_space.h"

namespace brume::storage {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

absl::Status FileError(int error, absl::string_view what);

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path);
absl::StatusOr<UniqueFd> OpenDirectoryAt(int directory, const std::string& name);
// Makes it with this mode and owner, or gives one that is there this mode and owner.
absl::StatusOr<UniqueFd> EnsureDirectoryAt(int directory, const std::string& name, mode_t mode, Owner owner);
// Like EnsureDirectoryAt for one that must not be there.
absl::StatusOr<UniqueFd> CreateDirectoryAt(int directory, const std::string& name, mode_t mode, Owner owner);
// A file that must not be there, readable and writable for us alone.
absl::StatusOr<UniqueFd> CreateFileAt(int directory, const std::string& name);
// A regular file's whole content; InvalidArgument when it is larger than `max_bytes` or not a regular file.
absl::StatusOr<std::string> ReadFileAt(int directory, const std::string& name, size_t max_bytes);
// What is at the start of the file, up to `max_bytes` bytes.
absl::StatusOr<std::string> ReadStart(int file, size_t max_bytes);

enum class EntryKind { kNone, kDirectory, kFile, kOther };
absl::StatusOr<EntryKind> KindOfAt(int directory, const std::string& name);
absl::StatusOr<std::vector<std::string>> EntriesOf(int directory);

absl::Status WriteAt(int file, uint64_t offset, absl::string_view bytes);
// Copies the first `size` bytes (what the file had when it was measured, so that a growing one ends too): shared
// blocks where the file system can, else data without the holes.
absl::Status CopyContent(int from, int to, uint64_t size);
// Sets mode and owner, and waits until the file is on disk.
absl::Status Settle(int file, mode_t mode, Owner owner, absl::string_view name);
absl::Status SyncDirectory(int directory, absl::string_view name);

// How much room there is where the directory lies.
absl::StatusOr<DiskSpace> SpaceAt(int directory);

// Renames within a directory and waits until that is on disk. AlreadyExists when `to` is there.
absl::Status RenameAt(int directory, const std::string& from, const std::string& to);
// Puts `from` in the place of `to`, at once, and waits until that is on disk.
absl::Status ReplaceAt(int directory, const std::string& from, const std::string& to);
// Gives a file a second name in another directory, and waits until that is on disk. AlreadyExists when it is there.
absl::Status LinkAt(int from_directory, const std::string& from, int to_directory, const std::string& to);
// Puts a file with this content in the place of what has the name, at once, and waits until that is on disk.
absl::Status ReplaceFileAt(int directory, const std::string& name, absl::string_view content, mode_t mode);
// Removes a file or a directory with all in it. OK when there is none.
absl::Status RemoveTreeAt(int directory, const std::string& name);

}  // namespace brume::storage
