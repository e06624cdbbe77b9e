// IAM and STS as the daemon sees them: who there is, what each may do, and the keys that requests are signed with.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/gateway/actions.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/api/iam_services.h"
#include "lib/iam/authorizer.h"
#include "lib/iam/iam_tag_service.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/iam/instance_session_service.h"
#include "lib/iam/key_authenticator.h"
#include "lib/iam/managed_policy_service.h"
#include "lib/iam/session_service.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::iam {

// Thread-safe once it is loaded. It has no threads of its own.
class IamModule {
 public:
  // All must outlive the module.
  IamModule(store::Database& database, const Clock& clock, Random& random, const Settings& settings);

  // Opens the access keys, whose secrets are sealed by a key in `state_dir`, and makes root's where there is none:
  // STATE/credentials tells it. Once, before Register and before what is marked below.
  absl::Status Load(const std::string& state_dir);
  void Register(gateway::Actions& actions);

  Authorizer& authorizer() { return authorizer_; }
  IdentityService& identities() { return identities_; }
  InstanceProfileService& instance_profiles() { return instance_profiles_; }
  // After Load.
  Authenticator& authenticator() { return *authenticator_; }
  InstanceSessionService& instance_sessions() { return *instance_sessions_; }

 private:
  store::Database& database_;
  const Clock& clock_;
  const Settings& settings_;
  Authorizer authorizer_;
  IdentityService identities_;
  IamTagService tags_;
  ManagedPolicyService policies_;
  InstanceProfileService instance_profiles_;
  // Unset before Load.
  std::unique_ptr<AccessKeyService> access_keys_;
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<InstanceSessionService> instance_sessions_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<const IamServices> services_;
};

}  // namespace brume::iam
