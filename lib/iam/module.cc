#include "lib/iam/module.h"

#include "lib/base/status_macros.h"
#include "lib/iam/api/iam_actions.h"

namespace brume::iam {

IamModule::IamModule(store::Database& database, const Clock& clock, Random& random, const Settings& settings)
    : database_(database),
      clock_(clock),
      settings_(settings),
      authorizer_(database, settings.account_id),
      identities_(database, clock, random, settings.account_id, [this] { authorizer_.Evict(); }),
      tags_(database, settings.account_id, [this] { authorizer_.Evict(); }),
      policies_(database, clock, random, settings.account_id, [this] { authorizer_.Evict(); }),
      instance_profiles_(database, clock, random, settings.account_id) {}

absl::Status IamModule::Load(const std::string& state_dir) {
  ASSIGN_OR_RETURN(access_keys_, AccessKeyService::Open(database_, clock_, state_dir));
  RETURN_IF_ERROR(access_keys_->EnsureRootKey(state_dir + "/credentials"));
  const std::string& account_id = settings_.account_id;
  sessions_ = std::make_unique<SessionService>(database_, clock_, access_keys_->box(), account_id);
  instance_sessions_ = std::make_unique<InstanceSessionService>(clock_, access_keys_->box(), account_id);
  authenticator_ = std::make_unique<KeyAuthenticator>(*access_keys_, database_, clock_, account_id);
  services_ = std::make_unique<const IamServices>(IamServices{.settings = settings_,
                                                              .clock = clock_,
                                                              .identities = identities_,
                                                              .tags = tags_,
                                                              .policies = policies_,
                                                              .access_keys = *access_keys_,
                                                              .instance_profiles = instance_profiles_,
                                                              .sessions = *sessions_});
  return absl::OkStatus();
}

void IamModule::Register(gateway::Actions& actions) { AddIamActions(actions, *services_); }

}  // namespace brume::iam
