// The key pair and the security group `brume launch` launches with.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/rpc_client.h"
#include "lib/base/undo.h"

namespace brume::cli {

struct LaunchKey {
  std::string name;
  std::string file;  // its private key; empty = not here
  bool created = false;
};

// The key pair `wanted`. Empty: the only one, or of several the only one whose private key is here; where there is
// none, one is created and saved for its owner alone; a file of the same name that holds a key already is imported.
// Nothing is created when the file cannot be written. `undo` gets what takes back what was created.
absl::StatusOr<LaunchKey> KeyToLaunchWith(Client& client, const std::string& wanted, Undo* undo);

// The id of the group "brume-launch" of the default VPC, which lets in SSH; made where it is not there.
absl::StatusOr<std::string> GroupToLaunchInto(Client& client, Undo* undo);

}  // namespace brume::cli
