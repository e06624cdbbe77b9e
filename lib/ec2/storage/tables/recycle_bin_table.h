// Rows of the recycle bin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/model/recycle_bin.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class RecycleBinTable {
 public:
  explicit RecycleBinTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const BinEntry& entry);
  absl::StatusOr<std::optional<BinEntry>> Find(const std::string& id);
  // Of the kind whose ids have this prefix ("snap"), in the order of their ids.
  absl::StatusOr<std::vector<BinEntry>> List(absl::string_view prefix);
  // OK when there is none.
  absl::Status Delete(const std::string& id);
  // The same of one whose time is over; another stays.
  absl::Status DeleteExpired(const std::string& id, absl::Time now);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
