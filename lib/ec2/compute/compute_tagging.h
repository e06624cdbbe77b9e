// Compute's kinds of resources that can be tagged.
#pragma once

#include "lib/ec2/tagging/tag_service.h"

namespace brume::compute {

// Instances, key pairs and launch templates can be tagged.
void AddTaggableKinds(tagging::TagService& tags);

}  // namespace brume::compute
