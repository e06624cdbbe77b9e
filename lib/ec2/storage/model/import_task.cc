#include "lib/ec2/storage/model/import_task.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kImportStateNames({std::pair{ImportState::kActive, "active"},
                                       {ImportState::kCompleted, "completed"},
                                       {ImportState::kDeleting, "deleting"},
                                       {ImportState::kDeleted, "deleted"}});

}  // namespace

absl::string_view StateName(ImportState state) { return kImportStateNames.Of(state); }

absl::Status CheckImportTaskId(absl::string_view id) {
  if (IsWellFormedId(ImportSnapshotTaskId::kKind, id)) return absl::OkStatus();
  return ImportImageTaskId::Parse(id).status();
}

}  // namespace brume
