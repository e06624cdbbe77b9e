// The actions on exports of images. What is given outlives the dispatcher.
#pragma once

#include "lib/ec2/storage/export_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/account.h"

namespace brume::ec2 {

void AddExportActions(gateway::Actions& actions, storage::ExportService& exports, const Account& account);

}  // namespace brume::ec2
