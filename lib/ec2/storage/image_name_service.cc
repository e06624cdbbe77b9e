#include "lib/ec2/storage/image_name_service.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {

absl::StatusOr<std::string> ImageNameService::IdOf(const std::string& text) {
  absl::string_view name = text;
  const bool parameter = absl::ConsumePrefix(&name, "resolve:ssm:");
  const CatalogueEntry* const entry = parameter ? catalogue_.FindParameter(name) : catalogue_.Find(name);
  if (entry == nullptr) {
    if (!parameter) return text;
    return ec2::Error("InvalidAMIID.NotFound",
                      absl::StrCat("The parameter '", absl::CHexEscape(name.substr(0, 256)),
                                   "' is of no image of the catalogue: name an image by its id"));
  }
  ASSIGN_OR_RETURN(const std::optional<ImageId> newest, database_.ReadFor([&](store::Connection& connection) {
    return ImageTable(connection).NewestOfCatalogue(entry->name);
  }));
  if (newest.has_value()) return newest->text();
  return ec2::Error("InvalidAMIID.NotFound",
                    absl::StrCat("The image '", entry->name, "' of the catalogue is not imported yet: ",
                                 "brume import-image ", entry->name, " --wait"));
}

absl::StatusOr<std::vector<CatalogueImage>> ImageNameService::List() {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<CatalogueImage>> {
    std::vector<CatalogueImage> images;
    for (const CatalogueEntry& entry : catalogue_.entries()) {
      CatalogueImage& image = images.emplace_back(CatalogueImage{.entry = entry, .image_id = {}});
      ASSIGN_OR_RETURN(image.image_id, ImageTable(connection).NewestOfCatalogue(entry.name));
    }
    return images;
  });
}

}  // namespace brume::storage
