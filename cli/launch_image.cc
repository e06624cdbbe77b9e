#include "cli/launch_image.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/image.pb.h"
#include "cli/names.h"
#include "cli/short_images.h"
#include "cli/spelling.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr char kDefaultImage[] = "debian-12";  // of the catalogue

absl::StatusOr<std::vector<ec2::v1::Image>> ImagesBy(Client& client, const std::string& filter,
                                                     const std::string& value) {
  ec2::v1::DescribeImagesRequest request;
  ec2::v1::Filter& state = *request.add_filters();
  state.set_name("state");
  state.add_values("available");
  if (!filter.empty()) {
    ec2::v1::Filter& added = *request.add_filters();
    added.set_name(filter);
    added.add_values(value);
  }
  ASSIGN_OR_RETURN(const auto answer, CallAllPages<ec2::v1::DescribeImagesResponse>(client, request));
  return std::vector<ec2::v1::Image>(answer.images().begin(), answer.images().end());
}

LaunchImage Described(const ec2::v1::Image& image, const host::v1::ListCatalogueImagesResponse& catalogue) {
  LaunchImage launch{.id = image.image_id(), .name = image.name()};
  for (const host::v1::CatalogueImage& entry : catalogue.images()) {
    if (entry.image_id() == image.image_id()) launch.name = entry.name();
  }
  return launch;
}

std::vector<std::string> NamesOfImages(const std::vector<ec2::v1::Image>& images,
                                       const host::v1::ListCatalogueImagesResponse& catalogue) {
  std::vector<std::string> names;
  for (const ec2::v1::Image& image : images) names.push_back(Described(image, catalogue).name);
  return names;
}

absl::StatusOr<LaunchImage> OnlyImage(Client& client, const host::v1::ListCatalogueImagesResponse& catalogue) {
  ASSIGN_OR_RETURN(const auto images, ImagesBy(client, "", ""));
  if (images.size() == 1) return Described(images[0], catalogue);
  if (!images.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("there are several images: name one of ",
                                                   absl::StrJoin(NamesOfImages(images, catalogue), ", "),
                                                   ", as in brume launch ", Described(images[0], catalogue).name));
  }
  const std::string first = catalogue.images().empty() ? "debian-12" : catalogue.images(0).name();
  return absl::InvalidArgumentError(
      absl::StrCat("there is no image yet: brume launch ", first,
                   " gets that one from the catalogue first. All names: brume catalogue"));
}

}  // namespace

absl::StatusOr<LaunchImage> ImageToLaunch(Client& client, const std::string& text) {
  ASSIGN_OR_RETURN(const host::v1::ListCatalogueImagesResponse catalogue, ImageCatalogue(client));
  if (text.empty()) return OnlyImage(client, catalogue);
  // As the daemon has it: a name of the catalogue means what was imported by it.
  for (const host::v1::CatalogueImage& entry : catalogue.images()) {
    if (entry.name() != text) continue;
    LaunchImage launch{.id = entry.image_id(), .name = text};
    if (launch.id.empty()) {
      ASSIGN_OR_RETURN(launch.id, PullImage(client, text, absl::Hours(6)));
    }
    return launch;
  }
  std::vector<ec2::v1::Image> found;
  if (IsWholeId(text)) {
    ASSIGN_OR_RETURN(found, ImagesBy(client, "image-id", text));
    // One that is not available is the daemon's to refuse.
    if (found.empty()) return LaunchImage{.id = text, .name = "instance"};
  } else if (IsBeginningOfId("ami", text)) {
    ASSIGN_OR_RETURN(found, ImagesBy(client, "image-id", absl::StrCat(text, "*")));
  } else {
    ASSIGN_OR_RETURN(found, ImagesBy(client, "name", FilterLiteral(text)));
    if (found.empty()) {
      ASSIGN_OR_RETURN(found, ImagesBy(client, "tag:Name", FilterLiteral(text)));
    }
  }
  if (found.size() == 1) return Described(found[0], catalogue);
  if (found.size() > 1) {
    std::vector<std::string> ids;
    for (const ec2::v1::Image& image : found) ids.push_back(image.image_id());
    return AmbiguousName("images", text, ids);
  }
  ASSIGN_OR_RETURN(const auto all, ImagesBy(client, "", ""));
  std::vector<std::string> names = NamesOfImages(all, catalogue);
  for (const host::v1::CatalogueImage& entry : catalogue.images()) names.push_back(entry.name());
  return absl::InvalidArgumentError(absl::StrCat("there is no image '", text, "', here or in the catalogue.",
                                                 DidYouMean(text, names),
                                                 " Here: brume images. All that can be had: brume catalogue"));
}

}  // namespace brume::cli
