// Handlers of AttachNetworkInterface and DetachNetworkInterface.
#pragma once

#include "lib/ec2/compute/interface_attachment_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// What they refer to must outlive the dispatcher.
void AddInterfaceAttachmentActions(gateway::Actions& actions, compute::InterfaceAttachmentService& attachments,
                                   const Settings& settings);

}  // namespace brume::ec2
