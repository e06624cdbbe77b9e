// Images by what is not their id: a name of the catalogue, or a parameter of AWS's as RunInstances takes it,
// "resolve:ssm:NAME". Source of behaviour: EC2 user guide, "Use a Systems Manager parameter instead of an AMI ID".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/storage/model/catalogue.h"
#include "lib/store/database.h"

namespace brume::storage {

struct CatalogueImage {
  CatalogueEntry entry;
  std::optional<ImageId> image_id;  // the newest that was imported by it
};

// Thread-safe.
class ImageNameService {
 public:
  // The catalogue outlives it.
  ImageNameService(store::Database& database, const Catalogue& catalogue)
      : database_(database), catalogue_(catalogue) {}

  // The id of the newest image that was imported by the catalogue's entry `text` means; `text` itself where it has none
  // of the two forms. Error: InvalidAMIID.NotFound, which says how to import it.
  absl::StatusOr<std::string> IdOf(const std::string& text);
  // All of the catalogue, by name.
  absl::StatusOr<std::vector<CatalogueImage>> List();
  // Whether images of the catalogue have this owner alias.
  bool HasOwner(absl::string_view alias) const { return catalogue_.HasOwner(alias); }

 private:
  store::Database& database_;
  const Catalogue& catalogue_;
};

}  // namespace brume::storage
