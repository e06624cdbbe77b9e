#include "lib/iam/tables/access_key_table.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::iam {
namespace {

// The columns of a use say nothing before the first.
struct KeyRow {
  AccessKey key;
  std::optional<absl::Time> last_used = {};
  std::string service = {}, region = {};
};
const auto& Keys() {
  constexpr auto kKey = &KeyRow::key;
  static const auto table = store::DescribeTable<KeyRow>(
      "access_keys", "access key", store::Key("id", kKey, &AccessKey::id),
      store::Fixed("user_id", kKey, &AccessKey::user_id),
      store::FixedEncoded<store::Bytes>("secret", kKey, &AccessKey::secret),
      store::Column("active", kKey, &AccessKey::active), store::Fixed("created", kKey, &AccessKey::created),
      store::Column("last_used", &KeyRow::last_used), store::Column("last_used_service", &KeyRow::service),
      store::Column("last_used_region", &KeyRow::region));
  return table;
}

absl::Status OneChanged(const store::Connection& connection, const std::string& id) {
  if (connection.changed_rows() == 1) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no access key ", id));
}

}  // namespace

store::TableDescription AccessKeyTable::Describe() { return Keys().Describe(); }

absl::Status AccessKeyTable::Insert(const AccessKey& key) { return Keys().Insert(connection_, {key}); }

absl::StatusOr<std::vector<AccessKey>> AccessKeyTable::All() {
  ASSIGN_OR_RETURN(std::vector<KeyRow> rows, Keys().Select(connection_, "access_keys ORDER BY created, id"));
  std::vector<AccessKey> keys;
  for (KeyRow& row : rows) {
    if (row.last_used.has_value()) row.key.last_used = {*row.last_used, row.service, row.region};
    keys.push_back(std::move(row.key));
  }
  return keys;
}

absl::StatusOr<bool> AccessKeyTable::HasAny(const std::string& user_id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> id, connection_.First(
                                                            "SELECT id FROM access_keys WHERE user_id = ? LIMIT 1",
                                                            [](store::Row& row) {
                                                              std::string key_id;
                                                              row.Read(key_id);
                                                              return key_id;
                                                            },
                                                            user_id));
  return id.has_value();
}

absl::Status AccessKeyTable::SetActive(const std::string& id, bool active) {
  RETURN_IF_ERROR(connection_.Run("UPDATE access_keys SET active = ? WHERE id = ?", active, id));
  return OneChanged(connection_, id);
}

absl::Status AccessKeyTable::Delete(const std::string& id) {
  RETURN_IF_ERROR(Keys().Delete(connection_, id));
  return OneChanged(connection_, id);
}

absl::Status AccessKeyTable::SetLastUsed(const std::string& id, const AccessKeyUse& use) {
  return connection_.Run(
      "UPDATE access_keys SET last_used = ?, last_used_service = ?, last_used_region = ? WHERE id = ?", use.time,
      use.service, use.region, id);
}

}  // namespace brume::iam
