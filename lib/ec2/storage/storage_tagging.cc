#include "lib/ec2/storage/storage_tagging.h"

#include "lib/base/status_macros.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "lib/ec2/storage/tables/volume_table.h"

namespace brume::storage {
namespace {

absl::Status FindImage(store::Connection& connection, const ImageId& id) {
  ASSIGN_OR_RETURN(const Image image, ImageTable(connection).Get(id));
  return image.state == ImageState::kDeregistered ? id.NotFound() : absl::OkStatus();
}

absl::Status FindExportTask(store::Connection& connection, const ExportImageTaskId& id) {
  return ExportTaskTable(connection).Get(id.text()).status();
}

template <typename TaskId>
absl::Status FindImportTask(store::Connection& connection, const TaskId& id) {
  return ImportTaskTable(connection).Get(id.text()).status();
}

absl::Status FindVolume(store::Connection& connection, const VolumeId& id) {
  return VolumeTable(connection).Get(id).status();
}

}  // namespace

void AddTaggableKinds(tagging::TagService& tags) {
  tags.AddKind<ImageId>(FindImage);
  tags.AddKind<ExportImageTaskId>(FindExportTask);
  tags.AddKind<ImportImageTaskId>(FindImportTask<ImportImageTaskId>);
  tags.AddKind<ImportSnapshotTaskId>(FindImportTask<ImportSnapshotTaskId>);
  tags.AddKind<VolumeId>(FindVolume);
  tags.AddKind<SnapshotId>(CheckSnapshot);
}

}  // namespace brume::storage
