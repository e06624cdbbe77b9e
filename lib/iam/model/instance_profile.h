// What gives an instance a role.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lib/iam/model/identity.h"

namespace brume {

struct InstanceProfile {
  std::string id;    // "AIPA…"
  std::string name;  // no two differ in case alone
  std::string path = "/";
  std::optional<Identity> role;
  absl::Time created;
};

}  // namespace brume
