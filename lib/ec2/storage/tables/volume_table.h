// Rows of volumes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/tables/list_query.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class VolumeTable {
 public:
  explicit VolumeTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  // The instance it names must be there (FailedPrecondition).
  absl::Status Insert(const Volume& volume);
  absl::StatusOr<Volume> Get(const VolumeId& id);  // InvalidVolume.NotFound
  // Aborted unless the row still has volume.version; sets the next version in `volume`. InvalidVolume.NotFound.
  absl::Status Update(Volume& volume);
  absl::Status Delete(const VolumeId& id);  // with its tags; OK when there is none
  absl::StatusOr<std::vector<Volume>> List();
  absl::StatusOr<std::vector<Volume>> ListPage(const ListQuery& query);
  absl::StatusOr<int64_t> SumOfSizes();  // GiB; of those that are to grow what they are to have
  // The one that a call with this token made.
  absl::StatusOr<std::optional<Volume>> FindByToken(const std::string& client_token);
  // Those without an instance that are to be made, modified or deleted.
  absl::StatusOr<std::vector<Volume>> ListInWork();
  // Instances with volumes that are being attached, detached or modified.
  absl::StatusOr<std::vector<InstanceId>> ListInstancesInWork();
  // In the order of `instances`.
  absl::StatusOr<std::vector<Volume>> ListOf(absl::Span<const InstanceId> instances);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
