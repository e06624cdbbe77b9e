#include "lib/iam/identity_rules.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxPathLength = 512;
constexpr size_t kMaxShownLength = 200;
constexpr int64_t kMinSession = 3600, kMaxSession = 43200;

}  // namespace

absl::Status Invalid(absl::string_view message) { return ec2::Error("ValidationError", message); }

std::string Shown(absl::string_view text) { return absl::CHexEscape(text.substr(0, kMaxShownLength)); }

size_t MaxNameLength(IdentityKind kind) {
  constexpr size_t kRole = 64, kOther = 128;
  // AWS lets users have 64 characters and groups 128.
  return kind == IdentityKind::kGroup ? kOther : kRole;
}

absl::Status CheckName(absl::string_view parameter, absl::string_view name, size_t max_length) {
  const bool good = !name.empty() && name.size() <= max_length && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("+=,.@-_", absl::string_view(&c, 1));
  });
  if (good) return absl::OkStatus();
  return Invalid(absl::StrCat("The specified value for ", parameter, " is invalid: '", Shown(name),
                              "'. It must be 1 to ", max_length, " characters: letters, digits and _+=,.@-"));
}

absl::Status CheckPath(absl::string_view path) {
  const bool good = !path.empty() && path.size() <= kMaxPathLength && path.front() == '/' && path.back() == '/' &&
                    std::all_of(path.begin(), path.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (good) return absl::OkStatus();
  return Invalid(absl::StrCat("The specified value for path is invalid: '", Shown(path),
                              "'. It must begin and end with / and have only printable characters and no blanks"));
}

absl::Status CheckSessionSeconds(int64_t seconds) {
  if (seconds >= kMinSession && seconds <= kMaxSession) return absl::OkStatus();
  return Invalid(absl::StrCat("MaxSessionDuration must be between ", kMinSession, " and ", kMaxSession,
                              " seconds, not ", seconds));
}

std::string NewIamId(absl::string_view prefix, Random& random) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr int kRandomDigits = 17;
  std::string id(prefix);
  for (int i = 0; i < kRandomDigits; ++i) id += kDigits[random.Below(sizeof(kDigits) - 1)];
  return id;
}

absl::Status CheckDocument(absl::string_view document, PolicyKind kind, size_t counted, size_t max_size) {
  if (counted > max_size) {
    return ec2::Error("LimitExceeded", absl::StrCat("Cannot exceed quota for PolicySize: ", max_size));
  }
  return Policy::Parse(document, kind, PolicyUse::kWrite).status();
}

absl::StatusOr<Identity> Require(store::Connection& connection, IdentityKind kind, const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<Identity> found, IdentityTable(connection).Find(kind, name));
  if (found.has_value()) return *std::move(found);
  return NoSuchEntity(absl::StrCat("The ", IdentityNoun(kind), " with name ", Shown(name), " cannot be found."));
}

absl::StatusOr<Identity> RequireUser(store::Connection& connection, const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<Identity> found, IdentityTable(connection).FindById(id));
  if (found.has_value() && found->kind == IdentityKind::kUser) return *std::move(found);
  return NoSuchEntity(absl::StrCat("The user with id ", Shown(id), " cannot be found."));
}

void AddTagKeys(absl::string_view family, const TagMap& tags, AccessContext& context) {
  for (const auto& [key, value] : tags) {
    context[absl::StrCat(family, absl::AsciiStrToLower(key))].push_back(value);
  }
}

void AddPrincipalTags(const Caller& caller, const TagMap& of_identity, AccessContext& context) {
  AccessContext tags, others;
  AddTagKeys("aws:principaltag/", caller.session_tags, tags);
  AddTagKeys("aws:principaltag/", of_identity, others);
  tags.merge(std::move(others));
  context.merge(std::move(tags));
}

void ActAs(Caller& caller, absl::string_view account_id, const Identity& user) {
  caller.arn = IdentityArn(account_id, user);
  caller.principal = caller.arn;
  caller.principal_id = user.id;
  caller.user_name = user.name;
}

absl::Status NoSuchEntity(absl::string_view message) { return ec2::Error("NoSuchEntity", message); }

}  // namespace brume::iam
