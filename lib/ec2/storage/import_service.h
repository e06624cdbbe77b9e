// Imports of disks that were made elsewhere. Source of behaviour: EC2 API reference, ImportImage, ImportSnapshot,
// DescribeImportImageTasks, DescribeImportSnapshotTasks, CancelImportTask; VM Import/Export user guide.
// Differs from EC2 where it must: a Url may name a file of this host, and there is no S3.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/model/catalogue.h"
#include "lib/ec2/storage/model/import_task.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct ImportRequest {
  ImportKind kind = ImportKind::kImage;
  std::string url;
  std::string format;       // empty = whatever it is
  std::string device_name;  // empty = /dev/vda
  std::string description, disk_description, license_type, platform;
  std::optional<BootMode> boot_mode;
  bool encrypted = false;    // false: as EnableEbsEncryptionByDefault has it
  std::string client_token;  // empty = unset
  std::string parameters_digest;
  TagMap tags;  // of the task
};

struct ImportTaskView {
  ImportTask task;
  TagMap tags;
};

struct ImportCancellation {
  ImportState before, now;
};

// Thread-safe.
class ImportService {
 public:
  // The catalogue outlives it.
  ImportService(store::Database& database, const Clock& clock, Random& random, const Catalogue& catalogue,
                std::function<void(const std::string&)> wake);

  // Errors: InvalidParameterValue, IdempotentParameterMismatch.
  absl::StatusOr<ImportTaskView> Import(const ImportRequest& request);
  // Those of `ids`, or else those of the kind that have a tag of `tags`, or all of the kind. `tags` are of its ids.
  // Error: InvalidConversionTaskId.
  absl::StatusOr<std::vector<ImportTaskView>> List(ImportKind kind, absl::Span<const std::string> ids = {},
                                                   const std::optional<tagging::TagQuery>& tags = {});
  // Errors: InvalidConversionTaskId, IncorrectState for one that has ended.
  absl::StatusOr<ImportCancellation> Cancel(const std::string& id, const std::string& reason);

 private:
  absl::StatusOr<ImportTask> NewTask(const ImportRequest& request);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const Catalogue& catalogue_;
  const std::function<void(const std::string&)> wake_;
};

// Inside a transaction of the caller's: the images that imports which have not ended are to make.
absl::StatusOr<std::vector<ImageId>> ListImagesOfImports(store::Connection& connection);

}  // namespace brume::storage
