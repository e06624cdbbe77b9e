#include "lib/ec2/compute/api/root_replacement_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/root_volume.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

v1::ReplaceRootVolumeTask Render(const compute::RootReplacementView& view) {
  const RootReplacement& task = view.task;
  v1::ReplaceRootVolumeTask rendered;
  rendered.set_replace_root_volume_task_id(task.id.text());
  rendered.set_instance_id(task.instance_id.text());
  rendered.set_task_state(std::string(StateName(task.state)));
  rendered.set_start_time(gateway::RenderTime(task.started));
  if (task.completed.has_value()) rendered.set_complete_time(gateway::RenderTime(*task.completed));
  *rendered.mutable_tags() = RenderTags(view.tags);
  if (!task.image_id.empty()) rendered.set_image_id(task.image_id.text());
  if (!task.snapshot_id.empty()) rendered.set_snapshot_id(task.snapshot_id.text());
  rendered.set_delete_replaced_root_volume(task.delete_replaced);
  return rendered;
}

absl::StatusOr<v1::CreateReplaceRootVolumeTaskResponse> CreateReplaceRootVolumeTask(
    const v1::CreateReplaceRootVolumeTaskRequest& request, compute::RootReplacementService& replacements) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  compute::RootReplacementRequest wanted;
  wanted.delete_replaced = request.delete_replaced_root_volume();
  if (request.has_volume_initialization_rate()) {
    wanted.initialization_rate = static_cast<int>(request.volume_initialization_rate());
  }
  wanted.client_token = request.client_token();
  wanted.parameters_digest = gateway::ParametersDigest(request);
  ASSIGN_OR_RETURN(wanted.instance_id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(wanted.snapshot_id, gateway::ParseOptionalId<SnapshotId>(request.snapshot_id()));
  ASSIGN_OR_RETURN(wanted.image_id, gateway::ParseOptionalId<ImageId>(request.image_id()));
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), ReplaceRootVolumeTaskId::kKind));
  ASSIGN_OR_RETURN(const compute::RootReplacementView view, replacements.Create(wanted));
  v1::CreateReplaceRootVolumeTaskResponse response;
  *response.mutable_replace_root_volume_task() = Render(view);
  return response;
}

absl::StatusOr<v1::DescribeReplaceRootVolumeTasksResponse> DescribeReplaceRootVolumeTasks(
    const v1::DescribeReplaceRootVolumeTasksRequest& request, compute::RootReplacementService& replacements) {
  static const gateway::Listing<v1::ReplaceRootVolumeTask, v1::DescribeReplaceRootVolumeTasksResponse> listing = {
      "replace-root-volume-tasks", &v1::ReplaceRootVolumeTask::replace_root_volume_task_id,
      &v1::DescribeReplaceRootVolumeTasksResponse::mutable_replace_root_volume_tasks};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<ReplaceRootVolumeTaskId>(
                                       request, request.replace_root_volume_task_ids(), "replaceRootVolumeTaskId"));
  ASSIGN_OR_RETURN(const std::vector<compute::RootReplacementView> views,
                   replacements.List(ids, TagsAskedFor(request.filters(), ReplaceRootVolumeTaskId::kKind.prefix)));
  std::vector<v1::ReplaceRootVolumeTask> tasks;
  tasks.reserve(views.size());
  for (const compute::RootReplacementView& view : views) tasks.push_back(Render(view));
  return gateway::Answer(listing, request, std::move(tasks));
}

}  // namespace

void AddRootReplacementActions(gateway::Actions& actions, compute::RootReplacementService& replacements,
                               compute::InstanceService& instances, const Account& account) {
  // It is about the volume that is replaced, too.
  actions.Add(CreateReplaceRootVolumeTask, replacements)
      .DescribedBy([&instances, account](const v1::CreateReplaceRootVolumeTaskRequest& request,
                                         AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
        ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
        for (const Volume& volume : view.volumes) {
          if (volume.device_name == view.instance.root_device_name) question.AddResource(ArnOf(account, volume.id));
        }
        return absl::OkStatus();
      });
  actions.Add(DescribeReplaceRootVolumeTasks, replacements);
}

}  // namespace brume::ec2
