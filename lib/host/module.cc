#include "lib/host/module.h"

#include "lib/host/api/backup_handlers.h"
#include "lib/host/api/event_handlers.h"
#include "lib/host/api/host_handlers.h"

namespace brume::host {

void HostModule::Register(gateway::Actions& actions) {
  AddHostActions(actions, functions_, settings_, statistics_);
  AddBackupActions(actions, functions_.backups);
  AddEventActions(actions, events_);
}

}  // namespace brume::host
