// Tags of the resources of every area. It knows none of them: each adds its kinds to the service.
#pragma once

#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/actions.h"
#include "lib/store/database.h"

namespace brume::tagging {

// What it is given outlives it, and it outlives the dispatcher. It has no threads to start.
class TaggingModule {
 public:
  explicit TaggingModule(store::Database& database) : tags_(database) {}

  void Register(gateway::Actions& actions);

  TagService& tags() { return tags_; }

 private:
  TagService tags_;
};

}  // namespace brume::tagging
