// The records of images, snapshots and volumes: which rows have changed, what is to be kept of each, and rows made of
// what was kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::storage {

struct StorageChange {
  std::string id;
  int64_t change = 0;  // another one after each
};

class RecordTable {
 public:
  explicit RecordTable(store::Connection& connection) : connection_(connection) {}

  static store::TableDescription Describe();

  // Up to `max` that changed.
  absl::StatusOr<std::vector<StorageChange>> ListChanges(int max);
  // It was dealt with, unless there was another change since.
  absl::Status DeleteChange(const StorageChange& change);

  // JSON of the row and its tags; unset when there is no such row, or its id is of no kind that has records.
  absl::StatusOr<std::optional<std::string>> Compose(const std::string& id);
  // Whether there is such a row, or was one until so lately that its record is still to follow.
  absl::StatusOr<bool> Knows(const std::string& id);
  // When what the record is of was made, for order; 0 = the record does not say.
  absl::StatusOr<int64_t> TimeOf(const std::string& record);
  // Inserts the row and the tags of a record; a volume comes back as one that no instance has. Returns the id of the
  // volume, image or snapshot whose files must be there, empty where there are none yet. Errors: InvalidArgument or
  // DataLoss when the text is no record of `id`; nothing is left of it when the transaction is undone.
  absl::StatusOr<std::string> Restore(const std::string& id, const std::string& record);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
