#include "lib/ec2/storage/api/catalogue_handlers.h"

#include <string>
#include <vector>

#include "brume/host/v1/catalogue.pb.h"
#include "lib/base/status_macros.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<host::v1::ListCatalogueImagesResponse> ListCatalogueImages(const host::v1::ListCatalogueImagesRequest&,
                                                                          storage::ImageNameService& names) {
  ASSIGN_OR_RETURN(const std::vector<storage::CatalogueImage> images, names.List());
  host::v1::ListCatalogueImagesResponse response;
  for (const auto& [entry, image_id] : images) {
    host::v1::CatalogueImage& image = *response.add_images();
    image.set_name(entry.name);
    if (!entry.description.empty()) image.set_description(entry.description);
    if (!entry.owner_alias.empty()) image.set_image_owner_alias(entry.owner_alias);
    if (!entry.default_user.empty()) image.set_default_user(entry.default_user);
    image.set_boot_mode(std::string(BootModeName(entry.boot_mode)));
    image.set_min_volume_size(static_cast<int32_t>(entry.min_size_gib));
    image.set_url(entry.url);
    for (const std::string& parameter : entry.ssm_parameters) image.add_ssm_parameters(parameter);
    if (image_id.has_value()) image.set_image_id(image_id->text());
  }
  return response;
}

}  // namespace

void AddCatalogueActions(gateway::Actions& actions, storage::ImageNameService& names) {
  actions.Add(ListCatalogueImages, names);
}

}  // namespace brume::ec2
