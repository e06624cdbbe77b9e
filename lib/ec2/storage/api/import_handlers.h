// The actions on imports. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/import_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// ImportImage, DescribeImportImageTasks and CancelImportTask.
void AddImportActions(gateway::Actions& actions, storage::ImportService& imports, const Settings& settings);

}  // namespace brume::ec2
