// An image on its way to a file outside of the state directory: ExportImage and CreateStoreImageTask.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/ec2/storage/model/import_task.h"
#include "lib/resource/ids.h"

namespace brume {

// kExport: the root volume's disk in another format. kStore: all of the image, to be restored. The id says it:
// export-ami-… and store-….
enum class ExportKind { kExport, kStore };

struct ExportTask {
  std::string id;
  ImportState state = ImportState::kActive;  // as of an import
  std::string status_message;
  int progress = 0;  // percent
  // When it last got further; one that gets no further is given up.
  absl::Time progressed;
  ImageId image_id;
  std::string format;  // "VMDK", "RAW", "VHD"; empty = it is a store
  ExportKind kind() const { return format.empty() ? ExportKind::kStore : ExportKind::kExport; }
  // The directory that stands for a bucket of S3, the prefix as given, and the file's path in the directory.
  std::string bucket, prefix, object_key;
  std::string description, client_token, parameters_digest;
  absl::Time created;
  absl::Time ended;  // of one that is completed or deleted
  int64_t version = 0;
};

// The task id's form. Error: InvalidExportTaskID.Malformed.
inline absl::Status CheckExportTaskId(const std::string& id) { return ExportImageTaskId::Parse(id).status(); }

}  // namespace brume
