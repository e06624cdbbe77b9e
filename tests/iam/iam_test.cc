// IAM's actions through the dispatcher, by administrators and by those whom policies let in.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/policy.pb.h"
#include "brume/iam/v1/role.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "brume/iam/v1/user_policy.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kAllowEc2[] =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})";
constexpr char kTrustEc2[] =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}})";

struct World : ApiWorld {
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
  // The same as the user `name`.
  std::string CodeAs(const std::string& name, const std::string& action, const std::string& text) {
    const auto user = Ok<iam::v1::GetUserResponse>("GetUser", absl::StrCat("user_name: '", name, "'")).user();
    Caller caller;
    caller.principal = caller.arn = user.arn();
    caller.principal_id = user.user_id();
    caller.user_name = user.user_name();
    const Caller was = administrator;
    administrator = caller;
    const std::string code = Code(action, text);
    administrator = was;
    return code;
  }
};

std::string Quoted(const std::string& document) { return absl::StrCat("'", document, "'"); }

}  // namespace

TEST_CASE("a user is made, shown, renamed and deleted", "[iam]") {
  World world;
  const auto made = world.Ok<iam::v1::CreateUserResponse>("CreateUser", "user_name: 'ada' path: '/staff/'").user();
  CHECK(made.arn() == "arn:aws:iam::000000000000:user/staff/ada");
  CHECK(absl::StartsWith(made.user_id(), "AIDA"));
  CHECK(made.user_id().size() == 21);
  CHECK(world.Code("CreateUser", "user_name: 'ADA'") == "EntityAlreadyExists");
  CHECK(world.Code("GetUser", "user_name: 'ADA'") == "NoSuchEntity");
  CHECK(world.Code("UpdateUser", "user_name: 'ada' new_user_name: 'ada.l' new_path: '/'") == "");
  const auto shown = world.Ok<iam::v1::GetUserResponse>("GetUser", "user_name: 'ada.l'").user();
  CHECK(shown.user_id() == made.user_id());
  CHECK(shown.path() == "/");
  CHECK(world.Code("DeleteUser", "user_name: 'ada.l'") == "");
  CHECK(world.Code("DeleteUser", "user_name: 'ada.l'") == "NoSuchEntity");
}

TEST_CASE("users are listed by path and in pages", "[iam]") {
  World world;
  for (const char* name : {"c", "a", "b"}) {
    REQUIRE(world.Code("CreateUser", absl::StrCat("path: '/x/' user_name: '", name, "'")) == "");
  }
  REQUIRE(world.Code("CreateUser", "user_name: 'other'") == "");
  auto page = world.Ok<iam::v1::ListUsersResponse>("ListUsers", "path_prefix: '/x/' max_items: 2");
  REQUIRE(page.users_size() == 2);
  CHECK(page.users(0).user_name() == "a");
  CHECK(page.is_truncated());
  page = world.Ok<iam::v1::ListUsersResponse>(
      "ListUsers", absl::StrCat("path_prefix: '/x/' max_items: 2 marker: '", page.marker(), "'"));
  REQUIRE(page.users_size() == 1);
  CHECK(page.users(0).user_name() == "c");
  CHECK_FALSE(page.is_truncated());
  CHECK_FALSE(page.has_marker());
  CHECK(world.Code("ListUsers", "marker: 'x'") == "ValidationError");
}

TEST_CASE("policies of a user and of a group take hold at the next call", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  REQUIRE(world.Code("CreateGroup", "group_name: 'operators'") == "");
  CHECK(world.CodeAs("ada", "DescribeInstances", "") == "UnauthorizedOperation");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  REQUIRE(world.Code("PutUserPolicy",
                     absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: ", Quoted(kAllowEc2))) == "");
  CHECK(world.CodeAs("ada", "DescribeInstances", "") == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  const std::string read_iam = "policy_arn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'";
  REQUIRE(world.Code("AttachGroupPolicy", "group_name: 'operators' " + read_iam) == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  REQUIRE(world.Code("AddUserToGroup", "group_name: 'operators' user_name: 'ada'") == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'eve'") == "AccessDenied");
  REQUIRE(world.Code("RemoveUserFromGroup", "group_name: 'operators' user_name: 'ada'") == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  REQUIRE(world.Code("DeleteUserPolicy", "user_name: 'ada' policy_name: 'p'") == "");
  CHECK(world.CodeAs("ada", "DescribeInstances", "") == "UnauthorizedOperation");
}

TEST_CASE("a user may be let at the own user alone", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'bob'") == "");
  const std::string own =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}"}})";
  REQUIRE(world.Code("PutUserPolicy",
                     absl::StrCat("user_name: 'ada' policy_name: 'own' policy_document: ", Quoted(own))) == "");
  CHECK(world.CodeAs("ada", "GetUser", "") == "");
  CHECK(world.CodeAs("ada", "GetUser", "user_name: 'ada'") == "");
  CHECK(world.CodeAs("ada", "GetUser", "user_name: 'bob'") == "AccessDenied");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'ada' path: '/x/'") == "AccessDenied");
}

TEST_CASE("a managed policy has up to five versions, of which one is in force", "[iam]") {
  World world;
  const std::string document = absl::StrCat(" policy_document: ", Quoted(kAllowEc2));
  const auto made = world.Ok<iam::v1::CreatePolicyResponse>("CreatePolicy", "policy_name: 'p'" + document).policy();
  CHECK(made.arn() == "arn:aws:iam::000000000000:policy/p");
  const std::string arn = absl::StrCat("policy_arn: '", made.arn(), "' ");
  for (int i = 2; i <= 5; ++i) REQUIRE(world.Code("CreatePolicyVersion", arn + document) == "");
  CHECK(world.Code("CreatePolicyVersion", arn + document) == "LimitExceeded");
  CHECK(world.Code("SetDefaultPolicyVersion", arn + "version_id: 'v3'") == "");
  CHECK(world.Code("DeletePolicyVersion", arn + "version_id: 'v3'") == "DeleteConflict");
  CHECK(world.Code("DeletePolicyVersion", arn + "version_id: 'v1'") == "");
  CHECK(world.Code("DeletePolicyVersion", arn + "version_id: 'v1'") == "NoSuchEntity");
  const auto versions = world.Ok<iam::v1::ListPolicyVersionsResponse>("ListPolicyVersions", arn);
  REQUIRE(versions.versions_size() == 4);
  CHECK(versions.versions(0).version_id() == "v5");
  const auto shown =
      world.Ok<iam::v1::GetPolicyVersionResponse>("GetPolicyVersion", arn + "version_id: 'v3'").policy_version();
  CHECK(shown.is_default_version());
  CHECK(absl::StartsWith(shown.document(), "%7B%22Version%22%3A%222012-10-17%22"));
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  REQUIRE(world.Code("AttachUserPolicy", arn + "user_name: 'ada'") == "");
  CHECK(world.CodeAs("ada", "DescribeInstances", "") == "");
  CHECK(world.Code("DeletePolicy", arn) == "DeleteConflict");
  REQUIRE(world.Code("DetachUserPolicy", arn + "user_name: 'ada'") == "");
  CHECK(world.Code("DeletePolicy", arn) == "DeleteConflict");
  for (const char* version : {"v2", "v4", "v5"}) {
    REQUIRE(world.Code("DeletePolicyVersion", absl::StrCat(arn, "version_id: '", version, "'")) == "");
  }
  CHECK(world.Code("DeletePolicy", arn) == "");
  CHECK(world.Code("GetPolicy", arn) == "NoSuchEntity");
}

TEST_CASE("a role has a trust policy that is checked and shown", "[iam]") {
  World world;
  const std::string trust = absl::StrCat(" assume_role_policy_document: ", Quoted(kTrustEc2));
  const auto made = world.Ok<iam::v1::CreateRoleResponse>("CreateRole", "role_name: 'worker'" + trust).role();
  CHECK(absl::StartsWith(made.role_id(), "AROA"));
  CHECK(made.max_session_duration() == 3600);
  CHECK(absl::StrContains(made.assume_role_policy_document(), "ec2.amazonaws.com"));
  CHECK(world.Code("UpdateRole", "role_name: 'worker' max_session_duration: 60") == "ValidationError");
  CHECK(world.Code("UpdateAssumeRolePolicy", absl::StrCat("role_name: 'worker' policy_document: ",
                                                          Quoted(kAllowEc2))) == "MalformedPolicyDocument");
  REQUIRE(world.Code("PutRolePolicy",
                     absl::StrCat("role_name: 'worker' policy_name: 'p' policy_document: ", Quoted(kAllowEc2))) == "");
  CHECK(world.Code("DeleteRole", "role_name: 'worker'") == "DeleteConflict");
  REQUIRE(world.Code("DeleteRolePolicy", "role_name: 'worker' policy_name: 'p'") == "");
  CHECK(world.Code("DeleteRole", "role_name: 'worker'") == "");
}

TEST_CASE("a permissions boundary is given, shown and taken away, and its policy stays while it is one", "[iam]") {
  World world;
  const std::string document = absl::StrCat(" policy_document: ", Quoted(kAllowEc2));
  const std::string arn =
      world.Ok<iam::v1::CreatePolicyResponse>("CreatePolicy", "policy_name: 'limit'" + document).policy().arn();
  const std::string boundary = absl::StrCat("permissions_boundary: '", arn, "' ");
  const std::string all = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})";
  const auto made = world.Ok<iam::v1::CreateUserResponse>("CreateUser", "user_name: 'ada' " + boundary).user();
  CHECK(made.permissions_boundary().permissions_boundary_arn() == arn);
  REQUIRE(world.Code("PutUserPolicy",
                     absl::StrCat("user_name: 'ada' policy_name: 'all' policy_document: ", Quoted(all))) == "");
  CHECK(world.CodeAs("ada", "DescribeInstances", "") == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  CHECK(world.Code("DeletePolicy", absl::StrCat("policy_arn: '", arn, "'")) == "DeleteConflict");
  const auto policy =
      world.Ok<iam::v1::GetPolicyResponse>("GetPolicy", absl::StrCat("policy_arn: '", arn, "'")).policy();
  CHECK(policy.permissions_boundary_usage_count() == 1);
  CHECK(policy.attachment_count() == 0);
  REQUIRE(world.Code("DeleteUserPermissionsBoundary", "user_name: 'ada'") == "");
  CHECK(world.Code("DeleteUserPermissionsBoundary", "user_name: 'ada'") == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "");
  CHECK_FALSE(world.Ok<iam::v1::GetUserResponse>("GetUser", "user_name: 'ada'").user().has_permissions_boundary());
  REQUIRE(world.Code("PutUserPermissionsBoundary", "user_name: 'ada' " + boundary) == "");
  CHECK(world.CodeAs("ada", "ListUsers", "") == "AccessDenied");
  REQUIRE(world.Code("DeleteUserPermissionsBoundary", "user_name: 'ada'") == "");

  const std::string role = "role_name: 'worker' ";
  REQUIRE(world.Code("CreateRole", absl::StrCat(role, boundary, "assume_role_policy_document: ", Quoted(kTrustEc2))) ==
          "");
  const auto shown = world.Ok<iam::v1::GetRoleResponse>("GetRole", role).role();
  CHECK(shown.permissions_boundary().permissions_boundary_type() == "PermissionsBoundaryPolicy");
  REQUIRE(world.Code("DeleteRolePermissionsBoundary", role) == "");
  REQUIRE(world.Code("PutRolePermissionsBoundary",
                     role + "permissions_boundary: 'arn:aws:iam::aws:policy/AdministratorAccess'") == "");
  CHECK(world.Code("DeletePolicy", absl::StrCat("policy_arn: '", arn, "'")) == "");
}

TEST_CASE("who may make users within a boundary alone makes no others", "[iam]") {
  World world;
  const std::string limit = "arn:aws:iam::aws:policy/AmazonEC2FullAccess";
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  const std::string delegated = absl::StrCat(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy",)",
      R"("iam:PutUserPermissionsBoundary"],"Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":")",
      limit, R"("}}}})");
  REQUIRE(world.Code("PutUserPolicy",
                     absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: ", Quoted(delegated))) == "");
  const std::string within = absl::StrCat("permissions_boundary: '", limit, "' ");
  const std::string other = "permissions_boundary: 'arn:aws:iam::aws:policy/AdministratorAccess' ";
  const std::string policy = absl::StrCat("policy_name: 'all' policy_document: ", Quoted(kAllowEc2));
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'bob'") == "AccessDenied");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'bob' " + other) == "AccessDenied");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'bob' " + within) == "");
  CHECK(world.CodeAs("ada", "PutUserPolicy", "user_name: 'bob' " + policy) == "");
  CHECK(world.CodeAs("ada", "PutUserPermissionsBoundary", "user_name: 'bob' " + other) == "AccessDenied");
  // Of a user without the boundary nothing.
  REQUIRE(world.Code("CreateUser", "user_name: 'eve'") == "");
  CHECK(world.CodeAs("ada", "PutUserPolicy", "user_name: 'eve' " + policy) == "AccessDenied");
}

TEST_CASE("who has a managed policy is listed by kind and name, page by page", "[iam]") {
  World world;
  const std::string arn = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", of = "policy_arn: '" + arn + "' ";
  const auto list = [&](const std::string& more) {
    return world.Ok<iam::v1::ListEntitiesForPolicyResponse>("ListEntitiesForPolicy", of + more);
  };
  CHECK(list("").policy_users().empty());
  REQUIRE(world.Code("CreateUser", "user_name: 'ada' path: '/staff/'") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'eve' permissions_boundary: '" + arn + "'") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'bob'") == "");
  REQUIRE(world.Code("CreateGroup", "group_name: 'readers'") == "");
  REQUIRE(world.Code("CreateRole", "role_name: 'web' assume_role_policy_document: " + Quoted(kTrustEc2)) == "");
  REQUIRE(world.Code("AttachUserPolicy", "user_name: 'ada' " + of) == "");
  REQUIRE(world.Code("AttachGroupPolicy", "group_name: 'readers' " + of) == "");
  REQUIRE(world.Code("AttachRolePolicy", "role_name: 'web' " + of) == "");
  const auto all = list("");
  REQUIRE(all.policy_users_size() == 2);
  CHECK(all.policy_users(0).user_name() == "ada");
  CHECK(absl::StartsWith(all.policy_users(0).user_id(), "AIDA"));
  CHECK(all.policy_users(1).user_name() == "eve");
  REQUIRE(all.policy_groups_size() == 1);
  CHECK(all.policy_groups(0).group_name() == "readers");
  REQUIRE(all.policy_roles_size() == 1);
  CHECK(all.policy_roles(0).role_name() == "web");
  CHECK_FALSE(all.is_truncated());
  const auto only = [&](const std::string& more) {
    const auto some = list(more);
    return absl::StrCat(some.policy_users_size(), some.policy_groups_size(), some.policy_roles_size());
  };
  CHECK(only("entity_filter: 'Role'") == "001");
  CHECK(only("entity_filter: 'AWSManagedPolicy'") == "000");
  CHECK(only("path_prefix: '/staff/'") == "100");
  CHECK(only("policy_usage_filter: 'PermissionsPolicy'") == "111");
  CHECK(only("policy_usage_filter: 'PermissionsBoundary'") == "100");
  const auto first = list("max_items: 3");
  CHECK(first.is_truncated());
  CHECK(only("max_items: 3 marker: '" + first.marker() + "'") == "001");
  CHECK(world.Code("ListEntitiesForPolicy", "policy_arn: 'arn:aws:iam::aws:policy/None'") == "NoSuchEntity");
}

TEST_CASE("AWS's policies with a path are found, shown and listed by it", "[iam]") {
  World world;
  for (const char* name : {"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonECS_FullAccess", "SecurityAudit",
                           "CloudWatchAgentAdminPolicy", "service-role/AmazonEC2ContainerServiceforEC2Role",
                           "service-role/AmazonEC2RoleforSSM", "service-role/AWSLambdaBasicExecutionRole",
                           "job-function/ViewOnlyAccess"}) {
    INFO(name);
    CHECK(world.Code("GetPolicy", absl::StrCat("policy_arn: 'arn:aws:iam::aws:policy/", name, "'")) == "");
  }
  const auto listed = world.Ok<iam::v1::ListPoliciesResponse>("ListPolicies", "path_prefix: '/service-role/'");
  REQUIRE(listed.policies_size() == 3);
  for (const auto& policy : listed.policies()) CHECK(policy.path() == "/service-role/");
}

TEST_CASE("what IAM cannot take is refused with its own code", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  struct Case {
    const char* code;
    const char* action;
    std::string request;
  };
  const std::string long_policy = absl::StrCat(
      R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:::)", std::string(2048, 'x'), R"("}})");
  const Case cases[] = {
      {"ValidationError", "CreateUser", ""},
      {"ValidationError", "CreateUser", "user_name: 'a b'"},
      {"ValidationError", "CreateUser", "user_name: 'a/b'"},
      {"ValidationError", "CreateUser", "user_name: 'eve' path: 'x'"},
      {"NoSuchEntity", "PutUserPolicy", "user_name: 'eve' policy_name: 'p' policy_document: '{}'"},
      {"MalformedPolicyDocument", "PutUserPolicy", "user_name: 'ada' policy_name: 'p' policy_document: '{}'"},
      {"LimitExceeded", "PutUserPolicy", "user_name: 'ada' policy_name: 'p' policy_document: " + Quoted(long_policy)},
      {"NoSuchEntity", "GetUserPolicy", "user_name: 'ada' policy_name: 'p'"},
      {"NoSuchEntity", "DeleteUserPolicy", "user_name: 'ada' policy_name: 'p'"},
      {"ValidationError", "AttachUserPolicy", "user_name: 'ada' policy_arn: 'p'"},
      {"NoSuchEntity", "AttachUserPolicy", "user_name: 'ada' policy_arn: 'arn:aws:iam::aws:policy/None'"},
      {"NoSuchEntity", "DetachUserPolicy",
       "user_name: 'ada' policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess'"},
      {"NoSuchEntity", "AddUserToGroup", "user_name: 'ada' group_name: 'g'"},
      {"MalformedPolicyDocument", "CreatePolicy", "policy_name: 'p' policy_document: '['"},
      {"AccessDenied", "DeletePolicy", "policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess'"},
      {"ValidationError", "GetPolicyVersion",
       "policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' version_id: '1'"},
  };
  for (const Case& c : cases) {
    INFO(c.action << " " << c.request.substr(0, 200));
    CHECK(world.Code(c.action, c.request) == c.code);
  }
}

}  // namespace brume
