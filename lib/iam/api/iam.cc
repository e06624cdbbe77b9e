#include "lib/iam/api/iam.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

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

std::string UrlEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", absl::string_view(&c, 1))) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

absl::StatusOr<std::string> UserNameOf(const std::string& named, const Caller& caller) {
  const std::string& name = named.empty() ? caller.user_name : named;
  if (!name.empty() || caller.administrator) return name;
  return ec2::Error("ValidationError", "Must specify userName when calling with non-User credentials");
}

absl::StatusOr<std::string> ParseMarker(absl::string_view list, absl::string_view marker) {
  absl::StatusOr<std::string> position = gateway::ParseToken(list, marker);
  if (position.ok()) return position;
  return ec2::Error("ValidationError", "Invalid Marker: it must be one an earlier answer gave");
}

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
