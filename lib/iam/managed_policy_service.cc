#include "lib/iam/managed_policy_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/managed_policy.h"
#include "lib/iam/model/builtin_policies.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxPolicySize = 6144;
constexpr size_t kMaxVersions = 5;
constexpr size_t kMaxPolicyNameLength = 128;

absl::Status CheckManaged(const std::string& document) {
  return CheckDocument(document, PolicyKind::kIdentity, PolicySize(document), kMaxPolicySize);
}

absl::Status CheckOwn(const std::string& arn) {
  if (FindBuiltinPolicy(arn) == nullptr) return absl::OkStatus();
  return ec2::Error("AccessDenied", absl::StrCat(arn, " is AWS's: it cannot be changed"));
}

PolicyView BuiltinView(const BuiltinPolicy& builtin) {
  PolicyView view;
  view.policy.id = absl::StrCat("ANPA", builtin.name);
  view.policy.name = std::string(builtin.name);
  view.policy.path = std::string(builtin.path);
  view.policy.description = std::string(builtin.description);
  view.policy.created = view.policy.updated = absl::UnixEpoch();
  view.arn = BuiltinPolicyArn(builtin);
  return view;
}

absl::Status NoSuchVersion(const std::string& arn, int64_t number) {
  return NoSuchEntity(absl::StrCat("Policy ", arn.substr(0, 200), " version v", number, " does not exist."));
}

bool Has(const std::vector<PolicyVersion>& versions, int64_t number) {
  return std::any_of(versions.begin(), versions.end(), [&](const PolicyVersion& v) { return v.number == number; });
}

}  // namespace

ManagedPolicyService::ManagedPolicyService(store::Database& database, const Clock& clock, Random& random,
                                           std::string account_id, std::function<void()> on_change)
    : database_(database),
      clock_(clock),
      random_(random),
      account_id_(std::move(account_id)),
      on_change_(std::move(on_change)) {}

absl::Status ManagedPolicyService::Write(const std::function<absl::Status(store::Connection&)>& change) {
  RETURN_IF_ERROR(database_.Write(change));
  if (on_change_) on_change_();
  return absl::OkStatus();
}

absl::StatusOr<PolicyView> ManagedPolicyService::Create(const Draft& draft) {
  RETURN_IF_ERROR(CheckName("policyName", draft.name, kMaxPolicyNameLength));
  RETURN_IF_ERROR(CheckPath(draft.path));
  RETURN_IF_ERROR(CheckManaged(draft.document));
  PolicyView view;
  view.policy.id = NewIamId("ANPA", random_);
  view.policy.name = draft.name;
  view.policy.path = draft.path;
  view.policy.description = draft.description;
  view.policy.created = view.policy.updated = clock_.Now();
  view.arn = IamArn(account_id_, "policy", draft.path, draft.name);
  RETURN_IF_ERROR(Write([&](store::Connection& c) -> absl::Status {
    ManagedPolicyTable policies(c);
    const absl::Status inserted = policies.Insert(view.policy);
    if (absl::IsAlreadyExists(inserted)) {
      return ec2::Error(ec2::kPolicyExists, draft.name);
    }
    RETURN_IF_ERROR(inserted);
    RETURN_IF_ERROR(IamTagTable(c).Set(view.policy.id, draft.tags));
    return policies.InsertVersion(view.policy.id,
                                  {.number = 1, .document = draft.document, .created = view.policy.created});
  }));
  return view;
}

absl::StatusOr<PolicyView> ManagedPolicyService::Get(const std::string& arn) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<PolicyView> {
    PolicyView view;
    if (const BuiltinPolicy* builtin = FindBuiltinPolicy(arn)) {
      view = BuiltinView(*builtin);
    } else {
      ASSIGN_OR_RETURN(view.policy, FindManagedPolicy(c, account_id_, arn));
      view.arn = arn;
    }
    ASSIGN_OR_RETURN(auto counts, IdentityTable(c).AttachmentCounts());
    view.attachments = counts[arn];
    ASSIGN_OR_RETURN(auto boundaries, IdentityTable(c).BoundaryCounts());
    view.boundaries = boundaries[arn];
    return view;
  });
}

absl::StatusOr<std::vector<PolicyView>> ManagedPolicyService::List(const std::string& path_prefix) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<PolicyView>> {
    std::vector<PolicyView> views;
    ASSIGN_OR_RETURN(std::vector<ManagedPolicy> own, ManagedPolicyTable(c).List(path_prefix));
    for (ManagedPolicy& policy : own) {
      PolicyView& view = views.emplace_back();
      view.arn = IamArn(account_id_, "policy", policy.path, policy.name);
      view.policy = std::move(policy);
    }
    for (const BuiltinPolicy& builtin : BuiltinPolicies()) {
      if (absl::StartsWith(builtin.path, path_prefix)) views.push_back(BuiltinView(builtin));
    }
    ASSIGN_OR_RETURN(auto counts, IdentityTable(c).AttachmentCounts());
    ASSIGN_OR_RETURN(auto boundaries, IdentityTable(c).BoundaryCounts());
    for (PolicyView& view : views) {
      view.attachments = counts[view.arn];
      view.boundaries = boundaries[view.arn];
    }
    std::sort(views.begin(), views.end(), [](const PolicyView& a, const PolicyView& b) {
      return std::tie(a.policy.name, a.arn) < std::tie(b.policy.name, b.arn);
    });
    return views;
  });
}

absl::StatusOr<std::vector<Identity>> ManagedPolicyService::Holders(const std::string& arn, Use use) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<Identity>> {
    if (FindBuiltinPolicy(arn) == nullptr) RETURN_IF_ERROR(FindManagedPolicy(c, account_id_, arn).status());
    std::vector<Identity> holders;
    if (use.attached) {
      ASSIGN_OR_RETURN(holders, IdentityTable(c).AttachedTo(arn));
    }
    if (use.boundary) {
      ASSIGN_OR_RETURN(const std::vector<Identity> bounded, IdentityTable(c).BoundedBy(arn));
      holders.insert(holders.end(), bounded.begin(), bounded.end());
    }
    const auto key = [](const Identity& identity) { return std::tie(identity.kind, identity.name); };
    std::sort(holders.begin(), holders.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    const auto same = [](const Identity& a, const Identity& b) { return a.id == b.id; };
    holders.erase(std::unique(holders.begin(), holders.end(), same), holders.end());
    return holders;
  });
}

absl::Status ManagedPolicyService::Delete(const std::string& arn) {
  RETURN_IF_ERROR(CheckOwn(arn));
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const ManagedPolicy policy, FindManagedPolicy(c, account_id_, arn));
    ASSIGN_OR_RETURN(const auto counts, IdentityTable(c).AttachmentCounts());
    ASSIGN_OR_RETURN(const auto boundaries, IdentityTable(c).BoundaryCounts());
    if (counts.contains(arn) || boundaries.contains(arn)) {
      return ec2::Error("DeleteConflict", "Cannot delete a policy attached to entities.");
    }
    ASSIGN_OR_RETURN(const auto versions, ManagedPolicyTable(c).Versions(policy.id));
    if (versions.size() > 1) {
      return ec2::Error("DeleteConflict",
                        "This policy has more than one version. Before you delete a policy, you must delete the "
                        "policy's versions. The default version is deleted with the policy.");
    }
    RETURN_IF_ERROR(IamTagTable(c).DeleteAll(policy.id));
    return ManagedPolicyTable(c).Delete(policy.id);
  });
}

absl::StatusOr<PolicyVersion> ManagedPolicyService::CreateVersion(const std::string& arn, const std::string& document,
                                                                  bool as_default) {
  RETURN_IF_ERROR(CheckOwn(arn));
  RETURN_IF_ERROR(CheckManaged(document));
  PolicyVersion version{.document = document, .created = clock_.Now()};
  RETURN_IF_ERROR(Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(ManagedPolicy policy, FindManagedPolicy(c, account_id_, arn));
    ManagedPolicyTable policies(c);
    ASSIGN_OR_RETURN(const auto versions, policies.Versions(policy.id));
    if (versions.size() >= kMaxVersions) {
      return ec2::Error("LimitExceeded",
                        absl::StrCat("A managed policy can have up to ", kMaxVersions,
                                     " versions. Before you create a new version, you must delete an existing one."));
    }
    version.number = ++policy.latest_version;
    if (as_default) policy.default_version = version.number;
    policy.updated = version.created;
    RETURN_IF_ERROR(policies.InsertVersion(policy.id, version));
    return policies.Update(policy);
  }));
  return version;
}

absl::StatusOr<std::vector<PolicyVersion>> ManagedPolicyService::Versions(const std::string& arn) {
  if (const BuiltinPolicy* builtin = FindBuiltinPolicy(arn)) {
    return std::vector<PolicyVersion>{
        {.number = 1, .document = std::string(builtin->document), .created = absl::UnixEpoch()}};
  }
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<PolicyVersion>> {
    ASSIGN_OR_RETURN(const ManagedPolicy policy, FindManagedPolicy(c, account_id_, arn));
    return ManagedPolicyTable(c).Versions(policy.id);
  });
}

absl::Status ManagedPolicyService::DeleteVersion(const std::string& arn, int64_t number) {
  RETURN_IF_ERROR(CheckOwn(arn));
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const ManagedPolicy policy, FindManagedPolicy(c, account_id_, arn));
    if (number == policy.default_version) {
      return ec2::Error("DeleteConflict", "Cannot delete the default version of a policy.");
    }
    ASSIGN_OR_RETURN(const bool was, ManagedPolicyTable(c).DeleteVersion(policy.id, number));
    return was ? absl::OkStatus() : NoSuchVersion(arn, number);
  });
}

absl::Status ManagedPolicyService::SetDefaultVersion(const std::string& arn, int64_t number) {
  RETURN_IF_ERROR(CheckOwn(arn));
  return Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(ManagedPolicy policy, FindManagedPolicy(c, account_id_, arn));
    ASSIGN_OR_RETURN(const auto versions, ManagedPolicyTable(c).Versions(policy.id));
    if (!Has(versions, number)) return NoSuchVersion(arn, number);
    policy.default_version = number;
    policy.updated = clock_.Now();
    return ManagedPolicyTable(c).Update(policy);
  });
}

}  // namespace brume::iam
