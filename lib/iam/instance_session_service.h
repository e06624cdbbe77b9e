// Sessions of the roles that instances have by their instance profiles.
//
// Source of behaviour: "Retrieve security credentials from instance metadata" in the EC2 User Guide: good for six hours
// at most, and new ones are there at least five minutes before the old ones end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/model/session_instance.h"
#include "lib/iam/session.h"
#include "lib/resource/ids.h"

namespace brume::iam {

struct InstanceSession {
  SessionKey key;
  absl::Time made;
};

// Thread-safe. What was made is kept in memory alone: after a restart an instance gets another session, and the one it
// had is good until its end.
class InstanceSessionService {
 public:
  // Clock and box must outlive it.
  InstanceSessionService(const Clock& clock, const SecretBox& box, std::string account_id)
      : clock_(clock), box_(box), account_id_(std::move(account_id)) {}

  // The same one at each call, until an hour before its end: clients that look for a new one look a quarter of an hour
  // before. Nothing when the role's trust policy does not let EC2 take it on, which is asked when a session is made.
  absl::StatusOr<std::optional<InstanceSession>> Of(const SessionInstance& instance, const Identity& role);

 private:
  struct Kept {
    std::string role_id;
    InstanceSession session;
  };

  const Clock& clock_;
  const SecretBox& box_;
  const std::string account_id_;
  Mutex mutex_;
  // By instance and delivery.
  std::map<std::pair<InstanceId, std::string>, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::iam
