// The actions on tags. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// CreateTags, DeleteTags and DescribeTags.
void AddTagActions(gateway::Actions& actions, tagging::TagService& tags);

}  // namespace brume::ec2
