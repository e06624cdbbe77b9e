// Users, groups and roles of IAM, and the policies they have.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume {

enum class IdentityKind { kUser = 0, kGroup = 1, kRole = 2 };
std::true_type IsPersisted(IdentityKind);  // the database keeps its values

inline constexpr int64_t kDefaultSessionSeconds = 3600;

struct Identity {
  std::string id;  // "AIDA…", "AGPA…", "AROA…"
  IdentityKind kind = IdentityKind::kUser;
  std::string name;  // as it was given; no two of a kind differ in case alone
  std::string path = "/";
  absl::Time created;
  // Of roles.
  std::string trust_policy;
  std::string description;
  int64_t max_session_seconds = kDefaultSessionSeconds;
  // Of users and roles: the ARN of the managed policy that limits what their policies allow; empty = none.
  std::string permissions_boundary;
  int64_t version = 0;  // counts changes of the row
};

// A customer managed policy.
struct ManagedPolicy {
  std::string id;  // "ANPA…"
  std::string name;
  std::string path = "/";
  std::string description;
  int64_t default_version = 1;
  int64_t latest_version = 1;  // the number given last; none is given twice
  absl::Time created;
  absl::Time updated;
  int64_t version = 0;  // counts changes of the row
};

struct PolicyVersion {
  int64_t number = 1;
  std::string document;
  absl::Time created;
};

// "user", "group", "role".
absl::string_view IdentityNoun(IdentityKind kind);

// "arn:aws:iam::ACCOUNT:user/path/name" of type "user", path "/path/" and name "name".
std::string IamArn(absl::string_view account_id, absl::string_view type, absl::string_view path,
                   absl::string_view name);
std::string IdentityArn(absl::string_view account_id, const Identity& identity);
// "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION".
std::string SessionArn(absl::string_view account_id, absl::string_view role_name, absl::string_view session_name);

}  // namespace brume
