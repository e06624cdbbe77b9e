#include "lib/store/value_table.h"

#include "absl/status/status.h"
#include "lib/store/connection.h"

namespace brume::store {

absl::StatusOr<std::optional<std::string>> ValueTable::Get(const std::string& name) {
  const auto read = [](Row& row) {
    std::string value;
    row.Read(value);
    return value;
  };
  return connection_.First("SELECT value FROM installation WHERE name = ?", read, name);
}

absl::Status ValueTable::Set(const std::string& name, const std::string& value) {
  return connection_.Run(
      "INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name, value);
}

}  // namespace brume::store
