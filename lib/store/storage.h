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

  absl::Status Insert(const Image& image);       // InvalidAMIName.Duplicate among those not deregistered
  absl::StatusOr<Image> Get(const ImageId& id);  // also deregistered ones; InvalidAMIID.NotFound
  absl::Status Update(Image& image);             // Aborted on a lost race, as Instances::Update
  // With its tags. FailedPrecondition while a volume's disk lies over it. OK when there is none.
  absl::Status Delete(const ImageId& id);
  // Without deregistered ones unless asked.
  absl::StatusOr<std::vector<Image>> List(bool with_deregistered);
  // Volumes whose disk lies over it, and instances not terminated that were made from it.
  absl::StatusOr<int64_t> CountUsers(const ImageId& id);

 private:
  Connection& connection_;
};

class Volumes {
 public:
  explicit Volumes(Connection& connection) : connection_(connection) {}

  // The image and the instance it names must be there (FailedPrecondition).
  absl::Status Insert(const Volume& volume);
  absl::StatusOr<Volume> Get(const VolumeId& id);  // InvalidVolume.NotFound
  absl::Status Update(const Volume& volume);       // InvalidVolume.NotFound
  absl::Status Delete(const VolumeId& id);         // with its tags; OK when there is none
  absl::StatusOr<std::vector<Volume>> List();
  // In the order of `instances`.
  absl::StatusOr<std::vector<Volume>> ListOf(absl::Span<const InstanceId> instances);

 private:
  Connection& connection_;
};

}  // namespace brume::store
