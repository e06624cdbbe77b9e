#include "lib/iam/access_key_table.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::iam {
namespace {

AccessKey ReadKey(store::Row& row) {
  AccessKey key;
  AccessKeyUse use;
  std::optional<absl::Time> used;
  row.Read(key.id, key.user_id, key.secret, key.active, key.created, used, use.service, use.region);
  if (used.has_value()) {
    use.time = *used;
    key.last_used = std::move(use);
  }
  return key;
}

absl::Status OneChanged(const store::Connection& connection, const std::string& id) {
  if (connection.changed_rows() == 1) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no access key ", id));
}

}  // namespace

absl::Status AccessKeyTable::Insert(const AccessKey& key) {
  return connection_.Run("INSERT INTO access_keys (id, user_id, secret, active, created) VALUES (?, ?, ?, ?, ?)",
                         key.id, key.user_id, store::Blob{key.secret}, key.active, key.created);
}

absl::StatusOr<std::vector<AccessKey>> AccessKeyTable::All() {
  return connection_.All(
      "SELECT id, user_id, secret, active, created, last_used, last_used_service, last_used_region FROM access_keys "
      "ORDER BY created, id",
      ReadKey);
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
  RETURN_IF_ERROR(connection_.Run("DELETE FROM access_keys WHERE id = ?", id));
  return OneChanged(connection_, id);
}

absl::Status AccessKeyTable::SetLastUsed(const std::string& id, const AccessKeyUse& use) {
  return connection_.Run(
      "UPDATE access_keys SET last_used = ?, last_used_service = ?, last_used_region = ? WHERE id = ?", use.time,
      use.service, use.region, id);
}

}  // namespace brume::iam
