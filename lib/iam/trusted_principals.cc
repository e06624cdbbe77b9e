#include "lib/iam/trusted_principals.h"

#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/model/policy.h"
#include "lib/iam/model/principal.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/arn.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::iam {
namespace {

struct TrustedRow {
  std::string role_id, arn, principal_id;
};
const auto& Trusted() {
  using T = TrustedRow;
  static const auto table =
      store::DescribeTable<T>("trusted_principals", "principal of a trust policy", store::Key("role_id", &T::role_id),
                              store::Key("arn", &T::arn), store::Column("principal_id", &T::principal_id));
  return table;
}

// "user/staff/ada" names a user and "assumed-role/web/s" a session of a role; neither is "root", the account itself.
absl::StatusOr<std::optional<Identity>> FindNamed(store::Connection& c, const Arn& arn) {
  const std::vector<std::string> parts = absl::StrSplit(arn.resource, '/');
  if (parts.front() == "user") return IdentityTable(c).Find(IdentityKind::kUser, parts.back());
  if (parts.front() == "role") return IdentityTable(c).Find(IdentityKind::kRole, parts.back());
  if (parts.front() == "assumed-role") return IdentityTable(c).Find(IdentityKind::kRole, parts[1]);
  return std::nullopt;
}

}  // namespace

store::TableDescription TrustedPrincipals::Describe() { return Trusted().Describe(); }

// Empty for whom there is no row of.
absl::StatusOr<std::string> TrustedPrincipals::IdOf(const std::string& text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  if (!arn.has_value() || arn->account != account_id_ || arn->resource == "root") return "";
  // Nobody has such a session here.
  if (absl::StartsWith(arn->resource, "federated-user/")) return "";
  ASSIGN_OR_RETURN(const std::optional<Identity> found, FindNamed(connection_, *arn));
  const bool right = found.has_value() && (!arn->IsOfIam() || IdentityArn(account_id_, *found) == text);
  return right ? absl::StatusOr<std::string>(found->id) : InvalidPrincipal("AWS", text);
}

absl::Status TrustedPrincipals::Check(const std::string& document) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policy> policy,
                   Policy::Parse(document, PolicyKind::kTrust, PolicyUse::kWrite));
  for (const std::string& arn : policy->NamedPrincipals()) RETURN_IF_ERROR(IdOf(arn).status());
  return absl::OkStatus();
}

absl::Status TrustedPrincipals::Keep(const Identity& role) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policy> policy,
                   Policy::Parse(role.trust_policy, PolicyKind::kTrust, PolicyUse::kWrite));
  RETURN_IF_ERROR(connection_.Run("DELETE FROM trusted_principals WHERE role_id = ?", role.id));
  for (const std::string& arn : policy->NamedPrincipals()) {
    ASSIGN_OR_RETURN(std::string id, IdOf(arn));
    if (!id.empty()) RETURN_IF_ERROR(Trusted().Put(connection_, {role.id, arn, std::move(id)}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TrustedPrincipals::NamesOf(const std::string& role_id,
                                                                    const std::string& principal_id) {
  ASSIGN_OR_RETURN(const std::vector<TrustedRow> rows,
                   Trusted().Select(connection_, "trusted_principals WHERE role_id = ? AND principal_id = ?", role_id,
                                    principal_id));
  std::vector<std::string> arns;
  for (const TrustedRow& row : rows) arns.push_back(row.arn);
  return arns;
}

absl::Status TrustedPrincipals::Renamed(const Identity& before, const Identity& after) {
  const std::string old = IdentityArn(account_id_, before), now = IdentityArn(account_id_, after);
  return old == now ? absl::OkStatus() : Replace(before.id, old, now);
}

absl::Status TrustedPrincipals::Gone(const Identity& principal) {
  return Replace(principal.id, IdentityArn(account_id_, principal), principal.id);
}

absl::Status TrustedPrincipals::Replace(const std::string& principal_id, const std::string& arn,
                                        const std::string& shown) {
  ASSIGN_OR_RETURN(
      const std::vector<TrustedRow> rows,
      Trusted().Select(connection_, "trusted_principals WHERE principal_id = ? AND arn = ?", principal_id, arn));
  for (const TrustedRow& row : rows) {
    ASSIGN_OR_RETURN(std::optional<Identity> role, IdentityTable(connection_).FindById(row.role_id));
    if (!role.has_value()) continue;
    role->trust_policy = WithPrincipalRenamed(role->trust_policy, arn, shown);
    RETURN_IF_ERROR(IdentityTable(connection_).Update(*role));
    RETURN_IF_ERROR(
        connection_.Run("DELETE FROM trusted_principals WHERE role_id = ? AND arn = ?", row.role_id, row.arn));
    RETURN_IF_ERROR(Trusted().Put(connection_, {row.role_id, shown, principal_id}));
  }
  return absl::OkStatus();
}

}  // namespace brume::iam
