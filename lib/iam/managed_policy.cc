#include "lib/iam/managed_policy.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/iam/model/builtin_policies.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {

absl::StatusOr<ManagedPolicy> FindManagedPolicy(store::Connection& connection, absl::string_view account_id,
                                                absl::string_view arn) {
  const absl::string_view shown = arn.substr(0, 200);
  const std::optional<Arn> parsed = Arn::Parse(arn);
  if (!parsed.has_value() || !parsed->IsOfIam()) {
    return ec2::Error("ValidationError", absl::StrCat("ARN ", shown, " is not valid."));
  }
  const auto parts = parsed->SplitResource();
  if (parsed->account == account_id && parts.has_value() && parts->first == "policy") {
    const absl::string_view name = parsed->name();
    const std::string path = absl::StrCat("/", absl::StripSuffix(parts->second, name));
    ASSIGN_OR_RETURN(std::optional<ManagedPolicy> found, ManagedPolicyTable(connection).Find(path, std::string(name)));
    if (found.has_value()) return *std::move(found);
  }
  return ec2::Error("NoSuchEntity", absl::StrCat("Policy ", shown, " does not exist or is not attachable."));
}

absl::StatusOr<std::string> DefaultDocument(store::Connection& connection, absl::string_view account_id,
                                            absl::string_view arn) {
  if (const BuiltinPolicy* builtin = FindBuiltinPolicy(arn)) return std::string(builtin->document);
  ASSIGN_OR_RETURN(const ManagedPolicy policy, FindManagedPolicy(connection, account_id, arn));
  ASSIGN_OR_RETURN(const std::vector<PolicyVersion> versions, ManagedPolicyTable(connection).Versions(policy.id));
  for (const PolicyVersion& version : versions) {
    if (version.number == policy.default_version) return version.document;
  }
  return absl::InternalError(absl::StrCat("policy ", policy.name, " has no default version"));
}

}  // namespace brume::iam
