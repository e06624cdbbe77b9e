#include "lib/ec2/storage/tables/recycle_bin_table.h"

#include "absl/strings/str_cat.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Entries() {
  static const auto table = store::DescribeTable<BinEntry>(
      "recycle_bin", "entry of the recycle bin", store::Key("id", &BinEntry::id),
      store::Fixed("entered", &BinEntry::entered), store::Fixed("exits", &BinEntry::exits),
      store::FixedJson("tags", &BinEntry::tags), store::Fixed("disabled", &BinEntry::disabled));
  return table;
}

}  // namespace

store::TableDescription RecycleBinTable::Describe() { return Entries().Describe(); }

absl::Status RecycleBinTable::Insert(const BinEntry& entry) { return Entries().Insert(connection_, entry); }

absl::StatusOr<std::optional<BinEntry>> RecycleBinTable::Find(const std::string& id) {
  return Entries().Find(connection_, id);
}

absl::StatusOr<std::vector<BinEntry>> RecycleBinTable::List(absl::string_view prefix) {
  return Entries().Select(connection_, "recycle_bin WHERE id GLOB ? ORDER BY id", absl::StrCat(prefix, "-*"));
}

absl::Status RecycleBinTable::Delete(const std::string& id) { return Entries().Delete(connection_, id); }

absl::Status RecycleBinTable::DeleteExpired(const std::string& id, absl::Time now) {
  return connection_.Run("DELETE FROM recycle_bin WHERE id = ? AND exits <= ?", id, now);
}

}  // namespace brume::storage
