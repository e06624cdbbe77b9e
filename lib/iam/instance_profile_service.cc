#include "lib/iam/instance_profile_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxProfileNameLength = 128;

absl::StatusOr<InstanceProfile> RequireProfile(store::Connection& c, const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<InstanceProfile> found, InstanceProfileTable(c).Find(name));
  if (found.has_value()) return *std::move(found);
  return NoSuchEntity(absl::StrCat("Instance Profile ", Shown(name), " cannot be found."));
}

}  // namespace

absl::StatusOr<std::optional<InstanceProfile>> FindInstanceProfile(store::Connection& connection,
                                                                   const std::string& id) {
  return InstanceProfileTable(connection).FindById(id);
}

InstanceProfileService::InstanceProfileService(store::Database& database, const Clock& clock, Random& random,
                                               std::string account_id)
    : database_(database), clock_(clock), random_(random), account_id_(std::move(account_id)) {}

std::string InstanceProfileService::ArnOf(const InstanceProfile& profile) const {
  return IamArn(account_id_, "instance-profile", profile.path, profile.name);
}

absl::StatusOr<InstanceProfile> InstanceProfileService::Create(const std::string& name, const std::string& path,
                                                               const TagMap& tags) {
  RETURN_IF_ERROR(CheckName("instanceProfileName", name, kMaxProfileNameLength));
  RETURN_IF_ERROR(CheckPath(path));
  InstanceProfile profile;
  profile.id = NewIamId("AIPA", random_);
  profile.name = name;
  profile.path = path;
  profile.created = clock_.Now();
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    const absl::Status inserted = InstanceProfileTable(c).Insert(profile);
    if (absl::IsAlreadyExists(inserted)) {
      return ec2::Error("EntityAlreadyExists", absl::StrCat("Instance Profile ", name, " already exists."));
    }
    RETURN_IF_ERROR(inserted);
    return IamTagTable(c).Set(profile.id, tags);
  }));
  return profile;
}

absl::StatusOr<InstanceProfile> InstanceProfileService::Get(const std::string& name) {
  return database_.ReadFor([&](store::Connection& c) { return RequireProfile(c, name); });
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileService::List(const std::string& path_prefix) {
  return database_.ReadFor([&](store::Connection& c) { return InstanceProfileTable(c).List(path_prefix); });
}

absl::StatusOr<std::vector<InstanceProfile>> InstanceProfileService::ListOfRole(const std::string& role) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<InstanceProfile>> {
    ASSIGN_OR_RETURN(const Identity of, Require(c, IdentityKind::kRole, role));
    return InstanceProfileTable(c).ListOfRole(of.id);
  });
}

absl::Status InstanceProfileService::Delete(const std::string& name) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const InstanceProfile profile, RequireProfile(c, name));
    if (profile.role.has_value()) {
      return ec2::Error("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    }
    RETURN_IF_ERROR(IamTagTable(c).DeleteAll(profile.id));
    return InstanceProfileTable(c).Delete(profile.id);
  });
}

absl::Status InstanceProfileService::AddRole(const std::string& name, const std::string& role) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const InstanceProfile profile, RequireProfile(c, name));
    ASSIGN_OR_RETURN(const Identity added, Require(c, IdentityKind::kRole, role));
    if (profile.role.has_value()) {
      return ec2::Error("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    }
    return InstanceProfileTable(c).SetRole(profile.id, added.id);
  });
}

absl::Status InstanceProfileService::RemoveRole(const std::string& name, const std::string& role) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const InstanceProfile profile, RequireProfile(c, name));
    ASSIGN_OR_RETURN(const Identity removed, Require(c, IdentityKind::kRole, role));
    if (!profile.role.has_value() || profile.role->id != removed.id) {
      return NoSuchEntity(absl::StrCat("The role ", Shown(role), " is not in the instance profile ", name, "."));
    }
    return InstanceProfileTable(c).SetRole(profile.id, std::nullopt);
  });
}

absl::StatusOr<InstanceProfile> InstanceProfileService::Resolve(const std::string& arn, const std::string& name) {
  if (!arn.empty() && !name.empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameter 'iamInstanceProfile.name' may not be used in combination with "
                      "'iamInstanceProfile.arn'");
  }
  if (arn.empty() && name.empty()) {
    return ec2::Error("MissingParameter",
                      "The request must contain the parameter iamInstanceProfile.name or iamInstanceProfile.arn");
  }
  const std::optional<Arn> parsed = Arn::Parse(arn);
  const std::string named = parsed.has_value() ? std::string(parsed->name()) : name;
  ASSIGN_OR_RETURN(std::optional<InstanceProfile> found,
                   database_.ReadFor([&](store::Connection& c) { return InstanceProfileTable(c).Find(named); }));
  if (found.has_value() && (arn.empty() || ArnOf(*found) == arn)) return *std::move(found);
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", Shown(arn.empty() ? name : arn), ") for parameter iamInstanceProfile.",
                                 arn.empty() ? "name" : "arn", " is invalid. Invalid IAM Instance Profile ",
                                 arn.empty() ? "name" : "ARN"));
}

absl::StatusOr<std::string> InstanceProfileService::RoleArn(const std::string& arn, const std::string& name) {
  const absl::StatusOr<InstanceProfile> profile = Resolve(arn, name);
  if (ec2::HasErrorCode(profile.status())) return std::string();
  RETURN_IF_ERROR(profile.status());
  return profile->role.has_value() ? IdentityArn(account_id_, *profile->role) : std::string();
}

}  // namespace brume::iam
