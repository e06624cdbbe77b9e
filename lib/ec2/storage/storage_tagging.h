// Which resources of storage can be tagged.
#pragma once

#include "lib/ec2/tagging/tag_service.h"

namespace brume::storage {

// Images, imports, volumes and snapshots can be tagged.
void AddTaggableKinds(tagging::TagService& tags);

}  // namespace brume::storage
