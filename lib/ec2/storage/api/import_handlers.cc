#include "lib/ec2/storage/api/import_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/import.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kHiddenFault[] = "ClientError: the file cannot be imported; brumed's administrator is told why";

// What the two calls refuse of a disk.
template <typename Request, typename Disk>
absl::Status CheckDisk(const Request& request, const Disk& disk, const Account& account) {
  RETURN_IF_ERROR(storage::CheckKmsKey(request.kms_key_id(), request.encrypted(), account));
  if (!disk.has_user_bucket()) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation", "There is no S3 to read a UserBucket from: name the disk by its Url");
}

// What the two calls have in common.
template <typename Request, typename Disk>
storage::ImportRequest OrderOf(const Request& request, const Disk& disk) {
  storage::ImportRequest import;
  import.url = disk.url();
  import.format = disk.format();
  import.disk_description = disk.description();
  import.description = request.description();
  import.encrypted = request.encrypted();
  import.client_token = request.client_token();
  import.parameters_digest = gateway::ParametersDigest(request);
  return import;
}

absl::StatusOr<storage::ImportRequest> ParseSnapshotImport(const v1::ImportSnapshotRequest& request,
                                                           const Account& account) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  const v1::SnapshotDiskContainer& disk = request.disk_container();
  RETURN_IF_ERROR(CheckDisk(request, disk, account));
  if (disk.url().empty()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter DiskContainer.Url");
  }
  storage::ImportRequest import = OrderOf(request, disk);
  import.kind = ImportKind::kSnapshot;
  ASSIGN_OR_RETURN(import.tags, ParseTags(request.tag_specifications(), ImportSnapshotTaskId::kKind));
  return import;
}

absl::StatusOr<storage::ImportRequest> ParseImport(const v1::ImportImageRequest& request, const Account& account) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  if (request.disk_containers_size() != 1) {
    return ec2::Error("UnsupportedOperation", "An image has its root volume alone: name one disk container");
  }
  const v1::ImageDiskContainer& disk = request.disk_containers(0);
  RETURN_IF_ERROR(CheckDisk(request, disk, account));
  if (!disk.snapshot_id().empty()) {
    return ec2::Error("UnsupportedOperation", "An image is not imported from a snapshot: name the disk by its Url");
  }
  if (disk.url().empty()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter DiskContainer.1.Url");
  }
  storage::ImportRequest import = OrderOf(request, disk);
  import.device_name = disk.device_name();
  import.license_type = request.license_type();
  import.platform = request.platform();
  import.boot_mode = FindBootMode(request.boot_mode());
  ASSIGN_OR_RETURN(import.tags, ParseTags(request.tag_specifications(), ImportImageTaskId::kKind));
  return import;
}

// Which files there are on the host, and what they are, is for its administrators.
bool RevealsHost(const ImportTask& task) {
  return !absl::StartsWith(task.url, "http") && task.catalogue_name.empty() &&
         absl::StartsWith(task.status_message, "ClientError");
}

std::string ShownMessage(const ImportTask& task, const Caller& caller) {
  return !caller.administrator && RevealsHost(task) ? kHiddenFault : task.status_message;
}

// ImportSnapshot's answer and a task of DescribeImportSnapshotTasks have the same fields.
template <typename Message>
Message RenderSnapshotTask(const storage::ImportTaskView& view, const Caller& caller) {
  const ImportTask& task = view.task;
  Message rendered;
  if (!task.description.empty()) rendered.set_description(task.description);
  rendered.set_import_task_id(task.id);
  v1::SnapshotTaskDetail& detail = *rendered.mutable_snapshot_task_detail();
  if (!task.disk_description.empty()) detail.set_description(task.disk_description);
  if (task.size_bytes > 0) detail.set_disk_image_size(static_cast<double>(task.size_bytes));
  detail.set_encrypted(!task.data_key_id.empty());
  if (!task.format.empty()) detail.set_format(absl::AsciiStrToUpper(task.format));
  if (task.state == ImportState::kActive) detail.set_progress(absl::StrCat(task.progress));
  if (task.state == ImportState::kCompleted) detail.set_snapshot_id(task.snapshot_id.text());
  detail.set_status(std::string(StateName(task.state)));
  if (!task.status_message.empty()) detail.set_status_message(ShownMessage(task, caller));
  detail.set_url(task.url);
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

v1::SnapshotDetail RenderDisk(const ImportTask& task) {
  v1::SnapshotDetail disk;
  if (!task.disk_description.empty()) disk.set_description(task.disk_description);
  disk.set_device_name(task.device_name);
  if (task.size_bytes > 0) disk.set_disk_image_size(static_cast<double>(task.size_bytes));
  if (!task.format.empty()) disk.set_format(absl::AsciiStrToUpper(task.format));
  const bool done = task.state == ImportState::kCompleted;
  if (!done) disk.set_progress(absl::StrCat(task.progress));
  disk.set_status(done ? "completed" : "active");
  disk.set_url(task.url);
  return disk;
}

// ImportImage's answer and a task of DescribeImportImageTasks have the same fields.
template <typename Message>
Message RenderTask(const storage::ImportTaskView& view, const Caller& caller) {
  const ImportTask& task = view.task;
  Message rendered;
  rendered.set_architecture("x86_64");
  if (!task.description.empty()) rendered.set_description(task.description);
  rendered.set_encrypted(!task.data_key_id.empty());
  if (task.state == ImportState::kCompleted) rendered.set_image_id(task.image_id.text());
  rendered.set_import_task_id(task.id);
  if (!task.license_type.empty()) rendered.set_license_type(task.license_type);
  if (!task.platform.empty()) rendered.set_platform(task.platform);
  if (task.state == ImportState::kActive) rendered.set_progress(absl::StrCat(task.progress));
  *rendered.add_snapshot_details() = RenderDisk(task);
  rendered.set_status(std::string(StateName(task.state)));
  if (!task.status_message.empty()) rendered.set_status_message(ShownMessage(task, caller));
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

std::vector<std::string> TextsOf(const gateway::Names& names) { return {names.begin(), names.end()}; }

absl::StatusOr<v1::ImportImageResponse> ImportImage(const v1::ImportImageRequest& request, const Caller& caller,
                                                    storage::ImportService& imports, const Settings& settings) {
  ASSIGN_OR_RETURN(const storage::ImportRequest import, ParseImport(request, settings.account()));
  ASSIGN_OR_RETURN(const storage::ImportTaskView view, imports.Import(import));
  return RenderTask<v1::ImportImageResponse>(view, caller);
}

absl::StatusOr<v1::DescribeImportImageTasksResponse> DescribeImportImageTasks(
    const v1::DescribeImportImageTasksRequest& request, const Caller& caller, storage::ImportService& imports) {
  static const gateway::Listing<v1::ImportImageTask, v1::DescribeImportImageTasksResponse> listing = {
      "import-image-tasks", &v1::ImportImageTask::import_task_id,
      &v1::DescribeImportImageTasksResponse::mutable_import_image_tasks};
  RETURN_IF_ERROR(gateway::NamedIds<ImportImageTaskId>(request, request.import_task_ids(), "importTaskId").status());
  ASSIGN_OR_RETURN(const std::vector<storage::ImportTaskView> views,
                   imports.List(ImportKind::kImage, TextsOf(request.import_task_ids()),
                                TagsAskedFor(request.filters(), ImportImageTaskId::kKind.prefix)));
  std::vector<v1::ImportImageTask> tasks;
  tasks.reserve(views.size());
  for (const storage::ImportTaskView& view : views) {
    v1::ImportImageTask& task = tasks.emplace_back(RenderTask<v1::ImportImageTask>(view, caller));
    if (view.task.boot_mode) task.set_boot_mode(std::string(BootModeName(*view.task.boot_mode)));
  }
  return gateway::Answer(listing, request, std::move(tasks));
}

absl::StatusOr<v1::ImportSnapshotResponse> ImportSnapshot(const v1::ImportSnapshotRequest& request,
                                                          const Caller& caller, storage::ImportService& imports,
                                                          const Settings& settings) {
  ASSIGN_OR_RETURN(const storage::ImportRequest import, ParseSnapshotImport(request, settings.account()));
  ASSIGN_OR_RETURN(const storage::ImportTaskView view, imports.Import(import));
  return RenderSnapshotTask<v1::ImportSnapshotResponse>(view, caller);
}

absl::StatusOr<v1::DescribeImportSnapshotTasksResponse> DescribeImportSnapshotTasks(
    const v1::DescribeImportSnapshotTasksRequest& request, const Caller& caller, storage::ImportService& imports) {
  static const gateway::Listing<v1::ImportSnapshotTask, v1::DescribeImportSnapshotTasksResponse> listing = {
      "import-snapshot-tasks", &v1::ImportSnapshotTask::import_task_id,
      &v1::DescribeImportSnapshotTasksResponse::mutable_import_snapshot_tasks};
  RETURN_IF_ERROR(gateway::NamedIds<ImportSnapshotTaskId>(request, request.import_task_ids(), "importTaskId").status());
  ASSIGN_OR_RETURN(const std::vector<storage::ImportTaskView> views,
                   imports.List(ImportKind::kSnapshot, TextsOf(request.import_task_ids()),
                                TagsAskedFor(request.filters(), ImportSnapshotTaskId::kKind.prefix)));
  std::vector<v1::ImportSnapshotTask> tasks;
  for (const storage::ImportTaskView& view : views) {
    tasks.push_back(RenderSnapshotTask<v1::ImportSnapshotTask>(view, caller));
  }
  return gateway::Answer(listing, request, std::move(tasks));
}

absl::StatusOr<v1::CancelImportTaskResponse> CancelImportTask(const v1::CancelImportTaskRequest& request,
                                                              storage::ImportService& imports) {
  const std::string& id = request.import_task_id();
  RETURN_IF_ERROR(CheckImportTaskId(id));
  ASSIGN_OR_RETURN(const storage::ImportCancellation cancelled, imports.Cancel(id, request.cancel_reason()));
  v1::CancelImportTaskResponse response;
  response.set_import_task_id(id);
  response.set_previous_state(std::string(StateName(cancelled.before)));
  response.set_state(std::string(StateName(cancelled.now)));
  return response;
}

}  // namespace

void AddImportActions(gateway::Actions& actions, storage::ImportService& imports, const Settings& settings) {
  actions.Add(ImportImage, imports, settings);
  actions.Add(DescribeImportImageTasks, imports);
  actions.Add(ImportSnapshot, imports, settings);
  actions.Add(DescribeImportSnapshotTasks, imports);
  actions.Add(CancelImportTask, imports);
}

}  // namespace brume::ec2
