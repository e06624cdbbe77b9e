// Every kind of bad input to IAM, STS and instances' profiles has AWS's own code, and leaves nothing behind.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/gateway/bad_input.h"

namespace brume {
namespace {

const char kPolicy[] = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})";
const char kTrust[] = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",)"
                      R"("Principal":{"Service":"ec2.amazonaws.com"}}})";

// There are the user ada in the group staff, the role web, the profiles
// servers, which has it, and empty, and the policy own.
std::vector<Case> Cases() {
  const std::string aws = "policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' ";
  const std::string none = "policy_arn: 'arn:aws:iam::aws:policy/None' ";
  const std::string own = "policy_arn: 'arn:aws:iam::000000000000:policy/own' ";
  const std::string associate = "instance_id: '$I' iam_instance_profile ";
  return {
      // Users and groups
      {"ValidationError", "CreateUser", ""},
      {"ValidationError", "CreateUser", "user_name: 'a b'"},
      {"ValidationError", "CreateUser", "user_name: 'eve' path: 'staff'"},
      {"EntityAlreadyExists", "CreateUser", "user_name: 'ada'"},
      {"ValidationError", "CreateUser", "user_name: 'eve' permissions_boundary: 'own'"},
      {"NoSuchEntity", "CreateUser", "user_name: 'eve' permissions_boundary: 'arn:aws:iam::aws:policy/None'"},
      {"NoSuchEntity", "PutUserPermissionsBoundary",
       "user_name: 'ada' permissions_boundary: 'arn:aws:iam::000000000000:policy/none'"},
      {"ValidationError", "PutUserPermissionsBoundary", "user_name: 'ada' permissions_boundary: 'arn:aws:s3:::x'"},
      {"NoSuchEntity", "PutUserPermissionsBoundary",
       "user_name: 'eve' permissions_boundary: 'arn:aws:iam::aws:policy/AdministratorAccess'"},
      {"ValidationError", "PutUserPermissionsBoundary", "user_name: 'ada'"},
      {"NoSuchEntity", "DeleteUserPermissionsBoundary", "user_name: 'eve'"},
      {"NoSuchEntity", "PutRolePermissionsBoundary",
       "role_name: 'eve' permissions_boundary: 'arn:aws:iam::aws:policy/AdministratorAccess'"},
      {"NoSuchEntity", "PutRolePermissionsBoundary",
       "role_name: 'web' permissions_boundary: 'arn:aws:iam::aws:policy/None'"},
      {"NoSuchEntity", "DeleteRolePermissionsBoundary", "role_name: 'eve'"},
      {"EntityAlreadyExists", "CreateUser", "user_name: 'ADA'"},
      {"NoSuchEntity", "GetUser", "user_name: 'eve'"},
      {"NoSuchEntity", "UpdateUser", "user_name: 'eve' new_user_name: 'bob'"},
      {"ValidationError", "UpdateUser", "user_name: 'ada' new_user_name: 'a/b'"},
      {"NoSuchEntity", "DeleteUser", "user_name: 'eve'"},
      {"DeleteConflict", "DeleteUser", "user_name: 'ada'"},
      {"ValidationError", "ListUsers", "marker: 'bogus'"},
      {"ValidationError", "ListUsers", "max_items: 0"},
      {"ValidationError", "ListUsers", "max_items: 1001"},
      {"ValidationError", "CreateGroup", ""},
      {"ValidationError", "CreateGroup", "group_name: 'a/b'"},
      {"EntityAlreadyExists", "CreateGroup", "group_name: 'staff'"},
      {"NoSuchEntity", "GetGroup", "group_name: 'none'"},
      {"NoSuchEntity", "DeleteGroup", "group_name: 'none'"},
      {"DeleteConflict", "DeleteGroup", "group_name: 'staff'"},
      {"NoSuchEntity", "AddUserToGroup", "group_name: 'staff' user_name: 'eve'"},
      {"NoSuchEntity", "AddUserToGroup", "group_name: 'none' user_name: 'ada'"},
      {"ValidationError", "RemoveUserFromGroup", "group_name: 'staff'"},
      {"NoSuchEntity", "RemoveUserFromGroup", "group_name: 'staff' user_name: 'eve'"},
      {"NoSuchEntity", "ListGroupsForUser", "user_name: 'eve'"},
      // Tags
      {"ValidationError", "CreateUser", "user_name: 'eve' tags { key: 'aws:x' value: 'y' }"},
      {"InvalidInput", "CreateUser", "user_name: 'eve' tags { key: 'a' } tags { key: 'a' }"},
      {"InvalidInput", "CreateUser", "user_name: 'eve' tags { key: 'a' } tags { key: 'A' }"},
      {"ValidationError", "CreateUser", "user_name: 'eve' tags { value: 'y' }"},
      {"ValidationError", "TagUser", "user_name: 'ada' tags { key: '" + std::string(129, 'k') + "' }"},
      {"ValidationError", "TagUser", "user_name: 'ada' tags { key: 'k' value: '" + std::string(257, 'v') + "' }"},
      {"ValidationError", "TagUser", "user_name: 'ada'"},
      {"NoSuchEntity", "TagUser", "user_name: 'eve' tags { key: 'a' }"},
      {"NoSuchEntity", "TagRole", "role_name: 'none' tags { key: 'a' }"},
      {"NoSuchEntity", "TagInstanceProfile", "instance_profile_name: 'none' tags { key: 'a' }"},
      {"NoSuchEntity", "TagPolicy", "policy_arn: 'arn:aws:iam::000000000000:policy/none' tags { key: 'a' }"},
      {"ValidationError", "TagPolicy", "policy_arn: 'own' tags { key: 'a' }"},
      {"InvalidInput", "TagPolicy", aws + "tags { key: 'a' }"},
      {"NoSuchEntity", "UntagUser", "user_name: 'eve' tag_keys: 'a'"},
      {"NoSuchEntity", "ListRoleTags", "role_name: 'none'"},
      {"ValidationError", "ListUserTags", "user_name: 'ada' marker: 'bogus'"},
      // Access keys
      {"NoSuchEntity", "CreateAccessKey", "user_name: 'eve'"},
      {"NoSuchEntity", "ListAccessKeys", "user_name: 'eve'"},
      {"ValidationError", "UpdateAccessKey", "user_name: 'ada' status: 'Inactive'"},
      {"ValidationError", "UpdateAccessKey", "user_name: 'ada' access_key_id: 'AKIAX' status: 'Asleep'"},
      {"NoSuchEntity", "UpdateAccessKey", "user_name: 'ada' access_key_id: 'AKIAX' status: 'Inactive'"},
      {"NoSuchEntity", "DeleteAccessKey", "user_name: 'ada' access_key_id: 'AKIAX'"},
      {"ValidationError", "GetAccessKeyLastUsed", ""},
      // Policies
      {"MalformedPolicyDocument", "PutUserPolicy", "user_name: 'ada' policy_name: 'p' policy_document: '{'"},
      {"ValidationError", "PutUserPolicy", "user_name: 'ada' policy_name: 'p q' policy_document: '$POLICY'"},
      {"NoSuchEntity", "PutGroupPolicy", "group_name: 'none' policy_name: 'p' policy_document: '$POLICY'"},
      {"MalformedPolicyDocument", "PutRolePolicy", "role_name: 'web' policy_name: 'p' policy_document: '$TRUST'"},
      {"NoSuchEntity", "GetRolePolicy", "role_name: 'web' policy_name: 'p'"},
      {"NoSuchEntity", "DeleteGroupPolicy", "group_name: 'staff' policy_name: 'p'"},
      {"NoSuchEntity", "AttachUserPolicy", "user_name: 'ada' " + none},
      {"ValidationError", "AttachGroupPolicy", "group_name: 'staff' policy_arn: 'own'"},
      {"NoSuchEntity", "AttachRolePolicy", "role_name: 'none' " + aws},
      {"NoSuchEntity", "DetachRolePolicy", "role_name: 'web' " + aws},
      {"ValidationError", "CreatePolicy", "policy_name: 'p'"},
      {"ValidationError", "CreatePolicy", "policy_name: 'a/b' policy_document: '$POLICY'"},
      {"MalformedPolicyDocument", "CreatePolicy", "policy_name: 'p' policy_document: '{}'"},
      {"EntityAlreadyExists", "CreatePolicy", "policy_name: 'own' policy_document: '$POLICY'"},
      {"NoSuchEntity", "GetPolicy", none},
      {"AccessDenied", "DeletePolicy", aws},
      {"AccessDenied", "CreatePolicyVersion", aws + "policy_document: '$POLICY'"},
      {"MalformedPolicyDocument", "CreatePolicyVersion", own + "policy_document: '[]'"},
      {"ValidationError", "GetPolicyVersion", own + "version_id: '1'"},
      {"NoSuchEntity", "GetPolicyVersion", own + "version_id: 'v2'"},
      {"NoSuchEntity", "SetDefaultPolicyVersion", own + "version_id: 'v2'"},
      {"DeleteConflict", "DeletePolicyVersion", own + "version_id: 'v1'"},
      // Roles
      {"ValidationError", "CreateRole", "role_name: 'r'"},
      {"MalformedPolicyDocument", "CreateRole", "role_name: 'r' assume_role_policy_document: '$POLICY'"},
      {"ValidationError", "CreateRole", "role_name: 'a b' assume_role_policy_document: '$TRUST'"},
      {"EntityAlreadyExists", "CreateRole", "role_name: 'web' assume_role_policy_document: '$TRUST'"},
      {"NoSuchEntity", "GetRole", "role_name: 'none'"},
      {"ValidationError", "UpdateRole", "role_name: 'web' max_session_duration: 60"},
      {"MalformedPolicyDocument", "UpdateAssumeRolePolicy", "role_name: 'web' policy_document: '{}'"},
      {"DeleteConflict", "DeleteRole", "role_name: 'web'"},
      // Instance profiles
      {"ValidationError", "CreateInstanceProfile", ""},
      {"ValidationError", "CreateInstanceProfile", "instance_profile_name: 'a b'"},
      {"ValidationError", "CreateInstanceProfile", "instance_profile_name: 'p' path: 'x'"},
      {"EntityAlreadyExists", "CreateInstanceProfile", "instance_profile_name: 'servers'"},
      {"NoSuchEntity", "GetInstanceProfile", "instance_profile_name: 'none'"},
      {"NoSuchEntity", "DeleteInstanceProfile", "instance_profile_name: 'none'"},
      {"DeleteConflict", "DeleteInstanceProfile", "instance_profile_name: 'servers'"},
      {"NoSuchEntity", "ListInstanceProfilesForRole", "role_name: 'none'"},
      {"NoSuchEntity", "AddRoleToInstanceProfile", "instance_profile_name: 'none' role_name: 'web'"},
      {"NoSuchEntity", "AddRoleToInstanceProfile", "instance_profile_name: 'empty' role_name: 'none'"},
      {"LimitExceeded", "AddRoleToInstanceProfile", "instance_profile_name: 'servers' role_name: 'web'"},
      {"NoSuchEntity", "RemoveRoleFromInstanceProfile", "instance_profile_name: 'empty' role_name: 'web'"},
      {"MissingParameter", "AssociateIamInstanceProfile", "instance_id: '$I'"},
      {"MissingParameter", "AssociateIamInstanceProfile", associate + "{ }"},
      {"InvalidParameterValue", "AssociateIamInstanceProfile", associate + "{ name: 'none' }"},
      {"InvalidParameterValue", "AssociateIamInstanceProfile", associate + "{ arn: 'servers' }"},
      {"InvalidParameterCombination", "AssociateIamInstanceProfile", associate + "{ name: 'servers' arn: 'x' }"},
      {"InvalidInstanceID.Malformed", "AssociateIamInstanceProfile",
       "instance_id: 'x' iam_instance_profile { name: 'servers' }"},
      {"InvalidInstanceID.NotFound", "AssociateIamInstanceProfile",
       absl::StrCat("instance_id: '", kNoInstance, "' iam_instance_profile { name: 'servers' }")},
      {"IncorrectInstanceState", "AssociateIamInstanceProfile",
       "instance_id: '$DEAD' iam_instance_profile { name: 'servers' }"},
      {"MissingParameter", "DisassociateIamInstanceProfile", ""},
      {"NoSuchAssociation", "DisassociateIamInstanceProfile", "association_id: 'iip-assoc-00000000000000000'"},
      {"NoSuchAssociation", "ReplaceIamInstanceProfileAssociation",
       "association_id: 'iip-assoc-00000000000000000' iam_instance_profile { name: 'servers' }"},
      {"InvalidParameterValue", "DescribeIamInstanceProfileAssociations", "filters { name: 'colour' values: 'red' }"},
      {"InvalidParameterValue", "DescribeIamInstanceProfileAssociations", "max_results: 4"},
      {"InvalidParameterValue", "RunInstances",
       "image_id: '$AMI' min_count: 1 max_count: 1 iam_instance_profile { name: 'none' }"},
      // Sessions
      {"ValidationError", "AssumeRole", "role_session_name: 'night'"},
      {"ValidationError", "AssumeRole", "role_arn: 'web' role_session_name: 'night'"},
      {"AccessDenied", "AssumeRole", "role_arn: 'arn:aws:iam::000000000000:role/none' role_session_name: 'night'"},
      {"AccessDenied", "AssumeRole", "role_arn: 'arn:aws:iam::000000000000:role/web' role_session_name: 'night'"},
      {"ValidationError", "GetSessionToken", "duration_seconds: 899"},
      {"ValidationError", "GetAccessKeyInfo", "access_key_id: 'AKIAX'"},
  };
}

// What Cases names.
void AddIdentities(ApiWorld& world) {
  const std::string trust = absl::StrCat("role_name: 'web' assume_role_policy_document: '", kTrust, "'");
  const std::string policy = absl::StrCat("policy_name: 'own' policy_document: '", kPolicy, "'");
  for (const auto& [action, request] : std::vector<std::pair<std::string, std::string>>{
           {"CreateUser", "user_name: 'ada'"},
           {"CreateGroup", "group_name: 'staff'"},
           {"AddUserToGroup", "group_name: 'staff' user_name: 'ada'"},
           {"CreateRole", trust},
           {"CreatePolicy", policy},
           {"CreateInstanceProfile", "instance_profile_name: 'servers'"},
           {"CreateInstanceProfile", "instance_profile_name: 'empty'"},
           {"AddRoleToInstanceProfile", "instance_profile_name: 'servers' role_name: 'web'"}}) {
    REQUIRE_OK(world.CallText(action, request).status());
  }
}

}  // namespace

TEST_CASE("every bad input to IAM is refused with AWS's code and changes nothing", "[iam]") {
  ApiWorld world;
  AddIdentities(world);
  const InstanceId id = world.Launch();
  const InstanceId dead = world.Launch();
  REQUIRE(world.service->Terminate({&dead, 1}).ok());
  REQUIRE(world.Reaches(dead, InstanceState::kTerminated));
  CheckRefused(world, Cases(),
               {"DescribeInstances", "DescribeIamInstanceProfileAssociations", "ListUsers", "ListGroups", "ListRoles",
                "ListPolicies", "ListInstanceProfiles", "ListAccessKeys"},
               {{"$AMI", world.image.text()},
                {"$I", id.text()},
                {"$DEAD", dead.text()},
                {"$POLICY", kPolicy},
                {"$TRUST", kTrust}});
}

}  // namespace brume
