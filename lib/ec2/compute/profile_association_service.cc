#include "lib/ec2/compute/profile_association_service.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/profile_association_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

constexpr size_t kMaxShown = 200;

absl::StatusOr<ProfileAssociation> RequireAssociation(store::Connection& c, const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<ProfileAssociation> found, ProfileAssociationTable(c).Find(id));
  if (found.has_value()) return *std::move(found);
  return ec2::Error("NoSuchAssociation", absl::StrCat("The association ID '", absl::CHexEscape(id.substr(0, kMaxShown)),
                                                      "' does not exist"));
}

absl::Status CheckAlive(store::Connection& c, const InstanceId& id) {
  ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(id));
  if (instance.state != InstanceState::kShuttingDown && instance.state != InstanceState::kTerminated) {
    return absl::OkStatus();
  }
  return ec2::Error("IncorrectInstanceState", absl::StrCat("The instance '", id.text(), "' is ",
                                                           StateName(instance.state), " and can have no profile"));
}

}  // namespace

ProfileAssociation ProfileAssociationService::NewAssociation(const InstanceId& instance,
                                                             const InstanceProfile& profile) {
  return {.id = NewAssociationId(random_),
          .instance_id = instance,
          .profile_id = profile.id,
          .profile_arn = profiles_.ArnOf(profile),
          .associated = clock_.Now()};
}

absl::StatusOr<ProfileAssociation> ProfileAssociationService::Associate(const InstanceId& instance,
                                                                        const InstanceProfile& profile) {
  const ProfileAssociation association = NewAssociation(instance, profile);
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(CheckAlive(c, instance));
    const absl::Status inserted = ProfileAssociationTable(c).Insert(association);
    if (!absl::IsAlreadyExists(inserted)) return inserted;
    return ec2::Error("IncorrectState",
                      absl::StrCat("There is an existing association for instance ", instance.text()));
  }));
  return association;
}

absl::StatusOr<ProfileAssociation> ProfileAssociationService::Disassociate(const std::string& association_id) {
  ProfileAssociation association;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(association, RequireAssociation(c, association_id));
    return ProfileAssociationTable(c).Delete(association_id);
  }));
  return association;
}

absl::StatusOr<ProfileAssociation> ProfileAssociationService::Replace(const std::string& association_id,
                                                                      const InstanceProfile& profile) {
  ProfileAssociation association;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ProfileAssociationTable associations(c);
    ASSIGN_OR_RETURN(const ProfileAssociation present, RequireAssociation(c, association_id));
    RETURN_IF_ERROR(CheckAlive(c, present.instance_id));
    RETURN_IF_ERROR(associations.Delete(present.id));
    association = NewAssociation(present.instance_id, profile);
    return associations.Insert(association);
  }));
  return association;
}

absl::StatusOr<std::vector<ProfileAssociation>> ProfileAssociationService::List(absl::Span<const std::string> ids) {
  return database_.ReadFor([&](store::Connection& c) { return ProfileAssociationTable(c).List(ids); });
}

}  // namespace brume::compute
