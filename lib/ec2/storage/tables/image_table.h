// Rows of images.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::storage {

class ImageTable {
 public:
  explicit ImageTable(store::Connection& connection) : connection_(connection) {}
  static store::TableDescription Describe();

  absl::Status Insert(const Image& image);       // InvalidAMIName.Duplicate among those not deregistered
  absl::StatusOr<Image> Get(const ImageId& id);  // also deregistered ones; InvalidAMIID.NotFound
  absl::Status Update(Image& image);             // Aborted on a lost race, as Instances::Update
  // With its tags. FailedPrecondition while a volume's disk lies over it. OK when there is none.
  absl::Status Delete(const ImageId& id);
  // Without deregistered ones unless asked.
  absl::StatusOr<std::vector<Image>> List(bool with_deregistered);
  // Those that name the snapshot, without deregistered ones.
  absl::StatusOr<std::vector<Image>> ListOver(const SnapshotId& snapshot);
  // Of those available that were imported by this entry of the catalogue.
  absl::StatusOr<std::optional<ImageId>> NewestOfCatalogue(const std::string& catalogue_name);
  // Volumes whose disk lies over it, and instances not terminated that were made from it.
  absl::StatusOr<int64_t> CountUsers(const ImageId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::storage
