#include "lib/ec2/compute/api/volume_attachment_handlers.h"

#include <string>

#include "brume/ec2/v1/volume.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

template <typename Message>
Message RenderAttachment(const Volume& volume) {
  Message rendered;
  rendered.set_attach_time(gateway::RenderTime(volume.attach_time));
  rendered.set_device(volume.device_name);
  rendered.set_instance_id(volume.instance_id.text());
  rendered.set_state(std::string(StateName(volume.attachment_state)));
  rendered.set_volume_id(volume.id.text());
  rendered.set_delete_on_termination(volume.delete_on_termination);
  rendered.set_ebs_card_index(0);
  return rendered;
}

absl::StatusOr<v1::AttachVolumeResponse> AttachVolume(const v1::AttachVolumeRequest& request,
                                                      compute::VolumeAttachmentService& attachments) {
  compute::AttachRequest wanted;
  ASSIGN_OR_RETURN(wanted.volume_id, VolumeId::Parse(request.volume_id()));
  ASSIGN_OR_RETURN(wanted.instance_id, InstanceId::Parse(request.instance_id()));
  wanted.device = request.device();
  ASSIGN_OR_RETURN(const Volume volume, attachments.Attach(wanted));
  return RenderAttachment<v1::AttachVolumeResponse>(volume);
}

absl::StatusOr<v1::DetachVolumeResponse> DetachVolume(const v1::DetachVolumeRequest& request,
                                                      compute::VolumeAttachmentService& attachments) {
  compute::DetachRequest wanted;
  ASSIGN_OR_RETURN(wanted.volume_id, VolumeId::Parse(request.volume_id()));
  ASSIGN_OR_RETURN(wanted.instance_id, gateway::ParseOptionalId<InstanceId>(request.instance_id()));
  wanted.device = request.device();
  wanted.force = request.force();
  ASSIGN_OR_RETURN(const Volume volume, attachments.Detach(wanted));
  return RenderAttachment<v1::DetachVolumeResponse>(volume);
}

}  // namespace

void AddVolumeAttachmentActions(gateway::Actions& actions, compute::VolumeAttachmentService& attachments,
                                const Settings& settings) {
  actions.Add(AttachVolume, attachments);
  // A call that does not name the instance is about it all the same.
  actions.Add(DetachVolume, attachments)
      .DescribedBy([&](const v1::DetachVolumeRequest& request, AccessQuestion& question) -> absl::Status {
        if (!request.instance_id().empty()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const VolumeId volume, VolumeId::Parse(request.volume_id()));
        ASSIGN_OR_RETURN(const std::optional<InstanceId> instance, attachments.InstanceOf(volume));
        if (instance.has_value()) question.AddResource(ArnOf(settings.account(), *instance));
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
