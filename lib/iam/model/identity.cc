#include "lib/iam/model/identity.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/resource/arn.h"

namespace brume {
namespace {

constexpr EnumNames kNouns({std::pair{IdentityKind::kUser, "user"},
                            {IdentityKind::kGroup, "group"},
                            {IdentityKind::kRole, "role"}});

}  // namespace

absl::string_view IdentityNoun(IdentityKind kind) { return kNouns.Of(kind); }

std::string IamArn(absl::string_view account_id, absl::string_view type, absl::string_view path,
                   absl::string_view name) {
  return Arn::Global(account_id, "iam", absl::StrCat(type, path, name)).text();
}

std::string IdentityArn(absl::string_view account_id, const Identity& identity) {
  return IamArn(account_id, IdentityNoun(identity.kind), identity.path, identity.name);
}

std::string SessionArn(absl::string_view account_id, absl::string_view role_name, absl::string_view session_name) {
  return Arn::Global(account_id, "sts", absl::StrCat("assumed-role/", role_name, "/", session_name)).text();
}

}  // namespace brume
