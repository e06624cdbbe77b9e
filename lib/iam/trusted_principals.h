// Users and roles in the trust policies of roles. A policy names them by their ARNs and means who has the name when it
// is written, whose id is kept beside it: one who is renamed stays trusted, and who is given the name later is not.
// Source: "Principals in trust policies" in the IAM User Guide.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/iam/model/identity.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::iam {

// Inside a transaction of the caller's, each of them.
class TrustedPrincipals {
 public:
  TrustedPrincipals(store::Connection& connection, const std::string& account_id)
      : connection_(connection), account_id_(account_id) {}
  static store::TableDescription Describe();

  // Whether all whom a trust policy names are there. Error: as Keep.
  absl::Status Check(const std::string& document);
  // Keeps whom the role's trust policy names, in place of whom an earlier one named. Users and roles of other accounts
  // are not known here and are nobody. Error: MalformedPolicyDocument for a user or role that is not there.
  absl::Status Keep(const Identity& role);

  // The ARNs by which the role's trust policy means this user or role; an ARN of a session is the session's alone.
  absl::StatusOr<std::vector<std::string>> NamesOf(const std::string& role_id, const std::string& principal_id);

  // A user has got another name or path: the policies show it.
  absl::Status Renamed(const Identity& before, const Identity& after);
  // A user or role is about to be deleted: the policies show the id in place of the ARN, as AWS's do.
  absl::Status Gone(const Identity& principal);

 private:
  absl::StatusOr<std::string> IdOf(const std::string& arn);
  absl::Status Replace(const std::string& principal_id, const std::string& arn, const std::string& shown);

  store::Connection& connection_;
  const std::string& account_id_;
};

}  // namespace brume::iam
