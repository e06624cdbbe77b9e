// What the actions of IAM and STS are served from.
#pragma once

#include "lib/base/clock.h"
#include "lib/resource/settings.h"

namespace brume::iam {

class AccessKeyService;
class IamTagService;
class IdentityService;
class InstanceProfileService;
class ManagedPolicyService;
class SessionService;

// All are thread-safe.
struct IamServices {
  const Settings& settings;
  const Clock& clock;
  IdentityService& identities;
  IamTagService& tags;
  ManagedPolicyService& policies;
  AccessKeyService& access_keys;
  InstanceProfileService& instance_profiles;
  SessionService& sessions;
};

}  // namespace brume::iam
