// Which instance has which instance profile of IAM.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/base/random.h"
#include "lib/resource/ids.h"

namespace brume {

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
