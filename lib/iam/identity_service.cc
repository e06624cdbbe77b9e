#include "lib/iam/identity_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/managed_policy.h"
#include "lib/iam/model/builtin_policies.h"
#include "lib/iam/tables/access_key_table.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "lib/iam/trusted_principals.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxTrustPolicy = 2048;
constexpr size_t kMaxAttached = 10;
constexpr size_t kMaxGroupsOfUser = 10;

constexpr EnumNames kIdPrefixes({std::pair{IdentityKind::kUser, "AIDA"},
                                 {IdentityKind::kGroup, "AGPA"},
                                 {IdentityKind::kRole, "AROA"}});
constexpr EnumNames kNameParameters({std::pair{IdentityKind::kUser, "userName"},
                                     {IdentityKind::kGroup, "groupName"},
                                     {IdentityKind::kRole, "roleName"}});

// Of all inline policies of one identity together.
size_t MaxInlineSize(IdentityKind kind) {
  constexpr size_t kUser = 2048, kGroup = 5120, kRole = 10240;
  return kind == IdentityKind::kUser ? kUser : kind == IdentityKind::kGroup ? kGroup : kRole;
}

absl::Status AlreadyExists(IdentityKind kind, const std::string& name) {
  std::string noun(IdentityNoun(kind));
  noun.front() = absl::ascii_toupper(noun.front());
  return ec2::Error(ec2::kEntityExists, noun, name);
}

absl::Status DeleteConflict(absl::string_view what) {
  return ec2::Error("DeleteConflict", absl::StrCat("Cannot delete entity, must ", what, " first."));
}

absl::Status CheckTrust(const std::string& document) {
  return CheckDocument(document, PolicyKind::kTrust, PolicySize(document), kMaxTrustPolicy);
}

absl::Status NoSuchInline(const Identity& identity, const std::string& policy) {
  return NoSuchEntity(absl::StrCat("The ", IdentityNoun(identity.kind), " policy with name ", policy.substr(0, 128),
                                   " cannot be found."));
}

}  // namespace

IdentityService::IdentityService(store::Database& database, const Clock& clock, Random& random, std::string account_id,
                                 std::function<void()> on_change)
    : database_(database),
      clock_(clock),
      random_(random),
      account_id_(std::move(account_id)),
      on_change_(std::move(on_change)) {}

absl::Status IdentityService::Write(const std::function<absl::Status(store::Connection&)>& change) {
  RETURN_IF_ERROR(database_.Write(change));
  if (on_change_) on_change_();
  return absl::OkStatus();
}

absl::Status IdentityService::CheckBoundary(store::Connection& c, const std::string& policy_arn) const {
  if (policy_arn.empty() || FindBuiltinPolicy(policy_arn) != nullptr) return absl::OkStatus();
  const absl::Status found = FindManagedPolicy(c, account_id_, policy_arn).status();
  if (!absl::IsNotFound(found)) return found;
  return NoSuchEntity(absl::StrCat("Scope ARN: ", policy_arn.substr(0, 200), " does not exist or is not attachable."));
}

absl::StatusOr<Identity> IdentityService::Create(Identity draft, const TagMap& tags) {
  RETURN_IF_ERROR(CheckName(kNameParameters.Of(draft.kind), draft.name, MaxNameLength(draft.kind)));
  RETURN_IF_ERROR(CheckPath(draft.path));
  if (draft.kind == IdentityKind::kRole) {
    RETURN_IF_ERROR(CheckSessionSeconds(draft.max_session_seconds));
    RETURN_IF_ERROR(CheckTrust(draft.trust_policy));
  }
  draft.id = NewIamId(kIdPrefixes.Of(draft.kind), random_);
  draft.created = clock_.Now();
  RETURN_IF_ERROR(Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(CheckBoundary(c, draft.permissions_boundary));
    // A role is not there yet for its own policy to name.
    const bool role = draft.kind == IdentityKind::kRole;
    if (role) RETURN_IF_ERROR(TrustedPrincipals(c, account_id_).Check(draft.trust_policy));
    const absl::Status inserted = IdentityTable(c).Insert(draft);
    if (absl::IsAlreadyExists(inserted)) return AlreadyExists(draft.kind, draft.name);
    RETURN_IF_ERROR(inserted);
    if (role) RETURN_IF_ERROR(TrustedPrincipals(c, account_id_).Keep(draft));
    return IamTagTable(c).Set(draft.id, tags);
  }));
  return draft;
}

absl::StatusOr<Identity> IdentityService::Get(IdentityKind kind, const std::string& name) {
  return database_.ReadFor([&](store::Connection& c) { return Require(c, kind, name); });
}

absl::Status IdentityService::Become(const std::string& user, Caller& caller) {
  ASSIGN_OR_RETURN(const std::optional<Identity> found, database_.ReadFor([&](store::Connection& c) {
    return IdentityTable(c).Find(IdentityKind::kUser, user);
  }));
  if (!found.has_value()) return ec2::Error("AuthFailure", "The client's certificate names nobody who is a user here");
  ActAs(caller, account_id_, *found);
  return absl::OkStatus();
}

absl::StatusOr<Identity> IdentityService::GetById(const std::string& user_id) {
  return database_.ReadFor([&](store::Connection& c) { return RequireUser(c, user_id); });
}

absl::StatusOr<std::vector<Identity>> IdentityService::List(IdentityKind kind, const std::string& path_prefix) {
  return database_.ReadFor([&](store::Connection& c) { return IdentityTable(c).List(kind, path_prefix); });
}

absl::Status IdentityService::Update(IdentityKind kind, const std::string& name, const IdentityChange& change) {
  if (change.name.has_value()) RETURN_IF_ERROR(CheckName(kNameParameters.Of(kind), *change.name, MaxNameLength(kind)));
  if (change.path.has_value()) RETURN_IF_ERROR(CheckPath(*change.path));
  if (change.trust_policy.has_value()) RETURN_IF_ERROR(CheckTrust(*change.trust_policy));
  if (change.max_session_seconds.has_value()) RETURN_IF_ERROR(CheckSessionSeconds(*change.max_session_seconds));
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(Identity identity, Require(c, kind, name));
    const Identity before = identity;
    identity.name = change.name.value_or(identity.name);
    identity.path = change.path.value_or(identity.path);
    identity.description = change.description.value_or(identity.description);
    identity.trust_policy = change.trust_policy.value_or(identity.trust_policy);
    identity.max_session_seconds = change.max_session_seconds.value_or(identity.max_session_seconds);
    const absl::Status updated = IdentityTable(c).Update(identity);
    if (absl::IsAlreadyExists(updated)) return AlreadyExists(kind, identity.name);
    RETURN_IF_ERROR(updated);
    if (change.trust_policy.has_value()) RETURN_IF_ERROR(TrustedPrincipals(c, account_id_).Keep(identity));
    return TrustedPrincipals(c, account_id_).Renamed(before, identity);
  });
}

absl::Status IdentityService::Delete(IdentityKind kind, const std::string& name) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    ASSIGN_OR_RETURN(const bool has_keys, AccessKeyTable(c).HasAny(identity.id));
    if (has_keys) return DeleteConflict("delete access keys");
    IdentityTable identities(c);
    ASSIGN_OR_RETURN(const auto policies, identities.Inline(identity.id));
    if (!policies.empty()) return DeleteConflict("delete policies");
    ASSIGN_OR_RETURN(const auto attached, identities.Attached(identity.id));
    if (!attached.empty()) return DeleteConflict("detach all policies");
    ASSIGN_OR_RETURN(const auto groups, identities.GroupsOf(identity.id));
    ASSIGN_OR_RETURN(const auto members, identities.MembersOf(identity.id));
    if (!groups.empty() || !members.empty()) return DeleteConflict("remove users from group");
    ASSIGN_OR_RETURN(const auto profiles, InstanceProfileTable(c).ListOfRole(identity.id));
    if (!profiles.empty()) return DeleteConflict("remove roles from instance profile");
    RETURN_IF_ERROR(IamTagTable(c).DeleteAll(identity.id));
    RETURN_IF_ERROR(TrustedPrincipals(c, account_id_).Gone(identity));
    return identities.Delete(identity.id);
  });
}

absl::Status IdentityService::SetBoundary(IdentityKind kind, const std::string& name, const std::string& policy_arn) {
  return Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(CheckBoundary(c, policy_arn));
    ASSIGN_OR_RETURN(Identity identity, Require(c, kind, name));
    identity.permissions_boundary = policy_arn;
    return IdentityTable(c).Update(identity);
  });
}

absl::Status IdentityService::AddMember(const std::string& group, const std::string& user) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity to, Require(c, IdentityKind::kGroup, group));
    ASSIGN_OR_RETURN(const Identity member, Require(c, IdentityKind::kUser, user));
    IdentityTable identities(c);
    ASSIGN_OR_RETURN(const auto groups, identities.GroupsOf(member.id));
    const bool in_it = std::any_of(groups.begin(), groups.end(), [&](const Identity& g) { return g.id == to.id; });
    if (!in_it && groups.size() >= kMaxGroupsOfUser) {
      return ec2::Error("LimitExceeded", absl::StrCat("Cannot exceed quota for GroupsPerUser: ", kMaxGroupsOfUser));
    }
    return identities.AddMember(to.id, member.id);
  });
}

absl::Status IdentityService::RemoveMember(const std::string& group, const std::string& user) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity from, Require(c, IdentityKind::kGroup, group));
    ASSIGN_OR_RETURN(const Identity member, Require(c, IdentityKind::kUser, user));
    ASSIGN_OR_RETURN(const bool was, IdentityTable(c).RemoveMember(from.id, member.id));
    return was ? absl::OkStatus() : NoSuchEntity(absl::StrCat("User ", user, " is not in group ", group, "."));
  });
}

absl::StatusOr<std::vector<Identity>> IdentityService::GroupsOf(const std::string& user) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<Identity>> {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, IdentityKind::kUser, user));
    return IdentityTable(c).GroupsOf(identity.id);
  });
}

absl::StatusOr<std::vector<Identity>> IdentityService::MembersOf(const std::string& group) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<Identity>> {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, IdentityKind::kGroup, group));
    return IdentityTable(c).MembersOf(identity.id);
  });
}

absl::Status IdentityService::PutInline(IdentityKind kind, const std::string& name, const std::string& policy,
                                        const std::string& document) {
  constexpr size_t kMaxPolicyNameLength = 128;
  RETURN_IF_ERROR(CheckName("policyName", policy, kMaxPolicyNameLength));
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    IdentityTable identities(c);
    ASSIGN_OR_RETURN(const auto present, identities.Inline(identity.id));
    size_t size = PolicySize(document);
    for (const auto& [other, text] : present) size += other == policy ? 0 : PolicySize(text);
    RETURN_IF_ERROR(CheckDocument(document, PolicyKind::kIdentity, size, MaxInlineSize(kind)));
    return identities.PutInline(identity.id, policy, document);
  });
}

absl::Status IdentityService::DeleteInline(IdentityKind kind, const std::string& name, const std::string& policy) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    ASSIGN_OR_RETURN(const bool was, IdentityTable(c).DeleteInline(identity.id, policy));
    return was ? absl::OkStatus() : NoSuchInline(identity, policy);
  });
}

absl::StatusOr<std::map<std::string, std::string>> IdentityService::Inline(IdentityKind kind, const std::string& name) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::map<std::string, std::string>> {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    return IdentityTable(c).Inline(identity.id);
  });
}

absl::StatusOr<std::string> IdentityService::GetInline(IdentityKind kind, const std::string& name,
                                                       const std::string& policy) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    ASSIGN_OR_RETURN(const auto policies, IdentityTable(c).Inline(identity.id));
    const auto found = policies.find(policy);
    if (found == policies.end()) return NoSuchInline(identity, policy);
    return found->second;
  });
}

absl::Status IdentityService::Attach(IdentityKind kind, const std::string& name, const std::string& policy_arn) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    if (FindBuiltinPolicy(policy_arn) == nullptr) {
      RETURN_IF_ERROR(FindManagedPolicy(c, account_id_, policy_arn).status());
    }
    IdentityTable identities(c);
    ASSIGN_OR_RETURN(const auto attached, identities.Attached(identity.id));
    const bool there = std::find(attached.begin(), attached.end(), policy_arn) != attached.end();
    if (!there && attached.size() >= kMaxAttached) {
      return ec2::Error("LimitExceeded", absl::StrCat("Cannot exceed quota for PoliciesPer",
                                                      kind == IdentityKind::kUser    ? "User"
                                                      : kind == IdentityKind::kGroup ? "Group"
                                                                                     : "Role",
                                                      ": ", kMaxAttached));
    }
    return identities.Attach(identity.id, policy_arn);
  });
}

absl::Status IdentityService::Detach(IdentityKind kind, const std::string& name, const std::string& policy_arn) {
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    ASSIGN_OR_RETURN(const bool was, IdentityTable(c).Detach(identity.id, policy_arn));
    return was ? absl::OkStatus() : NoSuchEntity(absl::StrCat("Policy ", policy_arn.substr(0, 200), " was not found."));
  });
}

absl::StatusOr<std::vector<std::string>> IdentityService::Attached(IdentityKind kind, const std::string& name) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const Identity identity, Require(c, kind, name));
    return IdentityTable(c).Attached(identity.id);
  });
}

}  // namespace brume::iam
