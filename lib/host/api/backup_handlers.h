// brume.host.v1.Backups: backups of the whole installation.
#pragma once

#include "lib/gateway/actions.h"
#include "lib/host/host_report.h"

namespace brume::host {

// What it is given outlives the dispatcher.
void AddBackupActions(gateway::Actions& actions, const BackupFunctions& functions);

}  // namespace brume::host
