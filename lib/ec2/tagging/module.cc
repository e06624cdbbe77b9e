#include "lib/ec2/tagging/module.h"

#include "lib/ec2/tagging/api/tag_facts.h"
#include "lib/ec2/tagging/api/tag_handlers.h"

namespace brume::tagging {

void TaggingModule::Register(gateway::Actions& actions) {
  ec2::AddTagActions(actions, tags_);
  ec2::AddTagFacts(actions.facts(), tags_);
}

}  // namespace brume::tagging
