// Images. Source of behaviour: EC2 API reference, RegisterImage, DescribeImages, DeregisterImage.
// Differs from EC2 where it must: ImageLocation names files on this host, and their import is asynchronous, so a new
// image is `pending` until its bytes are copied and checked.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct RegisterRequest {
  std::string name;  // 3..128 characters
  std::string description;
  std::string location;
  std::string architecture;      // empty or "x86_64"
  std::string root_device_name;  // empty = as the bundle says, else /dev/vda
  std::optional<BootMode> boot_mode;
  std::optional<bool> root_delete_on_termination;
  TagMap tags;
};

struct ImageView {
  Image image;
  TagMap tags;
};

// Thread-safe.
class ImageService {
 public:
  ImageService(store::Database& database, const Clock& clock, Random& random, std::function<void(const ImageId&)> wake);

  // Errors: InvalidAMIName.Duplicate, InvalidAMIName.Malformed, InvalidParameterValue.
  absl::StatusOr<ImageId> Register(const RegisterRequest& request);
  // Running instances keep their disks: the layer's files go when no volume lies over them.
  // Errors: InvalidAMIID.NotFound, InvalidAMIID.Unavailable when it is deregistered already.
  absl::Status Deregister(const ImageId& id);
  // Without deregistered ones.
  // No ids = all. Error: InvalidAMIID.NotFound.
  absl::StatusOr<std::vector<ImageView>> List(absl::Span<const ImageId> ids = {});
  absl::StatusOr<ImageView> Get(const ImageId& id);
  // Of the images' snapshots, by id; one without tags has no entry.
  absl::StatusOr<std::map<std::string, TagMap>> SnapshotTags(absl::Span<const ImageView> images);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const ImageId&)> wake_;
};

// Inside a transaction of the caller's.

// Also a deregistered one, whose row stays until its files are gone. Error: InvalidAMIID.NotFound.
absl::StatusOr<Image> GetImage(store::Connection& connection, const ImageId& id);
// With those that are deregistered.
absl::StatusOr<std::vector<Image>> ListImages(store::Connection& connection);

}  // namespace brume::storage
