// Key pairs: made, imported, shown, deleted.
#pragma once

#include "lib/ec2/compute/key_pair_service.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddKeyPairActions(gateway::Actions& actions, compute::KeyPairService& key_pairs, const Account& account);

}  // namespace brume::ec2
