// What a guest is told of the role that its instance profile gives it. Who makes it is the daemon's to say: it is
// identity's, which metadata does not know.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/model/session_instance.h"

namespace brume::imds {

// Never logged.
struct RoleCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string token;
  absl::Time updated;
  absl::Time expires;
};

// The instance's credentials of the role; nothing when the role does not let EC2 take it on. Thread-safe.
using RoleCredentialsSource = std::function<absl::StatusOr<std::optional<RoleCredentials>>(
    const SessionInstance& instance, const Identity& role)>;

}  // namespace brume::imds
