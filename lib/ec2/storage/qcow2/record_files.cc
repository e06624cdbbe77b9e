#include "lib/ec2/storage/qcow2/record_files.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/qcow2/directory_files.h"

namespace brume::storage {
namespace {

constexpr char kSuffix[] = ".json";
constexpr size_t kMaxBytes = 1024 * 1024;

// Ids become file names of a privileged process: look once more.
absl::Status CheckRecordId(const std::string& id) {
  if (absl::StartsWith(id, VolumeId::kKind.prefix)) return VolumeId::Parse(id).status();
  if (absl::StartsWith(id, ImageId::kKind.prefix)) return ImageId::Parse(id).status();
  return SnapshotId::Parse(id).status();
}

}  // namespace

absl::Status RecordFiles::Write(const DiskRecord& record) {
  RETURN_IF_ERROR(CheckRecordId(record.id));
  return ReplaceFileAt(directory_.get(), record.id + kSuffix, record.text, 0600);
}

absl::Status RecordFiles::Remove(const std::string& id) {
  RETURN_IF_ERROR(CheckRecordId(id));
  RETURN_IF_ERROR(RemoveTreeAt(directory_.get(), id + kSuffix));
  return SyncDirectory(directory_.get(), id);
}

absl::StatusOr<std::vector<DiskRecord>> RecordFiles::ReadAll() {
  std::vector<DiskRecord> all;
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, EntriesOf(directory_.get()));
  for (const std::string& entry : entries) {
    absl::string_view name = entry;
    if (!absl::ConsumeSuffix(&name, kSuffix)) continue;
    const std::string id(name);
    if (!CheckRecordId(id).ok()) continue;
    absl::StatusOr<std::string> text = ReadFileAt(directory_.get(), entry, kMaxBytes);
    if (absl::IsNotFound(text.status())) continue;  // removed meanwhile
    RETURN_IF_ERROR(text.status());
    all.push_back({id, *std::move(text)});
  }
  return all;
}

}  // namespace brume::storage
