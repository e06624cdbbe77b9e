#include "lib/iam/authorizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/managed_policy.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

// Of sessions' policies, and of identities; beyond, all are read again.
constexpr size_t kMaxKept = 4096;

using Documents = std::vector<std::string>;

absl::Status AddOwn(store::Connection& connection, const std::string& account_id, const std::string& identity_id,
                    Documents& documents) {
  IdentityTable identities(connection);
  ASSIGN_OR_RETURN(auto own, identities.Inline(identity_id));
  for (auto& [name, document] : own) documents.push_back(std::move(document));
  ASSIGN_OR_RETURN(const std::vector<std::string> attached, identities.Attached(identity_id));
  for (const std::string& arn : attached) {
    ASSIGN_OR_RETURN(std::string document, DefaultDocument(connection, account_id, arn));
    documents.push_back(std::move(document));
  }
  return absl::OkStatus();
}

struct StoredGrants {
  Documents policies;
  std::optional<std::string> boundary;
  TagMap tags;
};

// Of an identity that is gone: nothing.
absl::StatusOr<StoredGrants> ReadGrants(store::Connection& connection, const std::string& account_id,
                                        const std::string& identity_id) {
  StoredGrants read;
  IdentityTable identities(connection);
  ASSIGN_OR_RETURN(read.tags, IamTagTable(connection).Of(identity_id));
  RETURN_IF_ERROR(AddOwn(connection, account_id, identity_id, read.policies));
  ASSIGN_OR_RETURN(const std::vector<Identity> groups, identities.GroupsOf(identity_id));
  for (const Identity& group : groups) RETURN_IF_ERROR(AddOwn(connection, account_id, group.id, read.policies));
  ASSIGN_OR_RETURN(const std::optional<Identity> identity, identities.FindById(identity_id));
  if (identity.has_value() && !identity->permissions_boundary.empty()) {
    ASSIGN_OR_RETURN(read.boundary, DefaultDocument(connection, account_id, identity->permissions_boundary));
  }
  return read;
}

// What judges a call; each must allow it.
enum class Judge { kIdentity, kBoundary, kSession, kEndpoint };
constexpr EnumNames kJudgeNames({std::pair{Judge::kIdentity, "identity-based policy"},
                                 {Judge::kBoundary, "permissions boundary"},
                                 {Judge::kSession, "session policy"},
                                 {Judge::kEndpoint, "VPC endpoint policy"}});

absl::Status Denied(Verdict verdict, Judge judge, const AccessQuestion& question, absl::string_view resource) {
  const absl::string_view by = kJudgeNames.Of(judge);
  if (verdict == Verdict::kDeny) {
    return absl::PermissionDeniedError(absl::StrCat("on resource: ", resource, " with an explicit deny in ",
                                                    judge == Judge::kIdentity ? "an " : "a ", by));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("on resource: ", resource, " because no ", by, " allows the ", question.action, " action"));
}

// The keys that hold for one resource: what the call says of it, then what is true of it.
absl::Status AddKeysOf(const std::string& resource, const AccessQuestion& question, AccessContext& context) {
  if (const auto said = question.resource_context.find(resource); said != question.resource_context.end()) {
    for (const auto& [key, values] : said->second) context[key] = values;
  }
  if (!question.facts) return absl::OkStatus();
  ASSIGN_OR_RETURN(AccessContext facts, question.facts(resource));
  context.merge(std::move(facts));
  return absl::OkStatus();
}

}  // namespace

Authorizer::Authorizer(store::Database& database, std::string account_id)
    : database_(database), account_id_(std::move(account_id)) {}

absl::StatusOr<std::shared_ptr<const Authorizer::Grants>> Authorizer::GrantsOf(const std::string& identity_id) {
  // Before the read: what changes after it makes the entry an old one.
  const uint64_t generation = generation_;
  {
    MutexLock lock(mutex_);
    const auto kept = kept_.find(identity_id);
    if (kept != kept_.end() && kept->second.generation == generation) return kept->second.grants;
  }
  ASSIGN_OR_RETURN(const StoredGrants read,
                   database_.ReadFor([&](store::Connection& c) { return ReadGrants(c, account_id_, identity_id); }));
  auto grants = std::make_shared<Grants>();
  grants->tags = read.tags;
  if (read.boundary.has_value()) {
    ASSIGN_OR_RETURN(grants->boundary, Policy::Parse(*read.boundary, PolicyKind::kIdentity, PolicyUse::kJudge));
  }
  for (const std::string& document : read.policies) {
    // They were read before they were kept; one that cannot be any more might have denied something.
    ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy,
                     Policy::Parse(document, PolicyKind::kIdentity, PolicyUse::kJudge));
    grants->policies.push_back(std::move(policy));
  }
  MutexLock lock(mutex_);
  if (kept_.size() >= kMaxKept) kept_.clear();
  kept_[identity_id] = {.generation = generation, .grants = grants};
  return grants;
}

absl::StatusOr<std::shared_ptr<const Policy>> Authorizer::KeptPolicy(const std::string& json, PolicyKind kind) {
  {
    MutexLock lock(mutex_);
    if (const auto kept = policies_.find(json); kept != policies_.end()) return kept->second;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, Policy::Parse(json, kind, PolicyUse::kJudge));
  MutexLock lock(mutex_);
  if (policies_.size() >= kMaxKept) policies_.clear();
  policies_[json] = policy;
  return policy;
}

absl::StatusOr<Authorizer::Policies> Authorizer::SessionPolicies(const Caller& caller) {
  Documents documents;
  if (!caller.session_policy.empty()) documents.push_back(caller.session_policy);
  for (const std::string& arn : caller.session_policy_arns) {
    absl::StatusOr<std::string> document =
        database_.ReadFor([&](store::Connection& c) { return DefaultDocument(c, account_id_, arn); });
    if (!document.ok() && ec2::HasErrorCode(document.status())) continue;
    RETURN_IF_ERROR(document.status());
    documents.push_back(*std::move(document));
  }
  Policies policies;
  for (const std::string& document : documents) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, KeptPolicy(document, PolicyKind::kIdentity));
    policies.push_back(std::move(policy));
  }
  return policies;
}

// Calls name users, groups, roles and instance profiles without the path that is part of their ARN.
absl::StatusOr<Authorizer::IamResource> Authorizer::Resolve(const std::string& arn) {
  const std::optional<Arn> parsed = Arn::Parse(arn);
  if (!parsed.has_value() || !parsed->IsOfIam() || parsed->account != account_id_) return IamResource{arn, ""};
  const auto parts = parsed->SplitResource();
  if (!parts.has_value()) return IamResource{arn, ""};
  const absl::string_view type = parts->first;
  // A call may give the whole ARN, with its path.
  const std::string name(parsed->name());
  const auto as_asked = [&](IamResource found) {
    const bool with_path = absl::StrContains(parts->second, '/');
    return with_path && found.arn != arn ? IamResource{arn, ""} : found;
  };
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<IamResource> {
    for (const IdentityKind kind : {IdentityKind::kUser, IdentityKind::kGroup, IdentityKind::kRole}) {
      if (type != IdentityNoun(kind)) continue;
      ASSIGN_OR_RETURN(const std::optional<Identity> found, IdentityTable(c).Find(kind, name));
      return found.has_value() ? as_asked({IdentityArn(account_id_, *found), found->id, found->permissions_boundary})
                               : IamResource{arn, ""};
    }
    if (type == "instance-profile") {
      ASSIGN_OR_RETURN(const std::optional<InstanceProfile> found, InstanceProfileTable(c).Find(name));
      if (!found.has_value()) return IamResource{arn, ""};
      return as_asked({IamArn(account_id_, type, found->path, found->name), found->id});
    }
    const absl::StatusOr<ManagedPolicy> policy = FindManagedPolicy(c, account_id_, arn);
    if (policy.ok()) return IamResource{arn, policy->id};
    return ec2::HasErrorCode(policy.status()) ? absl::StatusOr<IamResource>(IamResource{arn, ""}) : policy.status();
  });
}

// iam:ResourceTag/KEY, aws:ResourceTag/KEY, and iam:PermissionsBoundary where the call gives none.
absl::Status Authorizer::AddIamFacts(const IamResource& resource, AccessContext& context) {
  if (!resource.boundary.empty()) {
    context.insert({"iam:permissionsboundary", {resource.boundary}});
  }
  if (resource.id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const TagMap tags,
                   database_.ReadFor([&](store::Connection& c) { return IamTagTable(c).Of(resource.id); }));
  for (const char* family : {"aws:resourcetag/", "iam:resourcetag/"}) AddTagKeys(family, tags, context);
  return absl::OkStatus();
}

absl::Status Authorizer::Authorize(const Caller& caller, const AccessQuestion& question) {
  const bool role = !caller.role_id.empty();
  const std::string& identity = role ? caller.role_id : caller.principal_id;
  if (identity.empty()) return absl::PermissionDeniedError("because it is neither a user nor a role");
  ASSIGN_OR_RETURN(const std::shared_ptr<const Grants> grants, GrantsOf(identity));
  const Policies* const policies = &grants->policies;
  // They limit what those allow.
  std::vector<std::pair<Judge, Policies>> limits;
  if (grants->boundary != nullptr) limits.emplace_back(Judge::kBoundary, Policies{grants->boundary});
  if (role && (!caller.session_policy.empty() || !caller.session_policy_arns.empty())) {
    ASSIGN_OR_RETURN(Policies session, SessionPolicies(caller));
    limits.emplace_back(Judge::kSession, std::move(session));
  }
  const auto any_conditional = [](const Policies& judges) {
    return std::any_of(judges.begin(), judges.end(), [](const auto& policy) { return policy->conditional(); });
  };
  const bool needs_facts =
      any_conditional(*policies) ||
      std::any_of(limits.begin(), limits.end(), [&](const auto& limit) { return any_conditional(limit.second); });
  AccessContext of_call = question.context;
  AddPrincipalTags(caller, grants->tags, of_call);
  for (const std::string& named : question.resources) {
    ASSIGN_OR_RETURN(const IamResource resolved, Resolve(named));
    const std::string& resource = resolved.arn;
    AccessContext context = of_call;
    if (needs_facts) RETURN_IF_ERROR(AddKeysOf(named, question, context));
    if (needs_facts) RETURN_IF_ERROR(AddIamFacts(resolved, context));
    const Verdict verdict = JudgeAll(*policies, question.action, resource, context);
    if (verdict != Verdict::kAllow) return Denied(verdict, Judge::kIdentity, question, resource);
    for (const auto& [judge, limit] : limits) {
      const Verdict limited = JudgeAll(limit, question.action, resource, context);
      if (limited != Verdict::kAllow) return Denied(limited, judge, question, resource);
    }
  }
  return absl::OkStatus();
}

PolicyCaller Authorizer::NamesOf(const Caller& caller) const {
  PolicyCaller names{.arns = {}, .account_id = account_id_};
  names.arns.push_back(caller.arn.empty() ? Arn::Root(account_id_).text() : caller.arn);
  if (!caller.role_arn.empty()) names.arns.push_back(caller.role_arn);
  return names;
}

absl::Status Authorizer::AuthorizeByEndpoint(const Caller& caller, const std::string& endpoint_policy,
                                             const AccessQuestion& question) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policy> policy, KeptPolicy(endpoint_policy, PolicyKind::kEndpoint));
  const PolicyCaller names = NamesOf(caller);
  const std::string& identity = caller.role_id.empty() ? caller.principal_id : caller.role_id;
  AccessContext of_call = question.context;
  if (!caller.administrator && !identity.empty()) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Grants> grants, GrantsOf(identity));
    AddPrincipalTags(caller, grants->tags, of_call);
  }
  for (const std::string& named : question.resources) {
    ASSIGN_OR_RETURN(const IamResource resolved, Resolve(named));
    AccessContext context = of_call;
    if (policy->conditional()) RETURN_IF_ERROR(AddKeysOf(named, question, context));
    if (policy->conditional()) RETURN_IF_ERROR(AddIamFacts(resolved, context));
    const Verdict verdict = policy->JudgeFor(names, question.action, resolved.arn, context);
    if (verdict != Verdict::kAllow) return Denied(verdict, Judge::kEndpoint, question, resolved.arn);
  }
  return absl::OkStatus();
}

}  // namespace brume::iam
