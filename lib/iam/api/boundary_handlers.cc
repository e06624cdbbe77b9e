#include "lib/iam/api/boundary_handlers.h"

#include "brume/iam/v1/boundary.pb.h"
#include "lib/iam/identity_service.h"

namespace brume::iam {
namespace {

absl::Status PutUserPermissionsBoundary(const v1::PutUserPermissionsBoundaryRequest& request,
                                        IdentityService& identities) {
  return identities.SetBoundary(IdentityKind::kUser, request.user_name(), request.permissions_boundary());
}

absl::Status DeleteUserPermissionsBoundary(const v1::DeleteUserPermissionsBoundaryRequest& request,
                                           IdentityService& identities) {
  return identities.SetBoundary(IdentityKind::kUser, request.user_name(), "");
}

absl::Status PutRolePermissionsBoundary(const v1::PutRolePermissionsBoundaryRequest& request,
                                        IdentityService& identities) {
  return identities.SetBoundary(IdentityKind::kRole, request.role_name(), request.permissions_boundary());
}

absl::Status DeleteRolePermissionsBoundary(const v1::DeleteRolePermissionsBoundaryRequest& request,
                                           IdentityService& identities) {
  return identities.SetBoundary(IdentityKind::kRole, request.role_name(), "");
}

}  // namespace

void AddBoundaryActions(gateway::Actions& actions, IdentityService& identities) {
  const auto describe = [](const auto& request, AccessQuestion& question) {
    return DescribeBoundary(request, question);
  };
  actions.Add(PutUserPermissionsBoundary, identities).DescribedBy(describe);
  actions.Add(DeleteUserPermissionsBoundary, identities);
  actions.Add(PutRolePermissionsBoundary, identities).DescribedBy(describe);
  actions.Add(DeleteRolePermissionsBoundary, identities);
}

}  // namespace brume::iam
