// The actions of compute, and what they work with.
#pragma once

#include "lib/ec2/compute/console_service.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/interface_attachment_service.h"
#include "lib/ec2/compute/key_pair_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/profile_association_service.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/gateway/actions.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// All that it refers to must outlive the dispatcher.
struct ComputeServices {
  const Settings& settings;
  const InstanceTypeTable& types;
  compute::InstanceService& instances;
  compute::ConsoleService& consoles;
  compute::KeyPairService& key_pairs;
  compute::LaunchTemplateService& launch_templates;
  compute::LaunchService& launches;
  const compute::StatusOfInstance& status_of;
  iam::InstanceProfileService& profiles;
  compute::ProfileAssociationService& profile_associations;
  network::NetworkService& networks;
  storage::ImageNameService& image_names;
  compute::VolumeAttachmentService& volume_attachments;
  compute::InterfaceAttachmentService& interface_attachments;
  compute::RootReplacementService& root_replacements;
};

void AddComputeActions(gateway::Actions& actions, const ComputeServices& services);

}  // namespace brume::ec2
