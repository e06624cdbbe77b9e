#include "lib/ec2/storage/export_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/table.h"

namespace brume::storage {
namespace {

absl::Status Unexportable(const Image& image, absl::string_view why) {
  return ec2::Error("NotExportable", absl::StrCat("The image '", image.id.text(), "' cannot be exported: ", why));
}

// What is wrong with a place or a file, for the caller.
absl::Status ToCaller(const absl::Status& status, absl::string_view parameter) {
  if (!absl::IsInvalidArgument(status) && !absl::IsNotFound(status)) return status;
  if (ec2::HasErrorCode(status)) return status;
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The value for parameter ", parameter, " is invalid: ", status.message()));
}

std::string ExtensionOf(const std::string& format) {
  return format == "VMDK" ? ".vmdk" : format == "VHD" ? ".vhd" : ".raw";
}

absl::StatusOr<Image> GetExportable(store::Connection& c, const ImageId& id) {
  ASSIGN_OR_RETURN(Image image, ImageTable(c).Get(id));
  if (image.state == ImageState::kDeregistered) return id.NotFound();
  if (image.state != ImageState::kAvailable) {
    return ec2::Error("InvalidAMIID.Unavailable", absl::StrCat("The image ID '", id.text(), "' is ",
                                                               StateName(image.state), " and must be available"));
  }
  return image;
}

// The layer of one of the image's snapshots.
absl::StatusOr<std::string> LayerOf(store::Connection& c, const Image& image, const SnapshotId& snapshot) {
  ASSIGN_OR_RETURN(const SnapshotSource source, FindSource(c, snapshot));
  if (!source.encrypted) return source.layer_id;
  return Unexportable(
      image, absl::StrCat("its snapshot ", snapshot.text(), " is encrypted, and the file would be in the clear"));
}

absl::StatusOr<TagMap> TagsOfStored(const StoredImage& stored) {
  TagMap tags;
  for (const StoredTag& tag : stored.tags) tags[tag.key.value_or("")] = tag.value.value_or("");
  RETURN_IF_ERROR(CheckTags(tags));
  return tags;
}

// The image that a description tells of; its files are still to come.
absl::StatusOr<Image> ImageOfStored(const StoredImage& stored, Random& random) {
  Image image;
  image.id = ImageId::New(random);
  image.name = stored.name.value_or("");
  image.description = stored.description.value_or("");
  image.root_device_name = stored.root_device_name.value_or("/dev/vda");
  const std::optional<BootMode> mode = FindBootMode(stored.boot_mode.value_or("legacy-bios"));
  if (!mode.has_value()) return absl::InvalidArgumentError("the stored image has no known boot mode");
  image.boot_mode = *mode;
  image.root_delete_on_termination = stored.root_delete_on_termination.value_or(true);
  image.imds_v2 = stored.imds_v2.value_or(false);
  image.virtual_size_bytes = int64_t{std::clamp<int64_t>(stored.root_size_gib.value_or(0), 0, kMaxVolumeGib)} << 30;
  image.data_disks.root = stored.root;
  for (ImageDisk disk : stored.disks) {
    if (disk.snapshot_id.has_value()) disk.snapshot_id = SnapshotId::New(random).text();
    image.data_disks.disks.push_back(std::move(disk));
  }
  return image;
}

// What a stranger may have written.
absl::Status CheckStored(const Image& image) {
  std::vector<ImageMapping> mappings = {{.device = image.root_device_name, .none = false, .disk = {}}};
  for (const ImageDisk& disk : image.data_disks.disks) {
    mappings.push_back({.device = disk.device_name.value_or(""), .none = false, .disk = disk});
    if (disk.size_gib.value_or(0) < 1 || disk.size_gib.value_or(0) > kMaxVolumeGib) {
      return absl::InvalidArgumentError("a volume of the stored image has no size");
    }
  }
  RETURN_IF_ERROR(CheckMappings(mappings));
  return CheckDiskCount(image.data_disks);
}

}  // namespace

absl::StatusOr<std::string> RootLayerOf(store::Connection& c, const Image& image) {
  if (!HasDisk(image)) return Unexportable(image, "it has no root volume");
  return LayerOf(c, image, RootSnapshot(image));
}

absl::StatusOr<StoredImage> DescribeForStore(store::Connection& c, const Image& image) {
  StoredImage stored;
  stored.name = image.name;
  stored.description = image.description;
  stored.boot_mode = std::string(BootModeName(image.boot_mode));
  stored.root_device_name = image.root_device_name;
  stored.root_size_gib = static_cast<int32_t>(RootSizeGib(image));
  stored.root_delete_on_termination = image.root_delete_on_termination;
  stored.imds_v2 = image.imds_v2;
  stored.disks = image.data_disks.disks;
  stored.root = image.data_disks.root;
  ASSIGN_OR_RETURN(const TagMap tags, tagging::GetTags(c, image.id.text()));
  for (const auto& [key, value] : tags) stored.tags.push_back({key, value});
  return stored;
}

absl::StatusOr<std::vector<StoreMember>> MembersOf(store::Connection& c, const Image& image) {
  ASSIGN_OR_RETURN(const std::string root, RootLayerOf(c, image));
  ASSIGN_OR_RETURN(const StoredImage stored, DescribeForStore(c, image));
  const std::string boot = image.boot_image_id.empty() ? image.id.text() : image.boot_image_id.text();
  nlohmann::json bundle = {{"disk", kStoreDisk},
                           {"root_device_name", image.root_device_name},
                           {"boot_mode", std::string(BootModeName(image.boot_mode))}};
  std::vector<StoreMember> files = {{.name = kStoreDisk, .layer_id = root}};
  if (!image.kernel_file.empty()) {
    bundle["kernel"] = kStoreKernel;
    bundle["command_line"] = image.command_line;
    files.push_back({.name = kStoreKernel, .layer_id = boot, .file = image.kernel_file});
  }
  if (!image.initrd_file.empty()) {
    bundle["initrd"] = kStoreInitrd;
    files.push_back({.name = kStoreInitrd, .layer_id = boot, .file = image.initrd_file});
  }
  const std::vector<ImageDisk>& disks = image.data_disks.disks;
  for (size_t i = 0; i < disks.size(); ++i) {
    if (!disks[i].snapshot_id.has_value()) continue;
    StoreMember& member = files.emplace_back(StoreMember{.name = DataMember(i), .layer_id = ""});
    ASSIGN_OR_RETURN(member.layer_id, LayerOf(c, image, SnapshotId::FromTrusted(*disks[i].snapshot_id)));
  }
  std::vector<StoreMember> members = {{.name = kStoreDescription, .layer_id = "", .content = FieldsToJson(stored)},
                                      {.name = kStoreBundle, .layer_id = "", .content = bundle.dump()}};
  members.insert(members.end(), files.begin(), files.end());
  return members;
}

ExportService::ExportService(store::Database& database, const Clock& clock, Random& random, ExportFiles& files,
                             std::function<void(const std::string&)> wake)
    : database_(database), clock_(clock), random_(random), files_(files), wake_(std::move(wake)) {}

absl::StatusOr<ExportTask> ExportService::Begin(ExportTask task, const TagMap& tags) {
  RETURN_IF_ERROR(CheckTags(tags));
  RETURN_IF_ERROR(ToCaller(CheckPlace({task.bucket, task.object_key}), "the bucket or the key"));
  RETURN_IF_ERROR(ToCaller(files_.CheckBucket(task.bucket), "the bucket"));
  task.status_message = "pending";
  task.created = task.progressed = clock_.Now();
  ASSIGN_OR_RETURN(ExportTask begun, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<ExportTask> {
    ExportTaskTable tasks(c);
    ASSIGN_OR_RETURN(std::optional<ExportTask> earlier, tasks.FindToken(task.client_token));
    if (earlier.has_value()) {
      if (earlier->parameters_digest == task.parameters_digest) return *std::move(earlier);
      return ec2::Error("IdempotentParameterMismatch",
                        absl::StrCat("The client token '", task.client_token, "' was used with other parameters"));
    }
    ASSIGN_OR_RETURN(const Image image, GetExportable(c, task.image_id));
    if (task.kind() == ExportKind::kStore) {
      RETURN_IF_ERROR(MembersOf(c, image).status());
    } else {
      RETURN_IF_ERROR(RootLayerOf(c, image).status());
      if (!image.data_disks.disks.empty()) {
        return Unexportable(image, "it has other volumes beside its root; CreateStoreImageTask writes them all");
      }
    }
    const absl::Status inserted = tasks.Insert(task);
    if (store::Violates(inserted, "export_tasks.bucket")) {
      return ec2::Error("IncorrectState", absl::StrCat("The file ", task.object_key, " of the bucket ", task.bucket,
                                                       " is being written by another task"));
    }
    RETURN_IF_ERROR(inserted);
    RETURN_IF_ERROR(tagging::SetTags(c, task.id, tags));
    return task;
  }));
  wake_(begun.id);
  return begun;
}

absl::StatusOr<ExportTaskView> ExportService::Export(const ExportRequest& request) {
  ExportTask task;
  task.id = ExportImageTaskId::New(random_).text();
  task.image_id = request.image_id;
  task.format = request.format;
  task.bucket = request.bucket;
  task.prefix = request.prefix;
  task.object_key = absl::StrCat(request.prefix, task.id, ExtensionOf(request.format));
  task.description = request.description;
  task.client_token = request.client_token;
  task.parameters_digest = request.parameters_digest;
  ASSIGN_OR_RETURN(const ExportTask begun, Begin(std::move(task), request.tags));
  ASSIGN_OR_RETURN(std::vector<ExportTaskView> views, List({&begun.id, 1}));
  return std::move(views.front());
}

absl::StatusOr<ExportTask> ExportService::Store(const ImageId& id, const std::string& bucket) {
  constexpr int kDigits = 17;
  ExportTask task;
  task.id = absl::StrCat("store-", random_.Hex(kDigits));
  task.image_id = id;
  task.bucket = bucket;
  task.object_key = absl::StrCat(id.text(), ".bin");
  return Begin(std::move(task), {});
}

absl::StatusOr<StoredImage> ExportService::ReadStored(const ExportPlace& place) {
  const absl::StatusOr<std::string> text = files_.ReadStored(place);
  if (!text.ok()) return ToCaller(text.status(), "the bucket or the key");
  absl::StatusOr<StoredImage> stored = FieldsFromJson<StoredImage>(*text);
  if (!stored.ok()) return ToCaller(absl::InvalidArgumentError(stored.status().message()), "the key");
  return stored;
}

absl::StatusOr<TagMap> ExportService::StoredTags(const ExportPlace& place) {
  ASSIGN_OR_RETURN(const StoredImage stored, ReadStored(place));
  return TagsOfStored(stored);
}

absl::StatusOr<ImageId> ExportService::Restore(const RestoreRequest& request) {
  const absl::StatusOr<StoredImage> stored = ReadStored(request.place);
  if (!stored.ok()) return stored.status();
  absl::StatusOr<Image> described = ImageOfStored(*stored, random_);
  if (!described.ok()) return ToCaller(described.status(), "the key");
  Image image = *std::move(described);
  const absl::Status good = CheckStored(image);
  if (!good.ok()) return ToCaller(absl::InvalidArgumentError(good.message()), "the key");
  TagMap tags = request.tags;
  if (tags.empty()) {
    ASSIGN_OR_RETURN(tags, TagsOfStored(*stored));
  }
  RETURN_IF_ERROR(CheckTags(tags));
  if (!request.name.empty()) image.name = request.name;
  RETURN_IF_ERROR(CheckImageName(image.name));
  RETURN_IF_ERROR(CheckImageDescription(image.description));
  image.location = absl::StrCat(request.place.bucket, "/", request.place.key);
  image.created = clock_.Now();
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const bool encrypted, WillEncrypt(c, std::nullopt, {}));
    image.import_key_id = encrypted ? DataKeyOf({}, random_) : "";
    RETURN_IF_ERROR(ImageTable(c).Insert(image));
    return tagging::SetTags(c, image.id.text(), tags);
  }));
  wake_(image.id.text());
  return image.id;
}

absl::StatusOr<std::vector<ExportTaskView>> ExportService::List(absl::Span<const std::string> ids,
                                                                const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<ExportTaskView>> {
    ExportTaskTable table(c);
    const auto get = [&](const std::string& id) -> absl::StatusOr<ExportTask> {
      RETURN_IF_ERROR(CheckExportTaskId(id));
      return table.Get(id);
    };
    ASSIGN_OR_RETURN(std::vector<ExportTask> tasks,
                     tagging::ChooseRows<std::string>(c, ids, tags, get, [&] { return table.List(); }));
    if (ids.empty()) {
      std::erase_if(tasks, [](const ExportTask& task) { return task.kind() != ExportKind::kExport; });
    }
    return tagging::WithTags(c, std::move(tasks), &ExportTaskView::task);
  });
}

absl::StatusOr<std::vector<ExportTask>> ExportService::ListStores(absl::Span<const ImageId> images) {
  ASSIGN_OR_RETURN(std::vector<ExportTask> tasks,
                   database_.ReadFor([](store::Connection& c) { return ExportTaskTable(c).List(); }));
  std::erase_if(tasks, [&](const ExportTask& task) {
    const bool named = images.empty() || std::find(images.begin(), images.end(), task.image_id) != images.end();
    return task.kind() != ExportKind::kStore || !named;
  });
  return tasks;
}

absl::Status ExportService::Cancel(const std::string& id) {
  RETURN_IF_ERROR(CheckExportTaskId(id));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(ExportTask task, ExportTaskTable(c).Get(id));
    if (task.state == ImportState::kDeleting) return absl::OkStatus();
    if (task.state != ImportState::kActive) {
      return ec2::Error("IncorrectState", absl::StrCat("The export task ", id, " is ", StateName(task.state),
                                                       ": only one that is active can be cancelled"));
    }
    task.state = ImportState::kDeleting;
    task.status_message = "user initiated task cancelation";
    return ExportTaskTable(c).Update(task);
  }));
  wake_(id);
  return absl::OkStatus();
}

}  // namespace brume::storage
