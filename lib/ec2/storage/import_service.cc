#include "lib/ec2/storage/import_service.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

absl::Status InvalidImport(absl::string_view parameter, absl::string_view value, absl::string_view what) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", absl::CHexEscape(value.substr(0, 256)),
                                                          ") for parameter ", parameter, " is invalid: ", what));
}

absl::Status CheckDevice(absl::string_view name) {
  absl::string_view device = name;
  const bool good = absl::ConsumePrefix(&device, "/dev/") && !device.empty() && device.size() <= 32 &&
                    std::all_of(device.begin(), device.end(), [](char c) { return absl::ascii_isalnum(c); });
  if (good || name.empty()) return absl::OkStatus();
  return InvalidImport("DiskContainer.DeviceName", name, "it must be a device like /dev/vda");
}

absl::StatusOr<std::string> ParseFormat(absl::string_view text) {
  std::string format = absl::AsciiStrToLower(text);
  if (format.empty() ||
      std::find(std::begin(kImportFormats), std::end(kImportFormats), format) != std::end(kImportFormats)) {
    return format;
  }
  return InvalidImport("DiskContainer.Format", text, "it must be one of VMDK, VHD, VHDX, OVA, RAW, QCOW2 and VDI");
}

// "debian-12-20260131-0123abcd": a name that only its own task has.
std::string CatalogueImageName(const CatalogueEntry& entry, const ImportTask& task) {
  const std::string digits = task.id.substr(task.id.rfind('-') + 1);
  return absl::StrCat(entry.name, "-", absl::FormatTime("%Y%m%d", task.created, absl::UTCTimeZone()), "-",
                      digits.substr(0, 8));
}

absl::StatusOr<ImportTaskView> ViewOf(store::Connection& connection, ImportTask task) {
  ImportTaskView view;
  ASSIGN_OR_RETURN(view.tags, tagging::GetTags(connection, task.id));
  view.task = std::move(task);
  return view;
}

}  // namespace

ImportService::ImportService(store::Database& database, const Clock& clock, Random& random, const Catalogue& catalogue,
                             std::function<void(const std::string&)> wake)
    : database_(database), clock_(clock), random_(random), catalogue_(catalogue), wake_(std::move(wake)) {}

absl::StatusOr<ImportTask> ImportService::NewTask(const ImportRequest& request) {
  const absl::StatusOr<ImportSource> source = ParseImportSource(request.url);
  if (!source.ok()) return InvalidImport("DiskContainer.Url", request.url, source.status().message());
  RETURN_IF_ERROR(CheckDevice(request.device_name));
  RETURN_IF_ERROR(CheckTags(request.tags));
  ImportTask task;
  if (request.kind == ImportKind::kImage) {
    task.id = ImportImageTaskId::New(random_).text();
    task.image_id = ImageId::New(random_);
  } else {
    task.id = ImportSnapshotTaskId::New(random_).text();
    task.snapshot_id = SnapshotId::New(random_);
  }
  task.image_name = task.id;
  task.status_message = "pending";
  task.created = clock_.Now();
  task.progressed = task.created;
  task.url = request.url;
  ASSIGN_OR_RETURN(task.format, ParseFormat(request.format));
  task.description = request.description;
  task.disk_description = request.disk_description;
  task.device_name = request.device_name.empty() ? "/dev/vda" : request.device_name;
  task.license_type = request.license_type;
  task.platform = request.platform;
  task.boot_mode = request.boot_mode;
  task.client_token = request.client_token;
  task.parameters_digest = request.parameters_digest;
  if (source->place == ImportPlace::kCatalogue) {
    const CatalogueEntry* const entry = catalogue_.Find(source->location);
    if (entry == nullptr) {
      return InvalidImport("DiskContainer.Url", request.url, "the catalogue has no image of this name");
    }
    task.catalogue_name = entry->name;
    task.image_name = CatalogueImageName(*entry, task);
    if (!task.boot_mode.has_value()) task.boot_mode = entry->boot_mode;
    if (task.description.empty()) task.description = entry->description;
  }
  return task;
}

absl::StatusOr<ImportTaskView> ImportService::Import(const ImportRequest& request) {
  ASSIGN_OR_RETURN(ImportTask task, NewTask(request));
  ASSIGN_OR_RETURN(
      ImportTaskView made, database_.WriteFor([&](store::Connection& connection) -> absl::StatusOr<ImportTaskView> {
        ImportTaskTable tasks(connection);
        ASSIGN_OR_RETURN(std::optional<ImportTask> earlier, tasks.FindToken(request.kind, request.client_token));
        if (earlier.has_value()) {
          if (earlier->parameters_digest == request.parameters_digest) return ViewOf(connection, *std::move(earlier));
          return ec2::Error("IdempotentParameterMismatch", absl::StrCat("The client token '", request.client_token,
                                                                        "' was used with other parameters"));
        }
        ASSIGN_OR_RETURN(const bool encrypted, WillEncrypt(connection, request.encrypted, {}));
        task.data_key_id = encrypted ? DataKeyOf({}, random_) : "";
        RETURN_IF_ERROR(tasks.Insert(task));
        RETURN_IF_ERROR(tagging::SetTags(connection, task.id, request.tags));
        return ViewOf(connection, task);
      }));
  wake_(made.task.id);
  return made;
}

absl::StatusOr<std::vector<ImportTaskView>> ImportService::List(ImportKind kind, absl::Span<const std::string> ids,
                                                                const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<ImportTaskView>> {
    ImportTaskTable table(connection);
    const auto get = [&](const std::string& id) -> absl::StatusOr<ImportTask> {
      ASSIGN_OR_RETURN(ImportTask task, table.Get(id));
      if (task.kind() != kind) return ImportImageTaskId::NotFound(id);
      return task;
    };
    ASSIGN_OR_RETURN(std::vector<ImportTask> tasks,
                     tagging::ChooseRows<std::string>(connection, ids, tags, get, [&] { return table.List(kind); }));
    return tagging::WithTags(connection, std::move(tasks), &ImportTaskView::task);
  });
}

absl::StatusOr<ImportCancellation> ImportService::Cancel(const std::string& id, const std::string& reason) {
  ASSIGN_OR_RETURN(const ImportCancellation cancelled,
                   database_.WriteFor([&](store::Connection& connection) -> absl::StatusOr<ImportCancellation> {
                     ImportTaskTable tasks(connection);
                     ASSIGN_OR_RETURN(ImportTask task, tasks.Get(id));
                     const ImportState before = task.state;
                     if (before == ImportState::kDeleting) return ImportCancellation{before, before};
                     if (before != ImportState::kActive) {
                       return ec2::Error("IncorrectState",
                                         absl::StrCat("The import task ", id, " is ", StateName(before),
                                                      ": only one that is active can be cancelled"));
                     }
                     task.state = ImportState::kDeleting;
                     task.status_message = reason.empty() ? "user initiated task cancelation" : reason;
                     RETURN_IF_ERROR(tasks.Update(task));
                     return ImportCancellation{before, task.state};
                   }));
  wake_(id);
  return cancelled;
}

absl::StatusOr<std::vector<ImageId>> ListImagesOfImports(store::Connection& connection) {
  ASSIGN_OR_RETURN(const std::vector<ImportTask> tasks, ImportTaskTable(connection).List());
  std::vector<ImageId> images;
  for (const ImportTask& task : tasks) {
    const bool ended = task.state == ImportState::kCompleted || task.state == ImportState::kDeleted;
    if (!ended && task.kind() == ImportKind::kImage) images.push_back(task.image_id);
  }
  return images;
}

}  // namespace brume::storage
