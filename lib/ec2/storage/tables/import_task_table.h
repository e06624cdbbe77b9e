// Rows of imports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/import_task.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class ImportTaskTable {
 public:
  explicit ImportTaskTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const ImportTask& task);
  absl::StatusOr<ImportTask> Get(const std::string& id);  // InvalidConversionTaskId
  absl::Status Update(ImportTask& task);                  // Aborted on a lost race
  // With its tags.
  absl::Status Delete(const std::string& id);
  absl::StatusOr<std::vector<ImportTask>> List();
  absl::StatusOr<std::vector<ImportTask>> List(ImportKind kind);
  absl::StatusOr<std::optional<ImportTask>> FindToken(ImportKind kind, const std::string& client_token);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
