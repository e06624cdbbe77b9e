// A file of a bucket that is being written: under another name until it is whole, and never in the place of another.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/export_files.h"

namespace brume::storage {

// The directory of a bucket. NotFound when none of `export_dirs` has it; InvalidArgument for a bad name or a link.
absl::StatusOr<UniqueFd> OpenBucket(const std::vector<std::string>& export_dirs, const std::string& bucket);

struct PlaceInBucket {
  UniqueFd directory;  // that the file lies in
  std::string name;
};
// Where the key leads. With `make` directories that are missing are made, 0700; NotFound otherwise.
absl::StatusOr<PlaceInBucket> FindPlace(const std::vector<std::string>& export_dirs, const ExportPlace& place,
                                        bool make);

std::string PartialName(const std::string& id);

// Whether the file at the place is the one that this task wrote: `work` is the task's own directory.
absl::StatusOr<bool> IsPlaced(const PlaceInBucket& place, int work);
// An empty file for the task to write.
absl::StatusOr<UniqueFd> BeginFile(const PlaceInBucket& place, const std::string& id);
// It gets its name. InvalidArgument when a file has that already.
absl::Status PlaceFile(const PlaceInBucket& place, const std::string& id, int file, int work);

}  // namespace brume::storage
