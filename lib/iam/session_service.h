// Who gets which session: the rules of STS.
//
// Errors are STS's: AccessDenied, ValidationError, MalformedPolicyDocument, PackedPolicyTooLarge.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/gateway/caller.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/model/pattern.h"
#include "lib/iam/session.h"
#include "lib/store/database.h"

namespace brume::iam {

struct AssumeRoleWish {
  std::string role_arn;
  std::string session_name;
  std::string policy = {};
  std::optional<int64_t> seconds = {};
  std::string external_id = {};
  std::vector<std::string> policy_arns = {};
  TagMap tags = {};
  std::vector<std::string> transitive_tag_keys = {};
  std::string source_identity = {};
  // Condition keys of the call.
  Context context = {};
};

struct AssumedRole {
  SessionKey key;
  std::string arn;  // the session's
  std::string id;   // "AROA…:SESSION"
  std::string source_identity;
  // Of the room for policies or for tags, of which there is less; 0 = neither was given.
  int packed_percent = 0;
};

// Thread-safe.
class SessionService {
 public:
  // All but the account's number must outlive it.
  SessionService(store::Database& database, const Clock& clock, const SecretBox& box, std::string account_id)
      : database_(database), clock_(clock), box_(box), account_id_(std::move(account_id)) {}

  // The caller's policies have allowed it already; here the role's trust policy is asked. That there is no such role is
  // not told apart from a refusal.
  absl::StatusOr<AssumedRole> AssumeRole(const Caller& caller, const AssumeRoleWish& wish);
  // For users and root, signing with a key that stays.
  absl::StatusOr<SessionKey> GetSessionToken(const Caller& caller, std::optional<int64_t> seconds);

 private:
  // Nothing when there is no role of this ARN.
  absl::StatusOr<std::optional<Identity>> FindRole(const std::string& arn);
  // By which the role's trust policy means the caller: a session's by its role's names and its own.
  absl::StatusOr<std::vector<std::string>> NamesOf(const Caller& caller, const Identity& role);
  // That the managed policies are there.
  absl::Status CheckPolicies(const std::vector<std::string>& arns);
  // What a trust policy may ask of the tags of who calls and of the role.
  absl::Status AddTags(const Caller& caller, const Identity& role, Context& context);

  store::Database& database_;
  const Clock& clock_;
  const SecretBox& box_;
  const std::string account_id_;
};

}  // namespace brume::iam
