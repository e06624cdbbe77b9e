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

}  // namespace brume::iam
