// The actions that give volumes to instances and take them away. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// AttachVolume, DetachVolume.
void AddVolumeAttachmentActions(gateway::Actions& actions, compute::VolumeAttachmentService& attachments,
                                const Settings& settings);

}  // namespace brume::ec2
