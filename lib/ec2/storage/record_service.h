// Keeps a record of each image, snapshot and volume beside the database, and makes rows of the records again when the
// database was lost: what a disk is worth is more than the file that says whose it is.
//
// A record follows its row within seconds. The rows are the truth as long as they are there: no record changes one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/periodic.h"
#include "lib/ec2/storage/disks.h"
#include "lib/store/database.h"

namespace brume::storage {

struct RebuildReport {
  std::vector<std::string> rebuilt;  // ids whose rows were made again
  int known = 0;                     // records whose rows were there
  struct Refusal {
    std::string id;
    std::string reason;
  };
  std::vector<Refusal> refused;  // records that no row could be made of
};

// Thread-safe; blocking. The database and the disks outlive it.
class RecordService {
 public:
  RecordService(store::Database& database, Disks& disks);

  void Start() { writer_.Start(); }
  // Idempotent.
  void Stop() { writer_.Stop(); }

  // Writes the records of all that changed. What fails is tried again by the next call.
  absl::Status WriteChanges();
  // Makes the rows that records tell of and the database does not have, with their tags. Volumes come back without
  // their instances. Refused, each with its reason: what is damaged, and what has lost its files.
  absl::StatusOr<RebuildReport> Rebuild();

 private:
  absl::Status WriteOne(const std::string& id);
  absl::StatusOr<std::vector<DiskRecord>> RecordsInOrder();

  store::Database& database_;
  Disks& disks_;
  Periodic writer_;
};

}  // namespace brume::storage
