#include "lib/iam/api/identity_render.h"

#include "lib/gateway/time_text.h"
#include "lib/iam/api/url_encode.h"

namespace brume::iam {
namespace {

template <typename Rendered>
Rendered RenderCommon(const Identity& identity, const std::string& account_id) {
  Rendered rendered;
  rendered.set_path(identity.path);
  rendered.set_arn(IdentityArn(account_id, identity));
  rendered.set_create_date(gateway::RenderTime(identity.created));
  return rendered;
}

}  // namespace

v1::User RenderUser(const Identity& identity, const std::string& account_id) {
  auto user = RenderCommon<v1::User>(identity, account_id);
  user.set_user_name(identity.name);
  user.set_user_id(identity.id);
  return user;
}

v1::Group RenderGroup(const Identity& identity, const std::string& account_id) {
  auto group = RenderCommon<v1::Group>(identity, account_id);
  group.set_group_name(identity.name);
  group.set_group_id(identity.id);
  return group;
}

v1::Role RenderRole(const Identity& identity, const std::string& account_id) {
  auto role = RenderCommon<v1::Role>(identity, account_id);
  role.set_role_name(identity.name);
  role.set_role_id(identity.id);
  role.set_assume_role_policy_document(UrlEncode(identity.trust_policy));
  if (!identity.description.empty()) role.set_description(identity.description);
  role.set_max_session_duration(static_cast<int32_t>(identity.max_session_seconds));
  return role;
}

}  // namespace brume::iam
