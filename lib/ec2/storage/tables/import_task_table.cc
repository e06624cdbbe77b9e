#include "lib/ec2/storage/tables/import_task_table.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

const auto& Tasks() {
  using T = ImportTask;
  static const auto table = store::DescribeTable<ImportTask>(
      "import_tasks", "import task", store::Key("id", &T::id), store::Version(&T::version),
      store::Column("state", &T::state), store::Column("status_message", &T::status_message),
      store::Column("progress", &T::progress), store::Column("progressed", &T::progressed),
      store::Column("format", &T::format), store::Column("size_bytes", &T::size_bytes),
      store::Column("boot_mode", &T::boot_mode), store::Column("ended", &T::ended),
      store::Fixed("image_id", &T::image_id), store::Fixed("snapshot_id", &T::snapshot_id),
      store::Fixed("image_name", &T::image_name), store::Fixed("catalogue_name", &T::catalogue_name),
      store::Fixed("url", &T::url), store::Fixed("description", &T::description),
      store::Fixed("disk_description", &T::disk_description), store::Fixed("device_name", &T::device_name),
      store::Fixed("license_type", &T::license_type), store::Fixed("platform", &T::platform),
      store::Fixed("data_key_id", &T::data_key_id), store::Fixed("client_token", &T::client_token),
      store::Fixed("parameters_digest", &T::parameters_digest), store::Fixed("created", &T::created));
  return table;
}

}  // namespace

store::TableDescription ImportTaskTable::Describe() { return Tasks().Describe(); }

absl::Status ImportTaskTable::Insert(const ImportTask& task) { return Tasks().Insert(connection_, task); }

absl::StatusOr<ImportTask> ImportTaskTable::Get(const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<ImportTask> task, Tasks().Find(connection_, id));
  if (!task.has_value()) return ImportImageTaskId::NotFound(id);
  return *std::move(task);
}

absl::Status ImportTaskTable::Update(ImportTask& task) { return Tasks().Update(connection_, task); }

absl::Status ImportTaskTable::Delete(const std::string& id) { return Tasks().Delete(connection_, id); }

absl::StatusOr<std::vector<ImportTask>> ImportTaskTable::List() {
  return Tasks().Select(connection_, "import_tasks ORDER BY created, id");
}

absl::StatusOr<std::vector<ImportTask>> ImportTaskTable::List(ImportKind kind) {
  return Tasks().Select(connection_, "import_tasks WHERE (snapshot_id IS NULL) = ? ORDER BY created, id",
                        kind == ImportKind::kImage);
}

absl::StatusOr<std::optional<ImportTask>> ImportTaskTable::FindToken(ImportKind kind, const std::string& client_token) {
  return Tasks().First(connection_,
                       "import_tasks WHERE client_token = ? AND client_token <> '' AND (snapshot_id IS NULL) = ?",
                       client_token, kind == ImportKind::kImage);
}

}  // namespace brume::storage
