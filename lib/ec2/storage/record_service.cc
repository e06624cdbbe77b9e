#include "lib/ec2/storage/record_service.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/record_table.h"

namespace brume::storage {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(2);
constexpr int kBatch = 100;

// What lies under others comes before them.
int RankOf(const std::string& id) {
  if (absl::StartsWith(id, ImageId::kKind.prefix)) return 0;
  return absl::StartsWith(id, SnapshotId::kKind.prefix) ? 1 : 2;
}

}  // namespace

RecordService::RecordService(store::Database& database, Disks& disks)
    : database_(database), disks_(disks), writer_(kPeriod, [this] {
        if (const absl::Status written = WriteChanges(); !written.ok()) {
          log::Warn("cannot write the records of disks, to be tried again: {}", written.message());
        }
      }) {}

absl::Status RecordService::WriteChanges() {
  while (!writer_.Stopping()) {
    ASSIGN_OR_RETURN(const std::vector<StorageChange> changes,
                     database_.ReadFor([&](store::Connection& c) { return RecordTable(c).ListChanges(kBatch); }));
    for (const StorageChange& change : changes) RETURN_IF_ERROR(WriteOne(change.id));
    if (changes.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Failpoint("records.written"));
    RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
      for (const StorageChange& change : changes) RETURN_IF_ERROR(RecordTable(c).DeleteChange(change));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status RecordService::WriteOne(const std::string& id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> record,
                   database_.ReadFor([&](store::Connection& c) { return RecordTable(c).Compose(id); }));
  if (!record.has_value()) return disks_.RemoveRecord(id);
  return disks_.WriteRecord({id, *record});
}

absl::StatusOr<std::vector<DiskRecord>> RecordService::RecordsInOrder() {
  ASSIGN_OR_RETURN(std::vector<DiskRecord> records, disks_.ReadRecords());
  std::vector<std::tuple<int, int64_t, size_t>> order;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    for (size_t i = 0; i < records.size(); ++i) {
      ASSIGN_OR_RETURN(const int64_t time, RecordTable(c).TimeOf(records[i].text));
      order.emplace_back(RankOf(records[i].id), time, i);
    }
    return absl::OkStatus();
  }));
  std::sort(order.begin(), order.end());
  std::vector<DiskRecord> sorted;
  for (const auto& [rank, time, index] : order) sorted.push_back(std::move(records[index]));
  return sorted;
}

absl::StatusOr<RebuildReport> RecordService::Rebuild() {
  ASSIGN_OR_RETURN(const std::vector<DiskRecord> records, RecordsInOrder());
  ASSIGN_OR_RETURN(const DiskInventory there, disks_.List());
  std::set<std::string> files;
  for (const ImageId& id : there.images) files.insert(id.text());
  for (const SnapshotId& id : there.snapshots) files.insert(id.text());
  for (const VolumeId& id : there.volumes) files.insert(id.text());

  RebuildReport report;
  for (const DiskRecord& record : records) {
    bool known = false;
    const absl::Status made = database_.Write([&](store::Connection& c) -> absl::Status {
      ASSIGN_OR_RETURN(known, RecordTable(c).Knows(record.id));
      if (known) return absl::OkStatus();
      ASSIGN_OR_RETURN(const std::string needs, RecordTable(c).Restore(record.id, record.text));
      if (needs.empty() || files.contains(needs)) return absl::OkStatus();
      return absl::NotFoundError(absl::StrCat("the files of ", needs, " are not there"));
    });
    if (absl::IsUnavailable(made)) return made;  // of the database itself
    if (!made.ok()) {
      report.refused.push_back({record.id, std::string(made.message())});
    } else if (known) {
      ++report.known;
    } else {
      report.rebuilt.push_back(record.id);
    }
  }
  log::Info("made {} rows of disks' records again; {} were there, {} cannot be made", report.rebuilt.size(),
            report.known, report.refused.size());
  return report;
}

}  // namespace brume::storage
