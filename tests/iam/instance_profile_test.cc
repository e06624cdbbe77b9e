// Instance profiles through the dispatcher: IAM's side, instances that have them, and who may pass their roles.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_profile.pb.h"
#include "brume/iam/v1/instance_profile.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kRole[] =
    R"(role_name: 'web' assume_role_policy_document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}')";
constexpr char kProfile[] = "instance_profile_name: 'servers' ";
constexpr char kArn[] = "arn:aws:iam::000000000000:instance-profile/x/servers";

struct World : ApiWorld {
  Caller root = administrator;

  // "" when it went well.
  std::string Code(const std::string& action, const std::string& request) {
    return ec2::ErrorCode(CallText(action, request).status());
  }
  template <typename Response>
  Response Ok(const std::string& action, const std::string& request) {
    auto response = CallText(action, request);
    INFO(action << ": " << response.status().ToString());
    REQUIRE(response.ok());
    return static_cast<const Response&>(**response);
  }
  // The profile servers, with the role web.
  void MakeProfile() {
    REQUIRE(Code("CreateRole", kRole) == "");
    REQUIRE(Code("CreateInstanceProfile", absl::StrCat(kProfile, "path: '/x/'")) == "");
    REQUIRE(Code("AddRoleToInstanceProfile", absl::StrCat(kProfile, "role_name: 'web'")) == "");
  }
  std::string RunText(const std::string& profile) {
    return absl::StrCat("image_id: '", image.text(), "' instance_type: 'b1.tiny' min_count: 1 max_count: 1 ",
                        "iam_instance_profile { ", profile, " }");
  }
  ec2::v1::Instance Shown(const std::string& id) {
    return Ok<ec2::v1::DescribeInstancesResponse>("DescribeInstances", absl::StrCat("instance_ids: '", id, "'"))
        .reservations(0)
        .instances(0);
  }
  // Calls are from a new user from now on, who has this policy's statements.
  void BecomeUser(const std::string& statements) {
    const auto user = Ok<iam::v1::CreateUserResponse>("CreateUser", "user_name: 'ada'").user();
    REQUIRE(Code("PutUserPolicy", absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: '",
                                               R"({"Version":"2012-10-17","Statement":[)", statements, "]}'")) == "");
    Caller caller;
    caller.principal = caller.arn = user.arn();
    caller.principal_id = user.user_id();
    caller.user_name = user.user_name();
    administrator = caller;
  }
};

std::string AssociationText(const ec2::v1::IamInstanceProfileAssociation& association) {
  return absl::StrCat("association_id: '", association.association_id(), "' ");
}

}  // namespace

TEST_CASE("an instance profile is made, given a role, listed and deleted", "[iam]") {
  World world;
  world.MakeProfile();
  const auto shown = world.Ok<iam::v1::GetInstanceProfileResponse>("GetInstanceProfile", kProfile).instance_profile();
  CHECK(shown.arn() == kArn);
  CHECK(absl::StartsWith(shown.instance_profile_id(), "AIPA"));
  REQUIRE(shown.roles_size() == 1);
  CHECK(shown.roles(0).role_name() == "web");
  CHECK(world.Code("CreateInstanceProfile", "instance_profile_name: 'SERVERS'") == "EntityAlreadyExists");
  CHECK(world.Code("CreateInstanceProfile", "instance_profile_name: 'a b'") == "ValidationError");
  CHECK(world.Code("GetInstanceProfile", "instance_profile_name: 'SERVERS'") == "NoSuchEntity");
  CHECK(world.Code("AddRoleToInstanceProfile", absl::StrCat(kProfile, "role_name: 'web'")) == "LimitExceeded");
  CHECK(world.Code("AddRoleToInstanceProfile", absl::StrCat(kProfile, "role_name: 'none'")) == "NoSuchEntity");
  REQUIRE(world.Code("CreateInstanceProfile", "instance_profile_name: 'other'") == "");
  CHECK(world.Ok<iam::v1::ListInstanceProfilesResponse>("ListInstanceProfiles", "").instance_profiles_size() == 2);
  const auto of_role =
      world.Ok<iam::v1::ListInstanceProfilesForRoleResponse>("ListInstanceProfilesForRole", "role_name: 'web'");
  REQUIRE(of_role.instance_profiles_size() == 1);
  CHECK(of_role.instance_profiles(0).instance_profile_name() == "servers");

  CHECK(world.Code("DeleteRole", "role_name: 'web'") == "DeleteConflict");
  CHECK(world.Code("DeleteInstanceProfile", kProfile) == "DeleteConflict");
  CHECK(world.Code("RemoveRoleFromInstanceProfile", absl::StrCat(kProfile, "role_name: 'web'")) == "");
  CHECK(world.Code("RemoveRoleFromInstanceProfile", absl::StrCat(kProfile, "role_name: 'web'")) == "NoSuchEntity");
  CHECK(world.Code("DeleteRole", "role_name: 'web'") == "");
  CHECK(world.Code("DeleteInstanceProfile", kProfile) == "");
  CHECK(world.Code("DeleteInstanceProfile", kProfile) == "NoSuchEntity");
}

TEST_CASE("an instance launched with a profile shows it, by name or by ARN", "[iam]") {
  World world;
  world.MakeProfile();
  for (const std::string& named : {std::string("name: 'servers'"), absl::StrCat("arn: '", kArn, "'")}) {
    const auto made = world.Ok<ec2::v1::RunInstancesResponse>("RunInstances", world.RunText(named)).instances(0);
    CHECK(made.iam_instance_profile().arn() == kArn);
    CHECK(world.Shown(made.instance_id()).iam_instance_profile().arn() == kArn);
  }
  const auto found = world.Ok<ec2::v1::DescribeInstancesResponse>(
      "DescribeInstances", absl::StrCat("filters { name: 'iam-instance-profile.arn' values: '", kArn, "' }"));
  CHECK(found.reservations_size() == 2);
}

TEST_CASE("a launch with a profile that is not there is refused and launches nothing", "[iam]") {
  World world;
  world.MakeProfile();
  for (const std::string& named :
       {std::string("name: 'none'"), std::string("arn: 'arn:aws:iam::000000000000:instance-profile/servers'"),
        std::string("arn: 'servers'")}) {
    CHECK(world.Code("RunInstances", world.RunText(named)) == "InvalidParameterValue");
  }
  CHECK(world.Code("RunInstances", world.RunText("")) == "MissingParameter");
  CHECK(world.Code("RunInstances", world.RunText(absl::StrCat("name: 'servers' arn: '", kArn, "'"))) ==
        "InvalidParameterCombination");
  CHECK(world.Ok<ec2::v1::DescribeInstancesResponse>("DescribeInstances", "").reservations().empty());
}

TEST_CASE("a profile is associated with an instance, replaced and disassociated", "[iam]") {
  World world;
  world.MakeProfile();
  REQUIRE(world.Code("CreateInstanceProfile", "instance_profile_name: 'other'") == "");
  const std::string id = world.Launch().text();
  const std::string instance = absl::StrCat("instance_id: '", id, "' ");
  const std::string servers = "iam_instance_profile { name: 'servers' }";
  const auto made =
      world.Ok<ec2::v1::AssociateIamInstanceProfileResponse>("AssociateIamInstanceProfile", instance + servers)
          .iam_instance_profile_association();
  CHECK(made.state() == "associated");
  CHECK(made.instance_id() == id);
  CHECK(absl::StartsWith(made.association_id(), "iip-assoc-"));
  CHECK(world.Code("AssociateIamInstanceProfile", instance + servers) == "IncorrectState");
  CHECK(world.Shown(id).iam_instance_profile().arn() == kArn);

  const auto replaced =
      world
          .Ok<ec2::v1::ReplaceIamInstanceProfileAssociationResponse>(
              "ReplaceIamInstanceProfileAssociation", AssociationText(made) + "iam_instance_profile { name: 'other' }")
          .iam_instance_profile_association();
  CHECK(replaced.association_id() != made.association_id());
  CHECK(absl::EndsWith(world.Shown(id).iam_instance_profile().arn(), "/other"));
  CHECK(world.Code("DisassociateIamInstanceProfile", AssociationText(made)) == "NoSuchAssociation");

  const auto shown = [&](const std::string& filter) {
    return world
        .Ok<ec2::v1::DescribeIamInstanceProfileAssociationsResponse>("DescribeIamInstanceProfileAssociations", filter)
        .iam_instance_profile_associations_size();
  };
  CHECK(shown("") == 1);
  CHECK(shown(absl::StrCat("filters { name: 'instance-id' values: '", id, "' }")) == 1);
  CHECK(shown("filters { name: 'state' values: 'disassociated' }") == 0);
  CHECK(world
            .Ok<ec2::v1::DisassociateIamInstanceProfileResponse>("DisassociateIamInstanceProfile",
                                                                 AssociationText(replaced))
            .iam_instance_profile_association()
            .state() == "disassociated");
  CHECK(shown("") == 0);
  CHECK_FALSE(world.Shown(id).has_iam_instance_profile());
}

TEST_CASE("an instance that is terminated has no association and gets none", "[iam]") {
  World world;
  world.MakeProfile();
  const auto made =
      world.Ok<ec2::v1::RunInstancesResponse>("RunInstances", world.RunText("name: 'servers'")).instances(0);
  const InstanceId id = *InstanceId::Parse(made.instance_id());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  REQUIRE(world.Code("TerminateInstances", absl::StrCat("instance_ids: '", id.text(), "'")) == "");
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(world.Ok<ec2::v1::DescribeIamInstanceProfileAssociationsResponse>("DescribeIamInstanceProfileAssociations", "")
            .iam_instance_profile_associations()
            .empty());
  CHECK(world.Code("AssociateIamInstanceProfile",
                   absl::StrCat("instance_id: '", id.text(), "' iam_instance_profile { name: 'servers' }")) ==
        "IncorrectInstanceState");
}

TEST_CASE("who may launch may pass a role only where a policy says so", "[iam]") {
  World world;
  world.MakeProfile();
  const std::string id = world.Launch().text();
  const std::string associate = absl::StrCat("instance_id: '", id, "' iam_instance_profile { name: 'servers' }");
  world.BecomeUser(R"({"Effect":"Allow","Action":["ec2:*","iam:*InstanceProfile"],"Resource":"*"})");
  CHECK(world.Code("RunInstances", world.RunText("name: 'servers'")) == "UnauthorizedOperation");
  CHECK(world.Code("RunInstances", world.RunText("name: 'servers'") + " dry_run: true") == "UnauthorizedOperation");
  CHECK(world.Code("AssociateIamInstanceProfile", associate) == "UnauthorizedOperation");
  CHECK(world.Code("CreateInstanceProfile", "instance_profile_name: 'mine'") == "");
  CHECK(world.Code("AddRoleToInstanceProfile", "instance_profile_name: 'mine' role_name: 'web'") == "AccessDenied");
  // A profile without a role gives nothing away.
  CHECK(world.Code("RunInstances", world.RunText("name: 'mine'")) == "");
  CHECK(world.Code("RunInstances", world.RunText("name: 'none'")) == "InvalidParameterValue");
}

TEST_CASE("a policy lets a user pass one role, to instances alone", "[iam]") {
  World world;
  world.MakeProfile();
  const auto pass = [](const std::string& service) {
    return absl::StrCat(R"({"Effect":"Allow","Action":["ec2:*"],"Resource":"*"},)",
                        R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/web",)",
                        R"("Condition":{"StringEquals":{"iam:PassedToService":")", service, R"("}}})");
  };
  world.BecomeUser(pass("ec2.amazonaws.com"));
  CHECK(world.Code("RunInstances", world.RunText("name: 'servers'")) == "");
  world.administrator = world.root;
  REQUIRE(world.Code("PutUserPolicy", absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: '",
                                                   R"({"Version":"2012-10-17","Statement":[)",
                                                   pass("lambda.amazonaws.com"), "]}'")) == "");
  world.administrator.administrator = false;
  const auto ada = *world.identities.Get(IdentityKind::kUser, "ada");
  world.administrator.principal_id = ada.id;
  world.administrator.user_name = ada.name;
  CHECK(world.Code("RunInstances", world.RunText("name: 'servers'")) == "UnauthorizedOperation");
}

}  // namespace brume
