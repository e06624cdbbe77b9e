#include "lib/ec2/storage/api/export_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/export.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

// Which files there are on the host is for its administrators.
std::string ShownReason(const std::string& message, const Caller& caller) {
  const bool is_fault = absl::StartsWith(message, "ClientError") || absl::StartsWith(message, "ServerError");
  if (caller.administrator || !is_fault) return message;
  return "ClientError: the file cannot be written; brumed's administrator is told why";
}

// ExportImage's answer and a task of DescribeExportImageTasks have the same fields.
template <typename Message>
Message RenderExport(const storage::ExportTaskView& view, const Caller& caller) {
  const ExportTask& task = view.task;
  Message rendered;
  if (!task.description.empty()) rendered.set_description(task.description);
  rendered.set_export_image_task_id(task.id);
  rendered.set_image_id(task.image_id.text());
  if (task.state == ImportState::kActive) rendered.set_progress(absl::StrCat(task.progress));
  rendered.mutable_s3_export_location()->set_s3_bucket(task.bucket);
  if (!task.prefix.empty()) rendered.mutable_s3_export_location()->set_s3_prefix(task.prefix);
  rendered.set_status(std::string(StateName(task.state)));
  if (!task.status_message.empty()) rendered.set_status_message(ShownReason(task.status_message, caller));
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::ExportImageResponse> ExportImage(const v1::ExportImageRequest& request, const Caller& caller,
                                                    storage::ExportService& exports) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  storage::ExportRequest wanted;
  ASSIGN_OR_RETURN(wanted.image_id, ImageId::Parse(request.image_id()));
  wanted.format = request.disk_image_format();
  wanted.bucket = request.s3_export_location().s3_bucket();
  wanted.prefix = request.s3_export_location().s3_prefix();
  wanted.description = request.description();
  wanted.client_token = request.client_token();
  wanted.parameters_digest = gateway::ParametersDigest(request);
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), ExportImageTaskId::kKind));
  ASSIGN_OR_RETURN(const storage::ExportTaskView view, exports.Export(wanted));
  auto response = RenderExport<v1::ExportImageResponse>(view, caller);
  response.set_disk_image_format(view.task.format);
  return response;
}

absl::StatusOr<v1::DescribeExportImageTasksResponse> DescribeExportImageTasks(
    const v1::DescribeExportImageTasksRequest& request, const Caller& caller, storage::ExportService& exports) {
  static const gateway::Listing<v1::ExportImageTask, v1::DescribeExportImageTasksResponse> listing = {
      "export-image-tasks", &v1::ExportImageTask::export_image_task_id,
      &v1::DescribeExportImageTasksResponse::mutable_export_image_tasks};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<ExportImageTaskId>(request, request.export_image_task_ids(), "exportImageTaskId"));
  std::vector<std::string> texts;
  for (const ExportImageTaskId& id : ids) texts.push_back(id.text());
  ASSIGN_OR_RETURN(const std::vector<storage::ExportTaskView> views,
                   exports.List(texts, TagsAskedFor(request.filters(), ExportImageTaskId::kKind.prefix)));
  std::vector<v1::ExportImageTask> tasks;
  for (const storage::ExportTaskView& view : views) tasks.push_back(RenderExport<v1::ExportImageTask>(view, caller));
  return gateway::Answer(listing, request, std::move(tasks));
}

absl::Status CancelExportTask(const v1::CancelExportTaskRequest& request, storage::ExportService& exports) {
  return exports.Cancel(request.export_task_id());
}

absl::StatusOr<v1::CreateStoreImageTaskResponse> CreateStoreImageTask(const v1::CreateStoreImageTaskRequest& request,
                                                                      storage::ExportService& exports) {
  ASSIGN_OR_RETURN(const ImageId id, ImageId::Parse(request.image_id()));
  ASSIGN_OR_RETURN(const ExportTask task, exports.Store(id, request.bucket()));
  v1::CreateStoreImageTaskResponse response;
  response.set_object_key(task.object_key);
  return response;
}

// EC2's three words.
std::string StoreStateOf(const ExportTask& task) {
  if (task.state == ImportState::kActive) return "InProgress";
  return task.state == ImportState::kCompleted ? "Completed" : "Failed";
}

absl::StatusOr<v1::DescribeStoreImageTasksResponse> DescribeStoreImageTasks(
    const v1::DescribeStoreImageTasksRequest& request, const Caller& caller, storage::ExportService& exports) {
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<ImageId>(request, request.image_ids(), "imageId"));
  ASSIGN_OR_RETURN(const std::vector<ExportTask> tasks, exports.ListStores(ids));
  std::vector<v1::StoreImageTaskResult> results;
  for (const ExportTask& task : tasks) {
    v1::StoreImageTaskResult& result = results.emplace_back();
    result.set_ami_id(task.image_id.text());
    result.set_task_start_time(gateway::RenderTime(task.created));
    result.set_bucket(task.bucket);
    result.set_s3object_key(task.object_key);
    result.set_progress_percentage(task.progress);
    result.set_store_task_state(StoreStateOf(task));
    if (result.store_task_state() == "Failed") {
      result.set_store_task_failure_reason(ShownReason(task.status_message, caller));
    }
  }
  // They have no id.
  const auto key = [](const v1::StoreImageTaskResult& each) {
    return absl::StrCat(each.task_start_time(), " ", each.bucket(), " ", each.s3object_key());
  };
  v1::DescribeStoreImageTasksResponse response;
  ASSIGN_OR_RETURN(results, gateway::FilteredPage("store-image-tasks", std::move(results), request, response, key));
  for (v1::StoreImageTaskResult& each : results) *response.add_store_image_task_results() = std::move(each);
  return response;
}

absl::StatusOr<v1::CreateRestoreImageTaskResponse> CreateRestoreImageTask(
    const v1::CreateRestoreImageTaskRequest& request, storage::ExportService& exports) {
  storage::RestoreRequest wanted{.place = {request.bucket(), request.object_key()}, .name = request.name(), .tags = {}};
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), ImageId::kKind));
  ASSIGN_OR_RETURN(const ImageId id, exports.Restore(wanted));
  v1::CreateRestoreImageTaskResponse response;
  response.set_image_id(id.text());
  return response;
}

}  // namespace

void AddExportActions(gateway::Actions& actions, storage::ExportService& exports, const Account& account) {
  actions.Add(ExportImage, exports);
  actions.Add(DescribeExportImageTasks, exports);
  actions.Add(CancelExportTask, exports);
  actions.Add(CreateStoreImageTask, exports);
  actions.Add(DescribeStoreImageTasks, exports);
  actions.Add(CreateRestoreImageTask, exports)
      .DescribedBy([&exports, account](const v1::CreateRestoreImageTaskRequest& request,
                                       AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const TagMap said, ParseTags(request.tag_specifications(), ImageId::kKind));
        if (!said.empty()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const TagMap tags, exports.StoredTags({request.bucket(), request.object_key()}));
        question.GiveTags(ArnOf(account, ImageId::kKind, "*"), tags);
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
