// Single values of the installation.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/store/database.h"

namespace brume::store {

// Small facts about the installation.
class ValueTable {
 public:
  explicit ValueTable(Connection& connection) : connection_(connection) {}
  absl::StatusOr<std::optional<std::string>> Get(const std::string& name);
  absl::Status Set(const std::string& name, const std::string& value);

 private:
  Connection& connection_;
};

}  // namespace brume::store
