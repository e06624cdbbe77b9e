// Access keys through the dispatcher: one's own, another's, root's.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/access_key.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

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
  iam::v1::AccessKey Create(const std::string& request) {
    return Ok<iam::v1::CreateAccessKeyResponse>("CreateAccessKey", request).access_key();
  }
  iam::v1::ListAccessKeysResponse List(const std::string& request) {
    return Ok<iam::v1::ListAccessKeysResponse>("ListAccessKeys", request);
  }
  // Calls are from this user from now on, who may do as to keys what `resource` names.
  void BecomeUser(const std::string& name, const std::string& resource) {
    const auto user = Ok<iam::v1::CreateUserResponse>("CreateUser", absl::StrCat("user_name: '", name, "'")).user();
    const std::string policy =
        absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":")",
                     resource, R"("}})");
    REQUIRE(Code("PutUserPolicy",
                 absl::StrCat("user_name: '", name, "' policy_name: 'keys' policy_document: '", policy, "'")) == "");
    Caller caller;
    caller.principal = caller.arn = user.arn();
    caller.principal_id = user.user_id();
    caller.user_name = user.user_name();
    administrator = caller;
  }
};

std::string KeyId(const iam::v1::AccessKey& key) { return absl::StrCat(" access_key_id: '", key.access_key_id(), "'"); }

}  // namespace

TEST_CASE("a user's key is made, shown without its secret, made inactive and deleted", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  const std::string ada = "user_name: 'ada'";
  const auto made = world.Create(ada);
  CHECK(made.user_name() == "ada");
  CHECK(absl::StartsWith(made.access_key_id(), "AKIA"));
  CHECK(made.secret_access_key().size() == 40);
  CHECK(made.status() == "Active");
  CHECK(made.create_date() == "2027-01-15T08:00:00.000Z");
  const auto other = world.Create(ada);
  CHECK(world.Code("CreateAccessKey", ada) == "LimitExceeded");

  CHECK(world.Code("UpdateAccessKey", ada + KeyId(other) + " status: 'Expired'") == "ValidationError");
  CHECK(world.Code("UpdateAccessKey", ada + KeyId(other) + " status: 'Inactive'") == "");
  const auto listed = world.List(ada);
  REQUIRE(listed.access_key_metadata_size() == 2);
  for (const auto& key : listed.access_key_metadata()) {
    CHECK(key.user_name() == "ada");
    CHECK(key.status() == (key.access_key_id() == other.access_key_id() ? "Inactive" : "Active"));
  }
  CHECK_FALSE(absl::StrContains(listed.DebugString(), made.secret_access_key()));
  CHECK(world.Code("DeleteAccessKey", ada + KeyId(made)) == "");
  CHECK(world.Code("DeleteAccessKey", ada + KeyId(made)) == "NoSuchEntity");
  CHECK(world.List(ada).access_key_metadata_size() == 1);
}

TEST_CASE("keys are listed in pages", "[iam]") {
  World world;
  world.Create("");
  world.Create("");
  const auto first = world.List("max_items: 1");
  REQUIRE(first.access_key_metadata_size() == 1);
  REQUIRE(first.is_truncated());
  const auto second = world.List(absl::StrCat("max_items: 1 marker: '", first.marker(), "'"));
  REQUIRE(second.access_key_metadata_size() == 1);
  CHECK_FALSE(second.is_truncated());
  CHECK(second.access_key_metadata(0).access_key_id() > first.access_key_metadata(0).access_key_id());
}

TEST_CASE("without a user's name, keys are the caller's", "[iam]") {
  World world;
  const auto of_root = world.Create("");
  CHECK(of_root.user_name().empty());
  world.BecomeUser("ada", "arn:aws:iam::*:user/${aws:username}");
  const auto of_ada = world.Create("");
  CHECK(of_ada.user_name() == "ada");
  REQUIRE(world.List("").access_key_metadata_size() == 1);
  CHECK(world.List("").access_key_metadata(0).access_key_id() == of_ada.access_key_id());
  CHECK(world.Code("DeleteAccessKey", KeyId(of_root)) == "NoSuchEntity");
  CHECK(world.Code("UpdateAccessKey", KeyId(of_root) + " status: 'Inactive'") == "NoSuchEntity");
  CHECK(world.Code("UpdateAccessKey", KeyId(of_ada) + " status: 'Inactive'") == "");
  world.administrator = world.root;
  REQUIRE(world.List("").access_key_metadata_size() == 1);
  CHECK(world.List("").access_key_metadata(0).access_key_id() == of_root.access_key_id());
  CHECK(world.Code("DeleteAccessKey", KeyId(of_ada)) == "NoSuchEntity");
}

TEST_CASE("who may change the own keys may not touch another's", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'bob'") == "");
  const auto of_bob = world.Create("user_name: 'bob'");
  world.BecomeUser("ada", "arn:aws:iam::*:user/${aws:username}");
  CHECK(world.Code("CreateAccessKey", "user_name: 'bob'") == "AccessDenied");
  CHECK(world.Code("ListAccessKeys", "user_name: 'bob'") == "AccessDenied");
  CHECK(world.Code("DeleteAccessKey", "user_name: 'bob'" + KeyId(of_bob)) == "AccessDenied");
  CHECK(world.Code("UpdateAccessKey", "user_name: 'bob' status: 'Inactive'" + KeyId(of_bob)) == "AccessDenied");
  CHECK(world.Code("GetAccessKeyLastUsed", KeyId(of_bob)) == "AccessDenied");
}

TEST_CASE("a session of a role has no keys and must name a user", "[iam]") {
  World world;
  const std::string all = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}})";
  REQUIRE(world.Code("CreateRole", absl::StrCat("role_name: 'r' assume_role_policy_document: '",
                                                R"({"Version":"2012-10-17","Statement":{"Effect":"Allow",)"
                                                R"("Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}')")) == "");
  REQUIRE(world.Code("PutRolePolicy", absl::StrCat("role_name: 'r' policy_name: 'p' policy_document: '", all, "'")) ==
          "");
  Caller session;
  session.principal = session.arn = "arn:aws:sts::000000000000:assumed-role/r/s";
  session.role_id = world.identities.Get(IdentityKind::kRole, "r")->id;
  session.principal_id = session.role_id + ":s";
  world.administrator = session;
  CHECK(world.Code("CreateAccessKey", "") == "ValidationError");
  CHECK(world.Code("ListAccessKeys", "") == "ValidationError");
}

TEST_CASE("the last use of a key is shown, with whose it is", "[iam]") {
  World world;
  const auto shown = [&](const iam::v1::AccessKey& key) {
    return world.Ok<iam::v1::GetAccessKeyLastUsedResponse>("GetAccessKeyLastUsed", KeyId(key));
  };
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  const auto key = world.Create("user_name: 'ada'");
  CHECK(shown(key).user_name() == "ada");
  CHECK_FALSE(shown(key).access_key_last_used().has_last_used_date());
  CHECK(shown(key).access_key_last_used().service_name() == "N/A");
  CHECK(shown(key).access_key_last_used().region() == "N/A");
  world.access_keys->Used(key.access_key_id(), {world.clock.Now(), "ec2", "eu-home-1"});
  CHECK(shown(key).access_key_last_used().last_used_date() == "2027-01-15T08:00:00.000Z");
  CHECK(shown(key).access_key_last_used().service_name() == "ec2");
  CHECK(shown(key).access_key_last_used().region() == "eu-home-1");
  CHECK(shown(world.Create("")).user_name().empty());
  CHECK(world.Code("GetAccessKeyLastUsed", "access_key_id: 'AKIANONE'") == "NoSuchEntity");
}

TEST_CASE("a user who has keys is not deleted", "[iam]") {
  World world;
  REQUIRE(world.Code("CreateUser", "user_name: 'ada'") == "");
  const auto key = world.Create("user_name: 'ada'");
  CHECK(world.Code("DeleteUser", "user_name: 'ada'") == "DeleteConflict");
  CHECK(world.Code("UpdateAccessKey", "user_name: 'ada' status: 'Inactive'" + KeyId(key)) == "");
  CHECK(world.Code("DeleteUser", "user_name: 'ada'") == "DeleteConflict");
  CHECK(world.Code("DeleteAccessKey", "user_name: 'ada'" + KeyId(key)) == "");
  CHECK(world.Code("DeleteUser", "user_name: 'ada'") == "");
  CHECK(world.Code("CreateAccessKey", "user_name: 'ada'") == "NoSuchEntity");
}

}  // namespace brume
