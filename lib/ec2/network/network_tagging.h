// Which resources of the network can be tagged.
#pragma once

#include "lib/ec2/tagging/tag_service.h"

namespace brume::network {

// VPCs, subnets, interfaces, security groups and their rules can be tagged.
void AddTaggableKinds(tagging::TagService& tags);

}  // namespace brume::network
