#include "lib/ec2/compute/api/compute_actions.h"

#include "lib/ec2/compute/api/account_handlers.h"
#include "lib/ec2/compute/api/compute_facts.h"
#include "lib/ec2/compute/api/instance_attribute_handlers.h"
#include "lib/ec2/compute/api/instance_handlers.h"
#include "lib/ec2/compute/api/instance_option_handlers.h"
#include "lib/ec2/compute/api/instance_profile_association_handlers.h"
#include "lib/ec2/compute/api/instance_type_handlers.h"
#include "lib/ec2/compute/api/interface_attachment_handlers.h"
#include "lib/ec2/compute/api/key_pair_handlers.h"
#include "lib/ec2/compute/api/launch_template_handlers.h"
#include "lib/ec2/compute/api/root_replacement_handlers.h"
#include "lib/ec2/compute/api/volume_attachment_handlers.h"

namespace brume::ec2 {

void AddComputeActions(gateway::Actions& actions, const ComputeServices& services) {
  AddComputeFacts(actions.facts(), services);
  AddInstanceActions(actions, services);
  AddInstanceAttributeActions(actions, services.instances, services.settings);
  AddInstanceOptionActions(actions, services.instances);
  AddInstanceProfileAssociationActions(actions, services.profiles, services.profile_associations, services.settings);
  AddInstanceTypeActions(actions, services.types, services.settings);
  AddKeyPairActions(actions, services.key_pairs, services.settings.account());
  AddLaunchTemplateActions(actions, services.launch_templates, services.settings);
  AddAccountActions(actions, services.networks);
  AddRootReplacementActions(actions, services.root_replacements, services.instances, services.settings.account());
  AddInterfaceAttachmentActions(actions, services.interface_attachments, services.settings);
  AddVolumeAttachmentActions(actions, services.volume_attachments, services.settings);
}

}  // namespace brume::ec2
