#include "lib/iam/authorizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_table.h"
#include "lib/iam/instance_profile_table.h"
#include "lib/iam/managed_policy.h"
#include "lib/resource/arn.h"

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

// Of an identity that is gone: none.
absl::StatusOr<Documents> ReadDocuments(store::Connection& connection, const std::string& account_id,
                                        const std::string& identity_id) {
  Documents documents;
  RETURN_IF_ERROR(AddOwn(connection, account_id, identity_id, documents));
  ASSIGN_OR_RETURN(const std::vector<Identity> groups, IdentityTable(connection).GroupsOf(identity_id));
  for (const Identity& group : groups) RETURN_IF_ERROR(AddOwn(connection, account_id, group.id, documents));
  return documents;
}

absl::Status Denied(Verdict verdict, bool by_session, const AccessQuestion& question, absl::string_view resource) {
  if (verdict == Verdict::kDeny) {
    return absl::PermissionDeniedError(absl::StrCat("on resource: ", resource, " with an explicit deny in ",
                                                    by_session ? "a session" : "an identity-based", " policy"));
  }
  return absl::PermissionDeniedError(absl::StrCat("on resource: ", resource, " because no ",
                                                  by_session ? "session" : "identity-based", " policy allows the ",
                                                  question.action, " action"));
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

absl::StatusOr<std::shared_ptr<const Authorizer::Policies>> Authorizer::PoliciesOf(const std::string& identity_id) {
  // Before the read: what changes after it makes the entry an old one.
  const uint64_t generation = generation_;
  {
    MutexLock lock(mutex_);
    const auto kept = kept_.find(identity_id);
    if (kept != kept_.end() && kept->second.generation == generation) return kept->second.policies;
  }
  ASSIGN_OR_RETURN(const Documents documents,
                   database_.ReadFor([&](store::Connection& c) { return ReadDocuments(c, account_id_, identity_id); }));
  auto policies = std::make_shared<Policies>();
  for (const std::string& document : documents) {
    // They were read before they were kept; one that cannot be any more might have denied something.
    ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy,
                     Policy::Parse(document, PolicyKind::kIdentity, PolicyUse::kJudge));
    policies->push_back(std::move(policy));
  }
  MutexLock lock(mutex_);
  if (kept_.size() >= kMaxKept) kept_.clear();
  kept_[identity_id] = {.generation = generation, .policies = policies};
  return policies;
}

absl::StatusOr<std::shared_ptr<const Policy>> Authorizer::SessionPolicy(const std::string& json) {
  {
    MutexLock lock(mutex_);
    if (const auto kept = sessions_.find(json); kept != sessions_.end()) return kept->second;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, Policy::Parse(json, PolicyKind::kIdentity, PolicyUse::kJudge));
  MutexLock lock(mutex_);
  if (sessions_.size() >= kMaxKept) sessions_.clear();
  sessions_[json] = policy;
  return policy;
}

// Calls name users, groups, roles and instance profiles without the path that is part of their ARN.
absl::StatusOr<std::string> Authorizer::WithPath(const std::string& arn) {
  const std::optional<Arn> parsed = Arn::Parse(arn);
  if (!parsed.has_value() || !parsed->IsOfIam() || parsed->account != account_id_) return arn;
  absl::string_view rest = parsed->resource;
  for (const IdentityKind kind : {IdentityKind::kUser, IdentityKind::kGroup, IdentityKind::kRole}) {
    absl::string_view name = rest;
    if (!absl::ConsumePrefix(&name, absl::StrCat(IdentityNoun(kind), "/")) || name.find('/') != name.npos) continue;
    ASSIGN_OR_RETURN(const std::optional<Identity> found, database_.ReadFor([&](store::Connection& c) {
      return IdentityTable(c).Find(kind, std::string(name));
    }));
    return found.has_value() ? IdentityArn(account_id_, *found) : arn;
  }
  if (absl::ConsumePrefix(&rest, "instance-profile/") && rest.find('/') == rest.npos) {
    ASSIGN_OR_RETURN(const std::optional<InstanceProfile> found, database_.ReadFor([&](store::Connection& c) {
      return InstanceProfileTable(c).Find(std::string(rest));
    }));
    return found.has_value() ? IamArn(account_id_, "instance-profile", found->path, found->name) : arn;
  }
  return arn;
}

absl::Status Authorizer::Authorize(const Caller& caller, const AccessQuestion& question) {
  const bool role = !caller.role_id.empty();
  const std::string& identity = role ? caller.role_id : caller.principal_id;
  if (identity.empty()) return absl::PermissionDeniedError("because it is neither a user nor a role");
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policies> policies, PoliciesOf(identity));
  std::shared_ptr<const Policy> session;
  if (role && !caller.session_policy.empty()) {
    ASSIGN_OR_RETURN(session, SessionPolicy(caller.session_policy));
  }
  const auto conditional = [](const auto& policy) { return policy->conditional(); };
  const bool needs_facts =
      std::any_of(policies->begin(), policies->end(), conditional) || (session != nullptr && session->conditional());
  for (const std::string& named : question.resources) {
    ASSIGN_OR_RETURN(const std::string resource, WithPath(named));
    AccessContext context = question.context;
    if (needs_facts) RETURN_IF_ERROR(AddKeysOf(named, question, context));
    const Verdict verdict = JudgeAll(*policies, question.action, resource, context);
    if (verdict != Verdict::kAllow) return Denied(verdict, false, question, resource);
    if (session == nullptr) continue;
    const Verdict bound = session->Judge(question.action, resource, context);
    if (bound != Verdict::kAllow) return Denied(bound, true, question, resource);
  }
  return absl::OkStatus();
}

}  // namespace brume::iam
