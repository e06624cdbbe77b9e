// Users, groups and roles as IAM's answers show them.
#pragma once

#include <string>

#include "brume/iam/v1/group.pb.h"
#include "brume/iam/v1/role.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "lib/iam/model/identity.h"

namespace brume::iam {

v1::User RenderUser(const Identity& identity, const std::string& account_id);
v1::Group RenderGroup(const Identity& identity, const std::string& account_id);
v1::Role RenderRole(const Identity& identity, const std::string& account_id);

// Where something limits it; of a v1::User or v1::Role, and not in lists.
template <typename Rendered>
void RenderBoundary(const Identity& identity, Rendered& rendered) {
  if (identity.permissions_boundary.empty()) return;
  v1::AttachedPermissionsBoundary& boundary = *rendered.mutable_permissions_boundary();
  boundary.set_permissions_boundary_type("PermissionsBoundaryPolicy");
  boundary.set_permissions_boundary_arn(identity.permissions_boundary);
}

}  // namespace brume::iam
