#include "lib/iam/api/iam_actions.h"

#include "lib/iam/api/access_key_handlers.h"
#include "lib/iam/api/attachment_handlers.h"
#include "lib/iam/api/boundary_handlers.h"
#include "lib/iam/api/iam_tag_handlers.h"
#include "lib/iam/api/identity_handlers.h"
#include "lib/iam/api/instance_profile_handlers.h"
#include "lib/iam/api/policy_handlers.h"
#include "lib/iam/api/sts_handlers.h"
#include "lib/iam/api/user_credential_handlers.h"

namespace brume::iam {

void AddIamActions(gateway::Actions& actions, const IamServices& services) {
  AddIdentityActions(actions, services.identities, services.tags);
  AddIamTagActions(actions, services.tags);
  AddUserCredentialActions(actions, services.identities);
  AddAccessKeyActions(actions, services.access_keys, services.identities);
  AddAttachmentActions(actions, services.identities);
  AddBoundaryActions(actions, services.identities);
  AddInstanceProfileActions(actions, services.instance_profiles, services.identities, services.tags);
  AddPolicyActions(actions, services.policies, services.tags);
  AddStsActions(actions, services);
}

}  // namespace brume::iam
