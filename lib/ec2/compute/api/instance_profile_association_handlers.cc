#include "lib/ec2/compute/api/instance_profile_association_handlers.h"

#include "brume/ec2/v1/instance_profile.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/profile_association_service.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"

namespace brume::ec2 {
namespace {

using compute::ProfileAssociationService;
using iam::InstanceProfileService;
using Association = v1::IamInstanceProfileAssociation;

Association RenderAssociation(const ProfileAssociation& association, const char* state) {
  Association rendered;
  rendered.set_association_id(association.id);
  rendered.set_instance_id(association.instance_id.text());
  RenderProfile(association, *rendered.mutable_iam_instance_profile());
  rendered.set_state(state);
  rendered.set_timestamp(gateway::RenderTime(association.associated));
  return rendered;
}

absl::StatusOr<v1::DescribeIamInstanceProfileAssociationsResponse> DescribeIamInstanceProfileAssociations(
    const v1::DescribeIamInstanceProfileAssociationsRequest& request, ProfileAssociationService& associations) {
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.association_ids().empty(), "associationId"));
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  const std::vector<std::string> ids(request.association_ids().begin(), request.association_ids().end());
  ASSIGN_OR_RETURN(const std::vector<ProfileAssociation> all, associations.List(ids));
  std::vector<Association> found;
  for (const ProfileAssociation& association : all) {
    Association rendered = RenderAssociation(association, "associated");
    if (keep(rendered)) found.push_back(std::move(rendered));
  }
  v1::DescribeIamInstanceProfileAssociationsResponse response;
  ASSIGN_OR_RETURN(found, gateway::Page(
                              "profile-associations", std::move(found), request,
                              [](const Association& a) { return a.association_id(); },
                              [&](std::string token) { response.set_next_token(std::move(token)); }));
  for (Association& one : found) *response.add_iam_instance_profile_associations() = std::move(one);
  return response;
}

absl::StatusOr<InstanceProfile> Resolve(InstanceProfileService& profiles,
                                        const v1::IamInstanceProfileSpecification& named) {
  return profiles.Resolve(named.arn(), named.name());
}

absl::StatusOr<v1::AssociateIamInstanceProfileResponse> AssociateIamInstanceProfile(
    const v1::AssociateIamInstanceProfileRequest& request, InstanceProfileService& profiles,
    ProfileAssociationService& associations) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const InstanceProfile profile, Resolve(profiles, request.iam_instance_profile()));
  ASSIGN_OR_RETURN(const ProfileAssociation made, associations.Associate(id, profile));
  v1::AssociateIamInstanceProfileResponse response;
  *response.mutable_iam_instance_profile_association() = RenderAssociation(made, "associated");
  return response;
}

absl::StatusOr<v1::DisassociateIamInstanceProfileResponse> DisassociateIamInstanceProfile(
    const v1::DisassociateIamInstanceProfileRequest& request, ProfileAssociationService& associations) {
  ASSIGN_OR_RETURN(const ProfileAssociation gone, associations.Disassociate(request.association_id()));
  v1::DisassociateIamInstanceProfileResponse response;
  *response.mutable_iam_instance_profile_association() = RenderAssociation(gone, "disassociated");
  return response;
}

absl::StatusOr<v1::ReplaceIamInstanceProfileAssociationResponse> ReplaceIamInstanceProfileAssociation(
    const v1::ReplaceIamInstanceProfileAssociationRequest& request, InstanceProfileService& profiles,
    ProfileAssociationService& associations) {
  ASSIGN_OR_RETURN(const InstanceProfile profile, Resolve(profiles, request.iam_instance_profile()));
  ASSIGN_OR_RETURN(const ProfileAssociation made, associations.Replace(request.association_id(), profile));
  v1::ReplaceIamInstanceProfileAssociationResponse response;
  *response.mutable_iam_instance_profile_association() = RenderAssociation(made, "associated");
  return response;
}

}  // namespace

void AddInstanceProfileAssociationActions(gateway::Actions& actions, InstanceProfileService& profiles,
                                          ProfileAssociationService& associations, const Settings& settings) {
  const auto role = [&profiles](const auto& request) {
    return profiles.RoleArn(request.iam_instance_profile().arn(), request.iam_instance_profile().name());
  };
  actions.Add(DescribeIamInstanceProfileAssociations, associations);
  const auto new_profile = [&profiles](const auto& request, AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const InstanceProfile profile,
                     profiles.Resolve(request.iam_instance_profile().arn(), request.iam_instance_profile().name()));
    question.context["ec2:newinstanceprofile"] = {profiles.ArnOf(profile)};
    return absl::OkStatus();
  };
  actions.Add(AssociateIamInstanceProfile, profiles, associations)
      .DescribedBy([new_profile](const v1::AssociateIamInstanceProfileRequest& request, AccessQuestion& question) {
        return new_profile(request, question);
      })
      .PassesRole(role);
  // An association is of its instance, which is what policies name.
  const auto of_instance = [&associations, account = settings.account()](const auto& request,
                                                                         AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<ProfileAssociation> found, associations.List({request.association_id()}));
    for (const ProfileAssociation& association : found) {
      question.resources = {ArnOf(account, association.instance_id)};
    }
    return absl::OkStatus();
  };
  actions.Add(DisassociateIamInstanceProfile, associations).DescribedBy(of_instance);
  actions.Add(ReplaceIamInstanceProfileAssociation, profiles, associations)
      .DescribedBy([of_instance, new_profile](const v1::ReplaceIamInstanceProfileAssociationRequest& request,
                                              AccessQuestion& question) -> absl::Status {
        RETURN_IF_ERROR(of_instance(request, question));
        return new_profile(request, question);
      })
      .PassesRole(role);
}

}  // namespace brume::ec2
