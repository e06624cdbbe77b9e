// Images that leave for a file, and come back from one. Source of behaviour: EC2 API reference, ExportImage,
// DescribeExportImageTasks, CancelExportTask, CreateStoreImageTask, DescribeStoreImageTasks, CreateRestoreImageTask.
// Differs from EC2 where it must: a bucket is a directory of this host that the administrator made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/export_files.h"
#include "lib/ec2/storage/model/export_task.h"
#include "lib/ec2/storage/model/stored_image.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct ExportRequest {
  ImageId image_id;
  std::string format;  // "VMDK", "RAW", "VHD"
  std::string bucket, prefix, description;
  std::string client_token, parameters_digest;
  TagMap tags;  // of the task
};

struct RestoreRequest {
  ExportPlace place;
  std::string name;  // empty = as stored
  TagMap tags;       // empty = as stored
};

struct ExportTaskView {
  ExportTask task;
  TagMap tags;
};

// Thread-safe.
class ExportService {
 public:
  // `wake`: a task, or an image that is to be restored, by its id; must not block.
  ExportService(store::Database& database, const Clock& clock, Random& random, ExportFiles& files,
                std::function<void(const std::string&)> wake);

  // Both answer when the wish is durable. Errors: InvalidAMIID.NotFound, InvalidAMIID.Unavailable, NotExportable for
  // an image that is encrypted or, of an export, has other volumes beside its root, InvalidParameterValue for the
  // bucket or the prefix, IdempotentParameterMismatch.
  absl::StatusOr<ExportTaskView> Export(const ExportRequest& request);
  absl::StatusOr<ExportTask> Store(const ImageId& id, const std::string& bucket);
  // An image that is pending until its files are there. Errors: InvalidParameterValue for the place, the file or the
  // name, InvalidAMIName.Duplicate.
  absl::StatusOr<ImageId> Restore(const RestoreRequest& request);
  // What the image would have, where the request names none. Errors: as Restore's of the place and the file.
  absl::StatusOr<TagMap> StoredTags(const ExportPlace& place);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidExportTaskID.NotFound.
  absl::StatusOr<std::vector<ExportTaskView>> List(absl::Span<const std::string> ids = {},
                                                   const std::optional<tagging::TagQuery>& tags = {});
  // Those of the images; no ids = all.
  absl::StatusOr<std::vector<ExportTask>> ListStores(absl::Span<const ImageId> images = {});
  // Errors: InvalidExportTaskID.NotFound, IncorrectState for one that has ended.
  absl::Status Cancel(const std::string& id);

 private:
  absl::StatusOr<ExportTask> Begin(ExportTask task, const TagMap& tags);
  absl::StatusOr<StoredImage> ReadStored(const ExportPlace& place);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  ExportFiles& files_;
  const std::function<void(const std::string&)> wake_;
};

// Inside a transaction of the caller's.

// What CreateStoreImageTask writes of the image.
absl::StatusOr<StoredImage> DescribeForStore(store::Connection& connection, const Image& image);
// The files of it. Errors: InvalidAMIID.Unavailable, NotExportable.
absl::StatusOr<std::vector<StoreMember>> MembersOf(store::Connection& connection, const Image& image);
// The layer of its root volume. Errors: as MembersOf.
absl::StatusOr<std::string> RootLayerOf(store::Connection& connection, const Image& image);

}  // namespace brume::storage
