// The actions on exports of images. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/export_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddExportActions(gateway::Actions& actions, storage::ExportService& exports);

}  // namespace brume::ec2
