// Rows of volumes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::storage {

class VolumeTable {
 public:
  explicit VolumeTable(store::Connection& connection) : connection_(connection) {}

  // The image and the instance it names must be there (FailedPrecondition).
  absl::Status Insert(const Volume& volume);
  absl::StatusOr<Volume> Get(const VolumeId& id);  // InvalidVolume.NotFound
  absl::Status Update(const Volume& volume);       // InvalidVolume.NotFound
  absl::Status Delete(const VolumeId& id);         // with its tags; OK when there is none
  absl::StatusOr<std::vector<Volume>> List();
  // In the order of `instances`.
  absl::StatusOr<std::vector<Volume>> ListOf(absl::Span<const InstanceId> instances);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
