// Repositories of images and volumes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/domain/storage.h"
#include "lib/store/database.h"

namespace brume::store {

class Images {
 public:
  explicit Images(Connection& connection) : connection_(connection) {}

  absl::Status Insert(const Image& image);  // InvalidAMIName.Duplicate among those not deregistered
  absl::StatusOr<Image> Get(const ImageId& id);  // also deregistered ones; InvalidAMIID.NotFound
  absl::Status Update(Image& image);             // Aborted on a lost race, as Instances::Update
  absl::Status Delete(const ImageId& id);
  // Without deregistered ones unless asked.
  absl::StatusOr<std::vector<Image>> List(bool with_deregistered);
  // Volumes whose disk lies over it.
  absl::StatusOr<int64_t> CountVolumes(const ImageId& id);

 private:
  Connection& connection_;
};

class Volumes {
 public:
  explicit Volumes(Connection& connection) : connection_(connection) {}

  absl::Status Insert(const Volume& volume);
  absl::StatusOr<Volume> Get(const VolumeId& id);
  absl::Status Update(const Volume& volume);
  absl::Status Delete(const VolumeId& id);
  absl::StatusOr<std::vector<Volume>> List();
  absl::StatusOr<std::vector<Volume>> ListOf(absl::Span<const InstanceId> instances);

 private:
  Connection& connection_;
};

}  // namespace brume::store
