#include "lib/ec2/storage/api/volume_modification_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/volume.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/volume_performance.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

// The numbers of a shape as DescribeVolumes shows them of a volume that has it.
Volume WithShape(const VolumeShape& shape) {
  Volume volume;
  SetShape(shape, volume);
  return volume;
}

v1::VolumeModification Render(const VolumeModification& modification) {
  v1::VolumeModification rendered;
  rendered.set_volume_id(modification.volume_id.text());
  rendered.set_modification_state(std::string(StateName(modification.state)));
  if (!modification.status_message.empty()) rendered.set_status_message(modification.status_message);
  const Volume target = WithShape(modification.target), original = WithShape(modification.original);
  rendered.set_target_size(static_cast<int>(target.size_gib));
  rendered.set_target_volume_type(std::string(kVolumeTypeNames.Of(target.type)));
  if (const auto iops = ShownIops(target)) rendered.set_target_iops(*iops);
  if (const auto throughput = ShownThroughput(target)) rendered.set_target_throughput(*throughput);
  rendered.set_target_multi_attach_enabled(false);
  rendered.set_original_size(static_cast<int>(original.size_gib));
  rendered.set_original_volume_type(std::string(kVolumeTypeNames.Of(original.type)));
  if (const auto iops = ShownIops(original)) rendered.set_original_iops(*iops);
  if (const auto throughput = ShownThroughput(original)) rendered.set_original_throughput(*throughput);
  rendered.set_original_multi_attach_enabled(false);
  rendered.set_progress(modification.state == ModificationState::kCompleted ? 100 : 0);
  rendered.set_start_time(gateway::RenderTime(modification.started));
  if (modification.ended.has_value()) rendered.set_end_time(gateway::RenderTime(*modification.ended));
  return rendered;
}

absl::StatusOr<v1::ModifyVolumeResponse> ModifyVolume(const v1::ModifyVolumeRequest& request,
                                                      storage::VolumeModificationService& modifications) {
  if (request.multi_attach_enabled()) {
    return ec2::Error("UnsupportedOperation",
                      "A volume is attached to one instance at most: multiAttachEnabled must be false");
  }
  ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
  storage::VolumeChange change;
  if (request.has_size()) change.size_gib = request.size();
  if (!request.volume_type().empty()) {
    ASSIGN_OR_RETURN(change.type, ParseVolumeType(request.volume_type()));
  }
  if (request.has_iops()) change.iops = request.iops();
  if (request.has_throughput()) change.throughput = request.throughput();
  ASSIGN_OR_RETURN(const VolumeModification modification, modifications.Modify(id, change));
  v1::ModifyVolumeResponse response;
  *response.mutable_volume_modification() = Render(modification);
  return response;
}

absl::StatusOr<v1::DescribeVolumesModificationsResponse> DescribeVolumesModifications(
    const v1::DescribeVolumesModificationsRequest& request, storage::VolumeModificationService& modifications) {
  static const gateway::Listing<v1::VolumeModification, v1::DescribeVolumesModificationsResponse> listing = {
      "volume modifications", &v1::VolumeModification::volume_id,
      &v1::DescribeVolumesModificationsResponse::mutable_volumes_modifications};
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<VolumeId>(request.volume_ids()));
  ASSIGN_OR_RETURN(const std::vector<VolumeModification> found, modifications.List(ids));
  std::vector<v1::VolumeModification> rendered;
  rendered.reserve(found.size());
  for (const VolumeModification& modification : found) rendered.push_back(Render(modification));
  return gateway::Answer(listing, request, std::move(rendered));
}

}  // namespace

void AddVolumeModificationActions(gateway::Actions& actions, storage::VolumeModificationService& modifications) {
  actions.Add(ModifyVolume, modifications);
  actions.Add(DescribeVolumesModifications, modifications);
}

}  // namespace brume::ec2
