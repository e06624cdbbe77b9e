// The actions of permissions boundaries.
#pragma once

#include "lib/gateway/actions.h"

namespace brume::iam {

class IdentityService;

// Both must outlive the dispatcher.
void AddBoundaryActions(gateway::Actions& actions, IdentityService& identities);

// Tells policies the boundary that a call gives, as iam:PermissionsBoundary.
template <typename Request>
absl::Status DescribeBoundary(const Request& request, AccessQuestion& question) {
  if (!request.permissions_boundary().empty()) {
    question.context["iam:permissionsboundary"] = {request.permissions_boundary()};
  }
  return absl::OkStatus();
}

}  // namespace brume::iam
