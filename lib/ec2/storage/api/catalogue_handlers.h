// The action of host.v1.ImageCatalogue.
#pragma once

#include "lib/ec2/storage/image_name_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

// The service must outlive the dispatcher.
void AddCatalogueActions(gateway::Actions& actions, storage::ImageNameService& names);

}  // namespace brume::ec2
