#include "lib/ec2/storage/tables/export_task_table.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Exports() {
  using T = ExportTask;
  static const auto table = store::DescribeTable<ExportTask>(
      "export_tasks", "export task", store::Key("id", &T::id), store::Version(&T::version),
      store::Column("state", &T::state), store::Column("status_message", &T::status_message),
      store::Column("progress", &T::progress), store::Column("progressed", &T::progressed),
      store::Column("ended", &T::ended), store::Fixed("image_id", &T::image_id), store::Fixed("format", &T::format),
      store::Fixed("bucket", &T::bucket), store::Fixed("prefix", &T::prefix),
      store::Fixed("object_key", &T::object_key), store::Fixed("description", &T::description),
      store::Fixed("client_token", &T::client_token), store::Fixed("parameters_digest", &T::parameters_digest),
      store::Fixed("created", &T::created));
  return table;
}

}  // namespace

store::TableDescription ExportTaskTable::Describe() { return Exports().Describe(); }

absl::Status ExportTaskTable::Insert(const ExportTask& task) { return Exports().Insert(connection_, task); }

absl::StatusOr<ExportTask> ExportTaskTable::Get(const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<ExportTask> task, Exports().Find(connection_, id));
  if (!task.has_value()) return ExportImageTaskId::NotFound(id);
  return *std::move(task);
}

absl::Status ExportTaskTable::Update(ExportTask& task) { return Exports().Update(connection_, task); }

absl::Status ExportTaskTable::Delete(const std::string& id) { return Exports().Delete(connection_, id); }

absl::StatusOr<std::vector<ExportTask>> ExportTaskTable::List() {
  return Exports().Select(connection_, "export_tasks ORDER BY created, id");
}

absl::StatusOr<std::optional<ExportTask>> ExportTaskTable::FindToken(const std::string& client_token) {
  return Exports().First(connection_, "export_tasks WHERE client_token = ? AND client_token <> ''", client_token);
}

}  // namespace brume::storage
