#include "lib/ec2/storage/api/volume_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/volume.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

v1::Volume Render(const storage::VolumeView& view, const Settings& settings) {
  const Volume& volume = view.volume;
  v1::Volume rendered;
  if (!volume.instance_id.empty()) {
    v1::VolumeAttachment& attachment = *rendered.add_attachments();
    attachment.set_attach_time(gateway::RenderTime(volume.attach_time));
    attachment.set_device(volume.device_name);
    attachment.set_instance_id(volume.instance_id.text());
    attachment.set_state(std::string(StateName(volume.attachment_state)));
    attachment.set_volume_id(volume.id.text());
    attachment.set_delete_on_termination(volume.delete_on_termination);
  }
  rendered.set_availability_zone(volume.availability_zone);
  rendered.set_availability_zone_id(ZoneId(settings, volume.availability_zone));
  rendered.set_create_time(gateway::RenderTime(volume.created));
  rendered.set_encrypted(volume.encrypted);
  rendered.set_size(static_cast<int>(volume.size_gib));
  rendered.set_snapshot_id(volume.snapshot_id.text());
  rendered.set_state(std::string(StateName(volume.state)));
  rendered.set_volume_id(volume.id.text());
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_volume_type(volume.type);
  rendered.set_multi_attach_enabled(false);
  if (const std::optional<int> iops = ShownIops(volume)) rendered.set_iops(*iops);
  if (const std::optional<int> throughput = ShownThroughput(volume)) rendered.set_throughput(*throughput);
  return rendered;
}

absl::StatusOr<v1::DescribeVolumesResponse> DescribeVolumes(const v1::DescribeVolumesRequest& request,
                                                            storage::VolumeService& volumes, const Settings& settings) {
  static const gateway::Listing<v1::Volume, v1::DescribeVolumesResponse> listing = {
      "volumes", &v1::Volume::volume_id, &v1::DescribeVolumesResponse::mutable_volumes};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<VolumeId>(request, request.volume_ids(), "volumeId"));
  ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> views, volumes.List(ids));
  std::vector<v1::Volume> rendered;
  rendered.reserve(views.size());
  for (const storage::VolumeView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

}  // namespace

void AddVolumeActions(gateway::Actions& actions, storage::VolumeService& volumes, const Settings& settings) {
  actions.Add(DescribeVolumes, volumes, settings);
}

}  // namespace brume::ec2
