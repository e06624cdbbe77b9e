#include "lib/iam/session_service.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/key_text.h"
#include "lib/iam/managed_policy.h"
#include "lib/iam/model/policy.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/iam/trusted_principals.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr int64_t kMinSeconds = 900;
constexpr int64_t kMaxSeconds = 43'200;
constexpr int64_t kDefaultSeconds = 3600;
// Of a role that was taken on by a role.
constexpr int64_t kMaxChainedSeconds = 3600;
constexpr int64_t kMaxTokenSeconds = 129'600;
constexpr int64_t kDefaultTokenSeconds = 43'200;
constexpr int64_t kMaxRootSeconds = 3600;
// Room for the inline policy and the ARNs of the managed ones, and for tags: a token is sent with every call.
constexpr size_t kMaxPolicy = 2048;
constexpr size_t kMaxTags = 4096;

absl::Status CheckText(absl::string_view name, absl::string_view value, size_t max_length,
                       absl::string_view punctuation) {
  const bool good =
      value.size() >= 2 && value.size() <= max_length && std::all_of(value.begin(), value.end(), [&](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(punctuation, c);
      });
  if (good) return absl::OkStatus();
  return Invalid(absl::StrCat("The value of ", name, " must be 2 to ", max_length,
                              " letters, digits and characters of ", punctuation));
}

absl::Status CheckSeconds(int64_t seconds, int64_t max_seconds) {
  if (seconds >= kMinSeconds && seconds <= max_seconds) return absl::OkStatus();
  return Invalid(absl::StrCat("1 validation error detected: Value '", seconds,
                              "' at 'durationSeconds' failed to satisfy constraint: Member must have value from ",
                              kMinSeconds, " to ", max_seconds));
}

std::string Folded(absl::string_view key) { return absl::AsciiStrToLower(key); }

bool Holds(const std::vector<std::string>& keys, absl::string_view key) {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& each) { return Folded(each) == Folded(key); });
}

// Sources: "AssumeRole" in the AWS STS API Reference and "Passing session tags in AWS STS" in the IAM User Guide.
absl::Status CheckTagsOf(const AssumeRoleWish& wish) {
  std::set<std::string> seen;
  for (const auto& [key, value] : wish.tags) {
    if (const absl::Status checked = CheckTag(key, value); !checked.ok()) return Invalid(checked.message());
    if (!seen.insert(Folded(key)).second) {
      return Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
  }
  for (const std::string& key : wish.transitive_tag_keys) {
    if (seen.contains(Folded(key))) continue;
    return Invalid(
        absl::StrCat("The specified transitive tag key '", key, "' must be included in the requested tags."));
  }
  return absl::OkStatus();
}

// What the session is, after what the wish and the caller's own session say.
absl::StatusOr<Session> Inherit(const Caller& caller, const AssumeRoleWish& wish) {
  Session session{.name = wish.session_name,
                  .policy = wish.policy,
                  .policy_arns = wish.policy_arns,
                  .tags = wish.tags,
                  .transitive_tag_keys = wish.transitive_tag_keys,
                  .source_identity = wish.source_identity};
  for (const std::string& key : caller.transitive_tag_keys) {
    for (const auto& [given, value] : wish.tags) {
      if (Folded(given) != Folded(key)) continue;
      return Invalid(
          absl::StrCat("The tag key '", given, "' can't be set: it is a transitive tag of the calling session"));
    }
    for (const auto& [inherited, value] : caller.session_tags) {
      if (Folded(inherited) == Folded(key)) session.tags[inherited] = value;
    }
    if (!Holds(session.transitive_tag_keys, key)) session.transitive_tag_keys.push_back(key);
  }
  if (caller.source_identity.empty()) return session;
  if (!wish.source_identity.empty() && wish.source_identity != caller.source_identity) {
    return Invalid(
        absl::StrCat("The source identity of this session is ", caller.source_identity, " and cannot be changed"));
  }
  session.source_identity = caller.source_identity;
  return session;
}

// Error: PackedPolicyTooLarge.
absl::StatusOr<int> PackedPercent(const Session& session) {
  size_t policies = session.policy.size(), tags = 0;
  for (const std::string& arn : session.policy_arns) policies += arn.size();
  for (const auto& [key, value] : session.tags) tags += key.size() + value.size();
  const auto percent = [](size_t used, size_t room) { return static_cast<int>((used * 100 + room - 1) / room); };
  const int most = std::max(percent(policies, kMaxPolicy), percent(tags, kMaxTags));
  if (most <= 100) return most;
  return ec2::Error("PackedPolicyTooLarge", absl::StrCat("The session's policies and tags take ", most,
                                                         " percent of the room there is: ", kMaxPolicy,
                                                         " characters of policies and ARNs, ", kMaxTags, " of tags"));
}

absl::Status CheckWish(const AssumeRoleWish& wish) {
  const std::optional<Arn> role = Arn::Parse(wish.role_arn);
  if (!role.has_value() || !role->IsOfIam()) return Invalid(absl::StrCat(wish.role_arn, " is invalid"));
  RETURN_IF_ERROR(CheckText("RoleSessionName", wish.session_name, 64, "_+=,.@-"));
  if (!wish.external_id.empty()) RETURN_IF_ERROR(CheckText("ExternalId", wish.external_id, 1224, "_+=,.@:/-"));
  if (wish.seconds.has_value()) RETURN_IF_ERROR(CheckSeconds(*wish.seconds, kMaxSeconds));
  if (wish.policy.size() > kMaxPolicy) {
    return Invalid(absl::StrCat("The policy is longer than ", kMaxPolicy, " characters"));
  }
  if (!wish.source_identity.empty()) {
    RETURN_IF_ERROR(CheckText("SourceIdentity", wish.source_identity, 64, "_+=,.@-"));
    if (absl::StartsWithIgnoreCase(wish.source_identity, "aws:"))
      return Invalid("SourceIdentity must not begin with aws:");
  }
  RETURN_IF_ERROR(CheckTagsOf(wish));
  if (wish.policy.empty()) return absl::OkStatus();
  return Policy::Parse(wish.policy, PolicyKind::kIdentity, PolicyUse::kWrite).status();
}

absl::StatusOr<int64_t> SecondsFor(const Identity& role, const Caller& caller, std::optional<int64_t> wished) {
  const int64_t seconds = wished.value_or(kDefaultSeconds);
  if (!caller.role_id.empty() && seconds > kMaxChainedSeconds) {
    return Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (seconds > role.max_session_seconds) {
    return Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return seconds;
}

}  // namespace

absl::StatusOr<std::optional<Identity>> SessionService::FindRole(const std::string& arn) {
  const std::optional<Arn> parsed = Arn::Parse(arn);
  if (!parsed.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(std::optional<Identity> role, database_.ReadFor([&](store::Connection& c) {
    return IdentityTable(c).Find(IdentityKind::kRole, std::string(parsed->name()));
  }));
  if (role.has_value() && IdentityArn(account_id_, *role) != arn) role.reset();
  return role;
}

absl::StatusOr<std::vector<std::string>> SessionService::NamesOf(const Caller& caller, const Identity& role) {
  if (caller.administrator && caller.role_id.empty()) return std::vector<std::string>{Arn::Root(account_id_).text()};
  const std::string& asks = caller.role_id.empty() ? caller.principal_id : caller.role_id;
  ASSIGN_OR_RETURN(std::vector<std::string> names, database_.ReadFor([&](store::Connection& c) {
    return TrustedPrincipals(c, account_id_).NamesOf(role.id, asks);
  }));
  // Of its role's sessions the caller is one.
  std::erase_if(names, [&](const std::string& name) {
    const std::optional<Arn> arn = Arn::Parse(name);
    return arn.has_value() && arn->service == "sts" && name != caller.arn;
  });
  return names;
}

absl::Status SessionService::AddTags(const Caller& caller, const Identity& role, Context& context) {
  const std::string& asks = caller.role_id.empty() ? caller.principal_id : caller.role_id;
  return database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const TagMap of_caller, IamTagTable(c).Of(asks));
    ASSIGN_OR_RETURN(const TagMap of_role, IamTagTable(c).Of(role.id));
    AddPrincipalTags(caller, of_caller, context);
    for (const char* family : {"aws:resourcetag/", "iam:resourcetag/"}) AddTagKeys(family, of_role, context);
    return absl::OkStatus();
  });
}

absl::Status SessionService::CheckPolicies(const std::vector<std::string>& arns) {
  for (const std::string& arn : arns) {
    const absl::Status found =
        database_.ReadFor([&](store::Connection& c) { return DefaultDocument(c, account_id_, arn); }).status();
    if (!found.ok() && ec2::HasErrorCode(found)) {
      return Invalid(absl::StrCat("The managed policy ", arn, " of PolicyArns does not exist"));
    }
    RETURN_IF_ERROR(found);
  }
  return absl::OkStatus();
}

absl::StatusOr<AssumedRole> SessionService::AssumeRole(const Caller& caller, const AssumeRoleWish& wish) {
  RETURN_IF_ERROR(CheckWish(wish));
  const auto denied = [&](absl::string_view action) {
    return ec2::Error("AccessDenied",
                      absl::StrCat("User: ", caller.arn.empty() ? caller.principal : caller.arn,
                                   " is not authorized to perform: ", action, " on resource: ", wish.role_arn));
  };
  ASSIGN_OR_RETURN(const std::optional<Identity> role, FindRole(wish.role_arn));
  if (!role.has_value() || (caller.arn.empty() && !caller.administrator)) return denied("sts:AssumeRole");

  ASSIGN_OR_RETURN(Session session, Inherit(caller, wish));
  // What the role must trust the caller with.
  std::vector<std::string> actions = {"sts:AssumeRole"};
  if (!session.tags.empty()) actions.push_back("sts:TagSession");
  if (!session.source_identity.empty()) actions.push_back("sts:SetSourceIdentity");
  TrustQuestion question{.action = "", .arns = {}, .account_id = account_id_, .service = "", .context = wish.context};
  ASSIGN_OR_RETURN(question.arns, NamesOf(caller, *role));
  RETURN_IF_ERROR(AddTags(caller, *role, question.context));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policy> trust,
                   Policy::Parse(role->trust_policy, PolicyKind::kTrust, PolicyUse::kJudge));
  for (const std::string& action : actions) {
    question.action = action;
    if (trust->JudgeTrust(question) != Verdict::kAllow) return denied(action);
  }

  ASSIGN_OR_RETURN(const int64_t seconds, SecondsFor(*role, caller, wish.seconds));
  RETURN_IF_ERROR(CheckPolicies(session.policy_arns));
  AssumedRole assumed;
  ASSIGN_OR_RETURN(assumed.packed_percent, PackedPercent(session));
  session.identity_id = role->id;
  session.issued = clock_.Now();
  session.expires = session.issued + absl::Seconds(seconds);
  ASSIGN_OR_RETURN(assumed.key, MakeSession(box_, session));
  assumed.source_identity = session.source_identity;
  assumed.arn = SessionArn(account_id_, role->name, wish.session_name);
  assumed.id = absl::StrCat(role->id, ":", wish.session_name);
  return assumed;
}

absl::StatusOr<SessionKey> SessionService::GetSessionToken(const Caller& caller, std::optional<int64_t> wished) {
  if (!caller.role_id.empty() || absl::StartsWith(caller.access_key_id, kSessionPrefix)) {
    return ec2::Error("AccessDenied", "Cannot call GetSessionToken with session credentials");
  }
  // An empty id would be root's.
  if (!caller.administrator && caller.principal_id.empty()) {
    return ec2::Error("AccessDenied", "Only users and root can call GetSessionToken");
  }
  int64_t seconds = wished.value_or(kDefaultTokenSeconds);
  RETURN_IF_ERROR(CheckSeconds(seconds, kMaxTokenSeconds));
  // As at AWS, more is not an error.
  if (caller.administrator) seconds = std::min(seconds, kMaxRootSeconds);
  return MakeSession(box_, {.identity_id = caller.administrator ? "" : caller.principal_id,
                            .expires = clock_.Now() + absl::Seconds(seconds),
                            .issued = clock_.Now()});
}

}  // namespace brume::iam
