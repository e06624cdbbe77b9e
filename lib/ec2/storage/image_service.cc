#include "lib/ec2/storage/image_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/ec2/storage/public_access_service.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::storage {
namespace {

constexpr size_t kMaxImageDescription = 255;
constexpr size_t kMaxPath = 4095;  // PATH_MAX without its final zero
constexpr absl::Duration kCooldown = absl::Hours(24);
constexpr absl::Duration kMaxDeprecation = absl::Hours(24 * 3653);  // ten years

absl::Status Invalid(absl::string_view parameter, absl::string_view value, absl::string_view what) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(value.substr(0, 256)),
                                                          ") for parameter ", parameter, " is invalid: ", what));
}

// What an image keeps of its root volume beside its size.
ImageDisk PerformanceOf(const ImageDisk& disk) {
  ImageDisk kept;
  kept.volume_type = disk.volume_type;
  kept.iops = disk.iops;
  kept.throughput = disk.throughput;
  return kept;
}

// The image is a snapshot's from here on.
absl::Status UseSnapshot(store::Connection& c, const RegisterRequest& request, Image& image) {
  ASSIGN_OR_RETURN(const SnapshotSource source, FindSource(c, *request.root_snapshot_id));
  const int64_t size = request.root_size_gib.value_or(source.size_gib);
  if (size < source.size_gib) {
    return ec2::Error("InvalidBlockDeviceMapping",
                      absl::StrCat("Volume of size ", size, "GB is smaller than snapshot '",
                                   request.root_snapshot_id->text(), "', expect size >= ", source.size_gib, "GB"));
  }
  const VolumeType type = request.root.volume_type.value_or(VolumeType::kGp3);
  if (const absl::Status good = CheckSize(type, size); !good.ok()) {
    return ec2::Error("InvalidBlockDeviceMapping", good.message());
  }
  RETURN_IF_ERROR(CheckPerformance(
      {.type = type, .size_gib = size, .iops = request.root.iops, .throughput = request.root.throughput}));
  image.data_disks.root = PerformanceOf(request.root);
  image.root_snapshot_id = *request.root_snapshot_id;
  image.virtual_size_bytes = size << 30;
  image.state = ImageState::kAvailable;
  if (image.root_device_name.empty()) image.root_device_name = "/dev/sda1";
  return absl::OkStatus();
}

// What is of no instance and no file: an image that has another's disks.
Image Successor(const Image& source, const ImageId& id, absl::Time now) {
  Image image = source;
  image.id = id;
  image.created = now;
  image.state_reason = {};
  image.disk_file.clear();
  // Its kernel, where it has one, is the file of the first of the line.
  image.boot_image_id = source.kernel_file.empty()     ? ImageId()
                        : source.boot_image_id.empty() ? source.id
                                                       : source.boot_image_id;
  image.source_instance_id = InstanceId();
  image.source_image_id = ImageId();
  image.launchable_by.clear();
  image.deprecated_at.reset();
  image.protection = DeregistrationProtection::kDisabled;
  image.protected_until.reset();
  image.last_launched.reset();
  image.import_key_id.clear();
  return image;
}

ImageDisk DiskOf(const Volume& volume) {
  ImageDisk disk;
  disk.device_name = volume.device_name;
  disk.volume_type = volume.type;
  disk.size_gib = static_cast<int32_t>(volume.size_gib);
  disk.iops = volume.iops;
  disk.throughput = volume.throughput;
  disk.delete_on_termination = volume.delete_on_termination;
  return disk;
}

// The volumes that the instances get beside the root. A mapping of the root's device is the root's.
absl::Status AddNewDisks(store::Connection& c, absl::Span<const ImageMapping> mappings, ImageDisks& disks) {
  for (const ImageMapping& mapping : mappings) {
    if (mapping.none) continue;
    ASSIGN_OR_RETURN(disks.disks.emplace_back(), NewImageDisk(c, mapping));
  }
  return CheckDiskCount(disks);
}

// What one volume of an instance becomes in an image of it.
struct VolumeInImage {
  Volume volume;
  ImageDisk disk;
};

// The instance's volumes but for those that the mappings leave out, as they say; the rest of the mappings is new.
absl::StatusOr<std::vector<VolumeInImage>> Chosen(const ImageOfInstanceRequest& request,
                                                  const std::vector<Volume>& volumes, std::vector<ImageMapping>& rest) {
  rest = request.mappings;
  std::vector<VolumeInImage> chosen;
  for (const Volume& volume : volumes) {
    const auto mapping = std::find_if(rest.begin(), rest.end(),
                                      [&](const ImageMapping& each) { return each.device == volume.device_name; });
    ImageDisk disk = DiskOf(volume);
    if (mapping != rest.end()) {
      const ImageMapping said = *mapping;
      rest.erase(mapping);
      if (said.none && volume.device_name == request.root_device) {
        return ec2::Error("InvalidBlockDeviceMapping",
                          absl::StrCat("The root device ", request.root_device, " of an image cannot be left out"));
      }
      if (said.none) continue;
      ASSIGN_OR_RETURN(disk, ChangedImageDisk(said, volume.encrypted, std::move(disk)));
    }
    chosen.push_back({volume, std::move(disk)});
  }
  return chosen;
}

// The image's root volume is the instance's.
void UseRoot(const ImageDisk& disk, const SnapshotId& snapshot, Image& image) {
  image.root_snapshot_id = snapshot;
  image.virtual_size_bytes = int64_t{*disk.size_gib} << 30;
  image.root_delete_on_termination = disk.delete_on_termination.value_or(true);
  image.data_disks.root = PerformanceOf(disk);
}

absl::StatusOr<Image> GetChangeable(store::Connection& c, const ImageId& id) {
  ASSIGN_OR_RETURN(Image image, ImageTable(c).Get(id));
  if (image.state != ImageState::kDeregistered) return image;
  return ec2::Error("InvalidAMIID.Unavailable", absl::StrCat("The image ID '", id.text(), "' is no longer available"));
}

absl::Status Unavailable(const Image& image, absl::string_view wanted) {
  return ec2::Error("InvalidAMIID.Unavailable", absl::StrCat("The image ID '", image.id.text(), "' is ",
                                                             StateName(image.state), " and must be ", wanted));
}

absl::Status CheckDeregistrable(const Image& image, absl::Time now) {
  if (image.protection != DeregistrationProtection::kDisabled) {
    return ec2::Error("OperationNotPermitted", absl::StrCat("The image '", image.id.text(),
                                                            "' is protected from deregistration; disable that by ",
                                                            "DisableImageDeregistrationProtection first"));
  }
  if (!image.protected_until || *image.protected_until <= now) return absl::OkStatus();
  return ec2::Error("OperationNotPermitted",
                    absl::StrCat("The image '", image.id.text(), "' is protected from deregistration until ",
                                 absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *image.protected_until, absl::UTCTimeZone()),
                                 ", the end of its cooldown"));
}

// What an attempt to remove a snapshot with its image came to. Error: what is no answer to the caller.
absl::StatusOr<absl::string_view> DeletionCode(const absl::Status& removed) {
  if (removed.ok()) return "success";
  if (ec2::ErrorCode(removed) == "InvalidSnapshot.InUse") return "skipped";
  if (absl::IsFailedPrecondition(removed) || absl::IsNotFound(removed)) return "client-error";
  return removed;
}

// Which of the image's snapshots are encrypted.
absl::Status AddEncrypted(store::Connection& c, const Image& image, std::set<std::string>& encrypted) {
  std::vector<SnapshotId> ids;
  if (!image.root_snapshot_id.empty()) ids.push_back(image.root_snapshot_id);
  for (const ImageDisk& disk : image.data_disks.disks) {
    if (disk.snapshot_id.has_value()) ids.push_back(SnapshotId::FromTrusted(*disk.snapshot_id));
  }
  for (const SnapshotId& id : ids) {
    const absl::StatusOr<VolumeSnapshot> snapshot = GetSnapshot(c, id);
    if (!snapshot.ok() && !absl::IsNotFound(snapshot.status())) return snapshot.status();
    if (snapshot.ok() && snapshot->encrypted) encrypted.insert(id.text());
  }
  return absl::OkStatus();
}

// All that is encrypted here has the key that EC2 shares nothing of, the account's default one.
absl::Status CheckShareable(store::Connection& c, const Image& image) {
  std::set<std::string> encrypted;
  RETURN_IF_ERROR(AddEncrypted(c, image, encrypted));
  if (encrypted.empty() && image.import_key_id.empty()) return absl::OkStatus();
  return ec2::Error("InvalidParameter",
                    "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.");
}

absl::Status CheckSource(const RegisterRequest& request) {
  if (request.location.empty() == !request.root_snapshot_id.has_value()) {
    return request.location.empty()
               ? ec2::Error("MissingParameter",
                            "The request must contain the parameter ImageLocation, or the snapshot of the root device")
               : ec2::Error("InvalidParameterCombination",
                            "An image is of files, named by ImageLocation, or of a snapshot, and not of both");
  }
  if (request.location.empty()) return absl::OkStatus();
  absl::string_view path = request.location;
  absl::ConsumePrefix(&path, "file://");
  const auto is_control = [](char c) { return absl::ascii_iscntrl(c); };
  if (absl::StartsWith(path, "/") && path.size() <= kMaxPath &&
      std::none_of(request.location.begin(), request.location.end(), is_control)) {
    return absl::OkStatus();
  }
  return Invalid("ImageLocation", request.location, "it must be the absolute path of a file or directory on the host");
}

absl::Status CheckRequest(const RegisterRequest& request) {
  RETURN_IF_ERROR(CheckImageName(request.name));
  RETURN_IF_ERROR(CheckSource(request));
  RETURN_IF_ERROR(CheckImageDescription(request.description));
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

absl::Status CheckImageName(absl::string_view name) {
  const bool good = name.size() >= 3 && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_isalnum(c) || absl::StrContains("()[] ./-'@_", absl::string_view(&c, 1));
                    });
  if (good) return absl::OkStatus();
  return ec2::Error("InvalidAMIName.Malformed",
                    absl::StrCat("AMI name '", absl::CHexEscape(name.substr(0, 140)),
                                 "' is invalid: 3 to 128 letters, digits, spaces and ()[]./-'@_"));
}

absl::Status CheckImageDescription(const std::string& description) {
  if (description.size() <= kMaxImageDescription) return absl::OkStatus();
  return Invalid("Description", description, "it can have at most 255 characters");
}

ImageService::ImageService(store::Database& database, const Clock& clock, Random& random,
                           std::function<void(const ImageId&)> wake,
                           std::function<void(const SnapshotId&)> wake_snapshot, Retention retention)
    : database_(database),
      clock_(clock),
      random_(random),
      wake_(std::move(wake)),
      wake_snapshot_(std::move(wake_snapshot)),
      retention_(retention) {}

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
  image.imds_v2 = request.imds_v2;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    image.data_disks = {};
    if (request.root_snapshot_id) {
      RETURN_IF_ERROR(UseSnapshot(connection, request, image));
    } else {
      ASSIGN_OR_RETURN(const bool encrypted, WillEncrypt(connection, request.encrypted, {}));
      image.import_key_id = encrypted ? DataKeyOf({}, random_) : "";
    }
    RETURN_IF_ERROR(AddNewDisks(connection, request.disks, image.data_disks));
    RETURN_IF_ERROR(ImageTable(connection).Insert(image));
    return tagging::SetTags(connection, image.id.text(), request.tags);
  }));
  wake_(image.id);
  return image.id;
}

absl::StatusOr<ImageId> ImageService::CreateOf(const ImageOfInstanceRequest& request) {
  RETURN_IF_ERROR(CheckImageName(request.name));
  RETURN_IF_ERROR(CheckImageDescription(request.description));
  for (const TagMap* tags : {&request.tags, &request.snapshot_tags}) RETURN_IF_ERROR(CheckTags(*tags));
  const ImageId id = ImageId::New(random_);
  std::vector<VolumeSnapshot> snapshots;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Image source, ImageTable(c).Get(request.image_id));
    Image image = Successor(source, id, clock_.Now());
    image.name = request.name;
    image.description = request.description;
    image.location = request.name;
    image.root_device_name = request.root_device;
    image.source_instance_id = request.instance_id;
    image.state = ImageState::kPending;
    image.data_disks = {};
    ASSIGN_OR_RETURN(const std::vector<Volume> all, VolumeTable(c).ListOf({&request.instance_id, 1}));
    std::vector<ImageMapping> added;
    ASSIGN_OR_RETURN(const std::vector<VolumeInImage> chosen, Chosen(request, all, added));
    std::vector<Volume> volumes;
    for (const VolumeInImage& each : chosen) volumes.push_back(each.volume);
    const std::string description =
        absl::StrCat("Created by CreateImage(", request.instance_id.text(), ") for ", id.text());
    ASSIGN_OR_RETURN(snapshots, AddSnapshots(c, volumes, {description, image.created, request.at_rest}, random_));
    for (size_t i = 0; i < volumes.size(); ++i) {
      RETURN_IF_ERROR(tagging::SetTags(c, snapshots[i].id.text(), request.snapshot_tags));
      if (volumes[i].device_name == request.root_device) {
        UseRoot(chosen[i].disk, snapshots[i].id, image);
      } else {
        image.data_disks.disks.push_back(chosen[i].disk);
        image.data_disks.disks.back().snapshot_id = snapshots[i].id.text();
      }
    }
    RETURN_IF_ERROR(AddNewDisks(c, added, image.data_disks));
    if (!HasDisk(image)) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The instance '", request.instance_id.text(),
                                                              "' has no root volume to make an image of"));
    }
    RETURN_IF_ERROR(ImageTable(c).Insert(image));
    return tagging::SetTags(c, id.text(), request.tags);
  }));
  for (const VolumeSnapshot& snapshot : snapshots) wake_snapshot_(snapshot.id);
  wake_(id);
  return id;
}

absl::StatusOr<ImageId> ImageService::Copy(const CopyImageRequest& request) {
  RETURN_IF_ERROR(CheckImageName(request.name));
  RETURN_IF_ERROR(CheckImageDescription(request.description));
  for (const TagMap* tags : {&request.tags, &request.snapshot_tags}) RETURN_IF_ERROR(CheckTags(*tags));
  ImageId id;
  std::vector<SnapshotId> pending;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    pending.clear();
    ASSIGN_OR_RETURN(const auto before, idempotency::FindMade<ImageId>(c, request.token));
    if (before.has_value()) {
      id = *before;
      return absl::OkStatus();
    }
    id = ImageId::New(random_);
    ASSIGN_OR_RETURN(const Image source, GetChangeable(c, request.source));
    if (source.state != ImageState::kAvailable) return Unavailable(source, "available");
    Image image = Successor(source, id, clock_.Now());
    image.name = request.name;
    image.description = request.description;
    image.source_image_id = source.id;
    const auto copy = [&](const SnapshotId& of) -> absl::StatusOr<SnapshotId> {
      const std::string description = absl::StrCat("Copied for ", id.text(), " from ", source.id.text());
      ASSIGN_OR_RETURN(
          const VolumeSnapshot made,
          CopySnapshot(c, of, {.description = description, .now = image.created, .encrypted = request.encrypted},
                       random_));
      if (IsPendingCopy(made)) pending.push_back(made.id);
      RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), request.snapshot_tags));
      return made.id;
    };
    if (HasDisk(source)) {
      ASSIGN_OR_RETURN(image.root_snapshot_id, copy(RootSnapshot(source)));
    }
    for (ImageDisk& disk : image.data_disks.disks) {
      if (!disk.snapshot_id.has_value()) continue;
      ASSIGN_OR_RETURN(const SnapshotId made, copy(SnapshotId::FromTrusted(*disk.snapshot_id)));
      disk.snapshot_id = made.text();
    }
    if (!pending.empty()) image.state = ImageState::kPending;
    TagMap tags = request.tags;
    if (request.copy_tags) {
      ASSIGN_OR_RETURN(const TagMap of_source, tagging::GetTags(c, source.id.text()));
      tags.insert(of_source.begin(), of_source.end());
    }
    RETURN_IF_ERROR(ImageTable(c).Insert(image));
    RETURN_IF_ERROR(idempotency::KeepToken(c, request.token, id.text()));
    return tagging::SetTags(c, id.text(), tags);
  }));
  for (const SnapshotId& each : pending) wake_snapshot_(each);
  if (!pending.empty()) wake_(id);
  return id;
}

absl::Status ImageService::Change(const ImageId& id, const ImageChange& change) {
  if (change.description) RETURN_IF_ERROR(CheckImageDescription(*change.description));
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Image image, GetChangeable(c, id));
    const bool permits = !change.allow.empty() || !change.forbid.empty();
    if (permits && image.state == ImageState::kDisabled) return Unavailable(image, "enabled to be shared");
    RETURN_IF_ERROR(CheckPublicAccess(c, SharedKind::kImages, change.allow));
    if (!change.allow.empty()) RETURN_IF_ERROR(CheckShareable(c, image));
    if (change.description) image.description = *change.description;
    image.imds_v2 = image.imds_v2 || change.imds_v2;
    for (const std::string& account : change.forbid) std::erase(image.launchable_by, account);
    for (const std::string& account : change.allow) {
      std::erase(image.launchable_by, account);
      image.launchable_by.push_back(account);
    }
    return ImageTable(c).Update(image);
  });
}

absl::Status ImageService::Deprecate(const ImageId& id, std::optional<absl::Time> at) {
  if (at && *at <= clock_.Now()) {
    return ec2::Error("InvalidParameterValue", "The time of a deprecation (DeprecateAt) must lie in the future");
  }
  if (at && *at > clock_.Now() + kMaxDeprecation) {
    return ec2::Error("InvalidParameterValue", "The time of a deprecation (DeprecateAt) must lie within ten years");
  }
  // To the nearest minute, as EC2 has it.
  if (at) at = absl::UnixEpoch() + absl::Floor(*at - absl::UnixEpoch() + absl::Seconds(30), absl::Minutes(1));
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Image image, GetChangeable(c, id));
    image.deprecated_at = at;
    return ImageTable(c).Update(image);
  });
}

absl::Status ImageService::SetEnabled(const ImageId& id, bool enabled) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Image image, GetChangeable(c, id));
    if (!IsWhole(image)) return Unavailable(image, enabled ? "disabled" : "available");
    image.state = enabled ? ImageState::kAvailable : ImageState::kDisabled;
    if (!enabled) image.launchable_by.clear();
    return ImageTable(c).Update(image);
  });
}

absl::StatusOr<DeregistrationProtection> ImageService::Protect(const ImageId& id, DeregistrationProtection protection) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Image image, GetChangeable(c, id));
    const bool ends = protection == DeregistrationProtection::kDisabled;
    const bool had_cooldown = image.protection == DeregistrationProtection::kEnabledWithCooldown;
    // One that is disabled once more keeps the end of the cooldown it has.
    if (!ends) image.protected_until.reset();
    if (ends && had_cooldown) image.protected_until = clock_.Now() + kCooldown;
    image.protection = protection;
    return ImageTable(c).Update(image);
  }));
  return protection;
}

absl::StatusOr<std::vector<SnapshotDeletion>> ImageService::Deregister(const ImageId& id, bool delete_snapshots) {
  std::vector<SnapshotDeletion> deleted;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    deleted.clear();
    ASSIGN_OR_RETURN(Image image, GetChangeable(connection, id));
    const absl::Time now = clock_.Now();
    RETURN_IF_ERROR(CheckDeregistrable(image, now));
    const bool whole = IsWhole(image), disabled = image.state == ImageState::kDisabled;
    image.state = ImageState::kDeregistered;
    image.state_reason = {};
    RETURN_IF_ERROR(ImageTable(connection).Update(image));
    RETURN_IF_ERROR(DropFastRestores(connection, SnapshotOf(id)));
    // What an imported image is by another name goes with it in any case.
    if (delete_snapshots && !image.disk_file.empty()) deleted.push_back({SnapshotOf(id), "success"});
    for (const SnapshotId& snapshot : delete_snapshots ? SnapshotsOf(image) : std::vector<SnapshotId>()) {
      ASSIGN_OR_RETURN(const absl::string_view code,
                       DeletionCode(RemoveSnapshot(connection, snapshot, {now, retention_.snapshots})));
      deleted.push_back({snapshot, code});
    }
    if (whole) {
      RETURN_IF_ERROR(KeepInBin(
          connection, {.id = id.text(), .entered = now, .exits = now + retention_.images, .disabled = disabled}));
    }
    // The row outlives this call until its files are gone; its tags must not be listed that long.
    return tagging::DeleteTags(connection, id.text());
  }));
  wake_(id);
  for (const SnapshotDeletion& snapshot : deleted) wake_snapshot_(snapshot.id);
  return deleted;
}

absl::StatusOr<std::vector<ImageView>> ImageService::List(absl::Span<const ImageId> ids,
                                                          const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<ImageView>> {
    ImageTable table(connection);
    // A deregistered one has no tags.
    const auto get = [&](const ImageId& id) -> absl::StatusOr<Image> {
      ASSIGN_OR_RETURN(Image image, table.Get(id));
      if (image.state == ImageState::kDeregistered) return id.NotFound();
      return image;
    };
    ASSIGN_OR_RETURN(std::vector<Image> images, tagging::ChooseRows<ImageId>(connection, ids, tags, get, [&] {
                       return table.List(/*with_deregistered=*/false);
                     }));
    ASSIGN_OR_RETURN(std::vector<ImageView> views, tagging::WithTags(connection, std::move(images), &ImageView::image));
    for (ImageView& view : views) RETURN_IF_ERROR(AddEncrypted(connection, view.image, view.encrypted));
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

absl::Status NoteLaunch(store::Connection& connection, const ImageId& id, absl::Time now) {
  ASSIGN_OR_RETURN(Image image, ImageTable(connection).Get(id));
  image.last_launched = now;
  return ImageTable(connection).Update(image);
}

absl::StatusOr<std::vector<Image>> ListImages(store::Connection& connection) {
  return ImageTable(connection).List(/*with_deregistered=*/true);
}

}  // namespace brume::storage
