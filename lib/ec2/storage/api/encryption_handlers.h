// Actions about the encryption of volumes as such.
#pragma once

#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/actions.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Both must outlive the dispatcher.
void AddEncryptionActions(gateway::Actions& actions, storage::EncryptionService& encryption, const Settings& settings);

}  // namespace brume::ec2
