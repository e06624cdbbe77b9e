#include "lib/iam/iam_tag_service.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/managed_policy.h"
#include "lib/iam/model/builtin_policies.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {

IamTagService::IamTagService(store::Database& database, std::string account_id, std::function<void()> on_change)
    : database_(database), account_id_(std::move(account_id)), on_change_(std::move(on_change)) {}

absl::StatusOr<std::string> IamTagService::OwnerOf(store::Connection& c, TaggedKind kind,
                                                   const std::string& name) const {
  if (kind == TaggedKind::kUser || kind == TaggedKind::kRole) {
    ASSIGN_OR_RETURN(const Identity identity,
                     Require(c, kind == TaggedKind::kUser ? IdentityKind::kUser : IdentityKind::kRole, name));
    return identity.id;
  }
  if (kind == TaggedKind::kPolicy) {
    ASSIGN_OR_RETURN(const ManagedPolicy policy, FindManagedPolicy(c, account_id_, name));
    return policy.id;
  }
  ASSIGN_OR_RETURN(const std::optional<InstanceProfile> found, InstanceProfileTable(c).Find(name));
  if (found.has_value()) return found->id;
  constexpr size_t kMaxShown = 200;
  return NoSuchEntity(
      absl::StrCat("Instance Profile ", absl::CHexEscape(name.substr(0, kMaxShown)), " cannot be found."));
}

absl::StatusOr<TagMap> IamTagService::Tags(TaggedKind kind, const std::string& name) {
  // AWS's own have none.
  if (kind == TaggedKind::kPolicy && FindBuiltinPolicy(name) != nullptr) return TagMap();
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<TagMap> {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(c, kind, name));
    return IamTagTable(c).Of(owner);
  });
}

absl::Status IamTagService::Tag(TaggedKind kind, const std::string& name, const TagMap& tags) {
  if (kind == TaggedKind::kPolicy && FindBuiltinPolicy(name) != nullptr) {
    return ec2::Error("InvalidInput", absl::StrCat(name, " is AWS's: it cannot be tagged"));
  }
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(c, kind, name));
    return IamTagTable(c).Set(owner, tags);
  }));
  if (on_change_) on_change_();
  return absl::OkStatus();
}

absl::Status IamTagService::Untag(TaggedKind kind, const std::string& name, const std::vector<std::string>& keys) {
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(c, kind, name));
    return IamTagTable(c).Delete(owner, keys);
  }));
  if (on_change_) on_change_();
  return absl::OkStatus();
}

}  // namespace brume::iam
