// Rows of exports of images.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/storage/model/export_task.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class ExportTaskTable {
 public:
  explicit ExportTaskTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const ExportTask& task);
  absl::StatusOr<ExportTask> Get(const std::string& id);  // InvalidExportTaskID.NotFound
  absl::Status Update(ExportTask& task);                  // Aborted on a lost race
  absl::Status Delete(const std::string& id);
  // In the order they were made.
  absl::StatusOr<std::vector<ExportTask>> List();
  // The one that a call with the token made. Unset for an empty token.
  absl::StatusOr<std::optional<ExportTask>> FindToken(const std::string& client_token);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
