// What gives an instance a role.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/iam/model/identity.h"
#include "lib/resource/ids.h"

namespace brume {

struct InstanceProfile {
  std::string id;    // "AIPA…"
  std::string name;  // no two differ in case alone
  std::string path = "/";
  std::optional<Identity> role;
  absl::Time created;
};

// An instance and the profile it has.
struct ProfileAssociation {
  std::string id;  // "iip-assoc-…"
  InstanceId instance_id;
  std::string profile_id;
  std::string profile_arn;  // as it was when the two were associated
  absl::Time associated;
};

inline std::string NewAssociationId(Random& random) { return "iip-assoc-" + random.Hex(17); }

}  // namespace brume
