#include "lib/ec2/storage/simulated_export_files.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/stored_image.h"

namespace brume::storage {

absl::Status SimulatedExportFiles::CheckBucket(const std::string& bucket) {
  RETURN_IF_ERROR(CheckPlace({bucket, "key"}));
  return absl::StartsWith(bucket, "no-") ? absl::NotFoundError(absl::StrCat("there is no bucket ", bucket))
                                         : absl::OkStatus();
}

absl::Status SimulatedExportFiles::Write(const std::string& id, const ExportPlace& place, File file,
                                         const ImportWatch& watch) {
  RETURN_IF_ERROR(CheckBucket(place.bucket));
  RETURN_IF_ERROR(CheckPlace(place));
  if (!watch({.message = "converting", .percent = 50})) return absl::CancelledError("the export was ended");
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(std::exchange(failure_, absl::OkStatus()));
  const auto [there, is_new] = files_.try_emplace({place.bucket, place.key}, std::move(file));
  if (is_new || there->second.task == id) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the bucket ", place.bucket, " has a file ", place.key, " already"));
}

absl::Status SimulatedExportFiles::Export(const ExportOrder& order, const ImportWatch& watch) {
  return Write(order.id, order.place, {.kind = order.format, .task = order.id, .description = ""}, watch);
}

absl::Status SimulatedExportFiles::Store(const StoreOrder& order, const ImportWatch& watch) {
  File file{.kind = "store", .task = order.id, .description = ""};
  for (const StoreMember& member : order.members) {
    if (member.name == kStoreDescription) file.description = member.content;
  }
  return Write(order.id, order.place, std::move(file), watch);
}

absl::StatusOr<std::string> SimulatedExportFiles::ReadStored(const ExportPlace& place) {
  RETURN_IF_ERROR(CheckBucket(place.bucket));
  RETURN_IF_ERROR(CheckPlace(place));
  MutexLock lock(mutex_);
  const auto file = files_.find({place.bucket, place.key});
  if (file == files_.end()) return absl::NotFoundError(absl::StrCat("there is no file ", place.key));
  if (file->second.kind != "store") return absl::InvalidArgumentError("the file is no stored image");
  return file->second.description;
}

absl::StatusOr<std::string> SimulatedExportFiles::Unpack(const std::string& id, const ExportPlace& place,
                                                         const ImportWatch& watch) {
  RETURN_IF_ERROR(ReadStored(place).status());
  if (!watch({.message = "unpacking", .percent = 50})) return absl::CancelledError("the restore was ended");
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(std::exchange(failure_, absl::OkStatus()));
  return absl::StrCat("/simulated/exports/", id);
}

absl::Status SimulatedExportFiles::Remove(const std::string&, const ExportPlace&) { return absl::OkStatus(); }

std::string SimulatedExportFiles::KindOf(const ExportPlace& place) {
  MutexLock lock(mutex_);
  const auto file = files_.find({place.bucket, place.key});
  return file == files_.end() ? "" : file->second.kind;
}

void SimulatedExportFiles::FailWith(absl::Status status) {
  MutexLock lock(mutex_);
  failure_ = std::move(status);
}

}  // namespace brume::storage
