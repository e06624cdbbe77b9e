#include "lib/ec2/storage/image_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/image_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::storage {
namespace {

constexpr size_t kMaxDescription = 255;
constexpr size_t kMaxPath = 4095;  // PATH_MAX without its final zero

absl::Status CheckName(absl::string_view name) {
  const bool good = name.size() >= 3 && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_isalnum(c) || absl::StrContains("()[] ./-'@_", absl::string_view(&c, 1));
                    });
  if (good) return absl::OkStatus();
  return ec2::Error("InvalidAMIName.Malformed",
                    absl::StrCat("AMI name '", absl::CHexEscape(name.substr(0, 140)),
                                 "' is invalid: 3 to 128 letters, digits, spaces and ()[]./-'@_"));
}

absl::Status Invalid(absl::string_view parameter, absl::string_view value, absl::string_view what) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(value.substr(0, 256)),
                                                          ") for parameter ", parameter, " is invalid: ", what));
}

absl::Status CheckRequest(const RegisterRequest& request) {
  RETURN_IF_ERROR(CheckName(request.name));
  if (request.location.empty()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter ImageLocation");
  }
  absl::string_view path = request.location;
  absl::ConsumePrefix(&path, "file://");
  const auto is_control = [](char c) { return absl::ascii_iscntrl(c); };
  if (!absl::StartsWith(path, "/") || path.size() > kMaxPath ||
      std::any_of(request.location.begin(), request.location.end(), is_control)) {
    return Invalid("ImageLocation", request.location,
                   "it must be the absolute path of a file or directory on the host");
  }
  if (request.description.size() > kMaxDescription) {
    return Invalid("Description", request.description, "it can have at most 255 characters");
  }
  if (!request.architecture.empty() && request.architecture != "x86_64") {
    return Invalid("Architecture", request.architecture, "this host runs x86_64 only");
  }
  if (!request.root_device_name.empty()) {
    absl::string_view device = request.root_device_name;
    const bool good = absl::ConsumePrefix(&device, "/dev/") && !device.empty() && device.size() <= 32 &&
                      std::all_of(device.begin(), device.end(), [](char c) { return absl::ascii_isalnum(c); });
    if (!good) return Invalid("RootDeviceName", request.root_device_name, "it must be a device like /dev/vda");
  }
  return CheckTags(request.tags);
}

}  // namespace

ImageService::ImageService(store::Database& database, const Clock& clock, Random& random,
                           std::function<void(const ImageId&)> wake)
    : database_(database), clock_(clock), random_(random), wake_(std::move(wake)) {}

absl::StatusOr<ImageId> ImageService::Register(const RegisterRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  Image image;
  image.id = ImageId::New(random_);
  image.name = request.name;
  image.description = request.description;
  image.location = request.location;
  image.created = clock_.Now();
  // Empty until the import has seen what the bundle says.
  image.root_device_name = request.root_device_name;
  image.boot_mode = request.boot_mode.value_or(BootMode::kBios);
  image.root_delete_on_termination = request.root_delete_on_termination.value_or(true);
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    RETURN_IF_ERROR(ImageTable(connection).Insert(image));
    return tagging::SetTags(connection, image.id.text(), request.tags);
  }));
  wake_(image.id);
  return image.id;
}

absl::Status ImageService::Deregister(const ImageId& id) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ImageTable images(connection);
    ASSIGN_OR_RETURN(Image image, images.Get(id));
    if (image.state == ImageState::kDeregistered) {
      return ec2::Error("InvalidAMIID.Unavailable",
                        absl::StrCat("The image ID '", id.text(), "' is no longer available"));
    }
    image.state = ImageState::kDeregistered;
    image.state_reason = {};
    RETURN_IF_ERROR(images.Update(image));
    // The row outlives this call until its files are gone; its tags must not be listed that long.
    return tagging::DeleteTags(connection, id.text());
  }));
  wake_(id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ImageView>> ImageService::List(absl::Span<const ImageId> ids) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<ImageView>> {
    ImageTable table(connection);
    std::vector<Image> images;
    if (ids.empty()) {
      ASSIGN_OR_RETURN(images, table.List(/*with_deregistered=*/false));
    }
    for (const ImageId& id : ids) {
      ASSIGN_OR_RETURN(images.emplace_back(), table.Get(id));
      if (images.back().state == ImageState::kDeregistered) return id.NotFound();
    }
    std::vector<std::string> texts;
    texts.reserve(images.size());
    for (const Image& image : images) texts.push_back(image.id.text());
    ASSIGN_OR_RETURN(const auto tags, tagging::GetTagsOf(connection, texts));
    std::vector<ImageView> views;
    views.reserve(images.size());
    for (Image& image : images) {
      ImageView& view = views.emplace_back();
      if (const auto own = tags.find(image.id.text()); own != tags.end()) view.tags = own->second;
      view.image = std::move(image);
    }
    return views;
  });
}

absl::StatusOr<std::map<std::string, TagMap>> ImageService::SnapshotTags(absl::Span<const ImageView> images) {
  std::vector<std::string> ids;
  ids.reserve(images.size());
  for (const ImageView& view : images) ids.push_back(SnapshotOf(view.image.id).text());
  return database_.ReadFor([&](store::Connection& connection) { return tagging::GetTagsOf(connection, ids); });
}

absl::StatusOr<ImageView> ImageService::Get(const ImageId& id) {
  ASSIGN_OR_RETURN(std::vector<ImageView> views, List({&id, 1}));
  return std::move(views.front());
}

absl::StatusOr<Image> GetImage(store::Connection& connection, const ImageId& id) {
  return ImageTable(connection).Get(id);
}

absl::StatusOr<std::vector<Image>> ListImages(store::Connection& connection) {
  return ImageTable(connection).List(/*with_deregistered=*/true);
}

}  // namespace brume::storage
