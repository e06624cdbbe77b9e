// Tags of users, roles, policies and instance profiles, and what policies make of them.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/iam/v1/instance_profile.pb.h"
#include "brume/iam/v1/policy.pb.h"
#include "brume/iam/v1/role.pb.h"
#include "brume/iam/v1/tag.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "brume/iam/v1/user_credential.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kTrust[] =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}})";
constexpr char kAllowEc2[] =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})";

struct TagWorld : ApiWorld {
  template <typename Response>
  Response Ok(const std::string& action, const std::string& request) {
    auto response = CallText(action, request);
    INFO(action << " " << request << ": " << response.status().ToString());
    REQUIRE(response.ok());
    return static_cast<const Response&>(**response);
  }
  std::string Code(const std::string& action, const std::string& request) {
    return ec2::ErrorCode(CallText(action, request).status());
  }
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
  void Let(const std::string& user, const std::string& statements) {
    REQUIRE(Code("PutUserPolicy", absl::StrCat("user_name: '", user, "' policy_name: 'p' policy_document: '",
                                               R"({"Version":"2012-10-17","Statement":[)", statements, "]}'")) == "");
  }
};

template <typename Tagged>
std::string Shown(const Tagged& tagged) {
  std::string text;
  for (const iam::v1::Tag& tag : tagged.tags()) absl::StrAppend(&text, tag.key(), "=", tag.value(), " ");
  return text;
}

const std::string kTwo = "tags { key: 'Team' value: 'mist' } tags { key: 'empty' } ";

}  // namespace

TEST_CASE("users, roles, policies and instance profiles are made with tags, and shown with them", "[iam]") {
  TagWorld world;
  const std::string expected = "Team=mist empty= ";
  CHECK(Shown(world.Ok<iam::v1::CreateUserResponse>("CreateUser", "user_name: 'ada' " + kTwo).user()) == expected);
  CHECK(Shown(world.Ok<iam::v1::GetUserResponse>("GetUser", "user_name: 'ada'").user()) == expected);
  CHECK(Shown(world
                  .Ok<iam::v1::CreateRoleResponse>(
                      "CreateRole", absl::StrCat("role_name: 'web' assume_role_policy_document: '", kTrust, "' ", kTwo))
                  .role()) == expected);
  CHECK(Shown(world.Ok<iam::v1::GetRoleResponse>("GetRole", "role_name: 'web'").role()) == expected);
  const auto policy =
      world
          .Ok<iam::v1::CreatePolicyResponse>(
              "CreatePolicy", absl::StrCat("policy_name: 'own' policy_document: '", kAllowEc2, "' ", kTwo))
          .policy();
  CHECK(Shown(policy) == expected);
  CHECK(Shown(world.Ok<iam::v1::GetPolicyResponse>("GetPolicy", absl::StrCat("policy_arn: '", policy.arn(), "'"))
                  .policy()) == expected);
  CHECK(Shown(world
                  .Ok<iam::v1::CreateInstanceProfileResponse>("CreateInstanceProfile",
                                                              "instance_profile_name: 'servers' " + kTwo)
                  .instance_profile()) == expected);
  CHECK(Shown(world.Ok<iam::v1::GetInstanceProfileResponse>("GetInstanceProfile", "instance_profile_name: 'servers'")
                  .instance_profile()) == expected);
}

TEST_CASE("tags of each kind are set, listed in pages, taken away, and go with what has them", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateUser", "user_name: 'it'") == "");
  REQUIRE(world.Code("CreateRole", absl::StrCat("role_name: 'it' assume_role_policy_document: '", kTrust, "'")) == "");
  REQUIRE(world.Code("CreatePolicy", absl::StrCat("policy_name: 'it' policy_document: '", kAllowEc2, "'")) == "");
  REQUIRE(world.Code("CreateInstanceProfile", "instance_profile_name: 'it'") == "");
  struct Row {
    const char *kind, *name;
  };
  for (const Row& row : {Row{"User", "user_name: 'it' "}, Row{"Role", "role_name: 'it' "},
                         Row{"Policy", "policy_arn: 'arn:aws:iam::000000000000:policy/it' "},
                         Row{"InstanceProfile", "instance_profile_name: 'it' "}}) {
    INFO(row.kind);
    const std::string tag = absl::StrCat("Tag", row.kind), untag = absl::StrCat("Untag", row.kind),
                      list = absl::StrCat("List", row.kind, "Tags");
    // The answers of the four kinds have the same fields.
    const auto shown = [&](const std::string& more = "") {
      auto response = world.CallText(list, row.name + more);
      REQUIRE(response.ok());
      iam::v1::ListUserTagsResponse same;
      REQUIRE(same.ParseFromString((*response)->SerializeAsString()));
      return same;
    };
    CHECK(world.Code(tag, row.name + kTwo) == "");
    CHECK(Shown(shown()) == "Team=mist empty= ");
    // Keys know no case: the newer spelling stays.
    CHECK(world.Code(tag, absl::StrCat(row.name, "tags { key: 'TEAM' value: 'fog' }")) == "");
    CHECK(Shown(shown()) == "TEAM=fog empty= ");
    const auto page = shown("max_items: 1");
    CHECK(Shown(page) == "TEAM=fog ");
    CHECK(page.is_truncated());
    CHECK(Shown(shown(absl::StrCat("max_items: 1 marker: '", page.marker(), "'"))) == "empty= ");
    CHECK(world.Code(untag, absl::StrCat(row.name, "tag_keys: 'team' tag_keys: 'none'")) == "");
    CHECK(Shown(shown()) == "empty= ");
  }
  REQUIRE(world.Code("DeleteUser", "user_name: 'it'") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'it'") == "");
  CHECK(Shown(world.Ok<iam::v1::GetUserResponse>("GetUser", "user_name: 'it'").user()).empty());
}

TEST_CASE("fifty tags are the most, and a call that would exceed them changes nothing", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  std::string fifty;
  for (int i = 0; i < 50; ++i) absl::StrAppend(&fifty, "tags { key: 'k", i, "' value: 'v' } ");
  CHECK(world.Code("TagUser", "user_name: 'ada' " + fifty) == "");
  CHECK(world.Code("TagUser", "user_name: 'ada' tags { key: 'one-more' }") == "LimitExceeded");
  CHECK(world.Code("TagUser", "user_name: 'ada' tags { key: 'k7' value: 'new' }") == "");
  CHECK(world.Ok<iam::v1::ListUserTagsResponse>("ListUserTags", "user_name: 'ada'").tags_size() == 50);
}

TEST_CASE("policies ask about the tags of who calls, of what is touched, and of what is being set", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada' tags { key: 'Team' value: 'mist' }") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'mate' path: '/staff/' tags { key: 'Team' value: 'mist' }") == "");
  REQUIRE(world.Code("CreateUser", "user_name: 'other' tags { key: 'Team' value: 'fog' }") == "");
  for (const char* key : {"iam:ResourceTag/Team", "aws:ResourceTag/team"}) {
    world.Let("ada", absl::StrCat(R"({"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{")",
                                  key, R"(":"${aws:PrincipalTag/Team}"}}})"));
    CHECK(world.CodeAs("ada", "ListUserTags", "user_name: 'mate'") == "");
    CHECK(world.CodeAs("ada", "ListUserTags", "user_name: 'other'") == "AccessDenied");
  }
  // A change of one's own tags holds from the next call on.
  REQUIRE(world.Code("TagUser", "user_name: 'ada' tags { key: 'Team' value: 'fog' }") == "");
  CHECK(world.CodeAs("ada", "ListUserTags", "user_name: 'mate'") == "AccessDenied");
  CHECK(world.CodeAs("ada", "ListUserTags", "user_name: 'other'") == "");
  world.Let("ada", R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*",)"
                   R"("Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["Owner"]}}})");
  CHECK(world.CodeAs("ada", "TagUser", "user_name: 'mate' tags { key: 'Owner' value: 'x' }") == "AccessDenied");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'new' tags { key: 'Owner' value: 'x' }") == "AccessDenied");
  CHECK(world.CodeAs("ada", "CreateUser", "user_name: 'new' tags { key: 'Fine' value: 'x' }") == "");
}

TEST_CASE("a role's tags are its sessions' principal tags", "[iam]") {
  TagWorld world;
  const auto role =
      world
          .Ok<iam::v1::CreateRoleResponse>("CreateRole", absl::StrCat("role_name: 'web' assume_role_policy_document: '",
                                                                      kTrust, "' tags { key: 'env' value: 'dev' }"))
          .role();
  REQUIRE(world.Code(
              "PutRolePolicy",
              absl::StrCat("role_name: 'web' policy_name: 'p' policy_document: '",
                           R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*",)",
                           R"("Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/env":"dev"}}}}')")) == "");
  Caller session;
  session.principal = session.arn = "arn:aws:sts::000000000000:assumed-role/web/s";
  session.principal_id = role.role_id() + ":s";
  session.role_id = role.role_id();
  const Caller was = world.administrator;
  world.administrator = session;
  CHECK(world.Code("DescribeInstances", "") == "");
  world.administrator = was;
  REQUIRE(world.Code("UntagRole", "role_name: 'web' tag_keys: 'env'") == "");
  world.administrator = session;
  CHECK(world.Code("DescribeInstances", "") == "UnauthorizedOperation");
}

TEST_CASE("what deletes a user finds no passwords, devices, certificates and keys", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  CHECK(world.Code("GetLoginProfile", "user_name: 'ada'") == "NoSuchEntity");
  CHECK(world.Code("DeleteLoginProfile", "user_name: 'ada'") == "NoSuchEntity");
  for (const char* action :
       {"ListMFADevices", "ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials"}) {
    INFO(action);
    CHECK(world.Code(action, "user_name: 'ada'") == "");
    CHECK(world.Code(action, "") == "");
    CHECK(world.Code(action, "user_name: 'eve'") == "NoSuchEntity");
  }
  CHECK(world.Code("ListServiceSpecificCredentials", "all_users: true max_items: 10") == "");
  CHECK(world.Code("ListServiceSpecificCredentials", "all_users: true user_name: 'ada'") == "ValidationError");
  const auto devices = world.Ok<iam::v1::ListVirtualMFADevicesResponse>("ListVirtualMFADevices", "");
  CHECK(devices.virtual_mfa_devices().empty());
  CHECK_FALSE(devices.is_truncated());
}

TEST_CASE("a role's description is set anew, and may be empty", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateRole", absl::StrCat("role_name: 'web' description: 'old' assume_role_policy_document: '",
                                                kTrust, "'")) == "");
  const auto update = [&](const std::string& text) {
    return world
        .Ok<iam::v1::UpdateRoleDescriptionResponse>("UpdateRoleDescription",
                                                    absl::StrCat("role_name: 'web' description: '", text, "'"))
        .role()
        .description();
  };
  CHECK(update("new") == "new");
  CHECK(update("").empty());
  CHECK(world.Code("UpdateRoleDescription", "role_name: 'none' description: 'x'") == "NoSuchEntity");
}

TEST_CASE("AWS's policies that instances are given are known by their names", "[iam]") {
  TagWorld world;
  REQUIRE(world.Code("CreateRole", absl::StrCat("role_name: 'web' assume_role_policy_document: '", kTrust, "'")) == "");
  for (const char* name : {"AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy", "AmazonEC2ReadOnlyAccess",
                           "AmazonS3ReadOnlyAccess", "AmazonEC2ContainerRegistryReadOnly", "AmazonVPCFullAccess"}) {
    INFO(name);
    CHECK(world.Code("AttachRolePolicy",
                     absl::StrCat("role_name: 'web' policy_arn: 'arn:aws:iam::aws:policy/", name, "'")) == "");
  }
  CHECK(world.Code("TagPolicy", "policy_arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' tags { key: 'a' }") ==
        "InvalidInput");
}

}  // namespace brume
