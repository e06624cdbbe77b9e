// What IAM takes for a name, a path, a policy; and how it says that something is not there.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/caller.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/model/policy.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::iam {

// ValidationError with this message.
absl::Status Invalid(absl::string_view message);
// What a caller sent, in a message: its beginning, escaped.
std::string Shown(absl::string_view text);

// Errors: ValidationError.
absl::Status CheckName(absl::string_view parameter, absl::string_view name, size_t max_length);
absl::Status CheckPath(absl::string_view path);
absl::Status CheckSessionSeconds(int64_t seconds);
size_t MaxNameLength(IdentityKind kind);

// As AWS's: 21 capital letters and digits of base 32, the first four of which are `prefix`.
std::string NewIamId(absl::string_view prefix, Random& random);

// Errors: LimitExceeded, MalformedPolicyDocument, ValidationError. `counted` are the characters that count against
// `max_size`.
absl::Status CheckDocument(absl::string_view document, PolicyKind kind, size_t counted, size_t max_size);

// Error: NoSuchEntity.
absl::StatusOr<Identity> Require(store::Connection& connection, IdentityKind kind, const std::string& name);

// A user by id. Error: NoSuchEntity.
absl::StatusOr<Identity> RequireUser(store::Connection& connection, const std::string& id);

// Makes the caller the user.
void ActAs(Caller& caller, absl::string_view account_id, const Identity& user);

// FAMILY/KEY of each tag, such as "aws:principaltag/env": keys of conditions know no case.
void AddTagKeys(absl::string_view family, const TagMap& tags, AccessContext& context);
// aws:PrincipalTag/KEY of the tags of the user or role that calls, but of its session where that has the key.
void AddPrincipalTags(const Caller& caller, const TagMap& of_identity, AccessContext& context);

absl::Status NoSuchEntity(absl::string_view message);

}  // namespace brume::iam
