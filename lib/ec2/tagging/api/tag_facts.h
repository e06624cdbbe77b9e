// The tags of resources, as policies ask about them.
#pragma once

#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/resource_facts.h"

namespace brume::ec2 {

// Of all kinds that can be tagged but key pairs, whose ARNs have names: compute answers for those.
void AddTagFacts(gateway::ResourceFacts& facts, tagging::TagService& tags);

}  // namespace brume::ec2
