// STS through the dispatcher.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/iam/v1/policy.pb.h"
#include "brume/iam/v1/role.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "brume/sts/v1/sts.pb.h"
#include "lib/iam/session.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kRoot[] = "arn:aws:iam::000000000000:root";
constexpr char kAda[] = "arn:aws:iam::000000000000:user/ada";
constexpr char kAllowEc2[] =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})";
constexpr char kBuilder[] = "arn:aws:iam::000000000000:role/ci/builder";

std::string Trust(const std::string& principal, const std::string& condition = "") {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":)",
                      principal, condition.empty() ? "" : R"(,"Condition":)", condition, "}}");
}

std::string TrustAws(const std::string& arn, const std::string& condition = "") {
  return Trust(absl::StrCat(R"({"AWS":")", arn, R"("})"), condition);
}

// That trusts the account with these actions.
std::string TrustAllows(const std::string& actions, const std::string& condition = "") {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":)", actions,
                      R"(,"Principal":{"AWS":"000000000000"})",
                      condition.empty() ? "" : absl::StrCat(R"(,"Condition":{)", condition, "}"), "}}");
}

std::string Allow(const std::string& action, const std::string& condition = "") {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":")", action,
                      "\"", condition.empty() ? "" : absl::StrCat(R"(,"Condition":{)", condition, "}"), "}}");
}

struct World : ApiWorld {
  template <typename Response>
  Response Ok(const std::string& action, const std::string& request) {
    auto response = CallText(action, request);
    INFO(action << ": " << response.status().ToString());
    REQUIRE(response.ok());
    return static_cast<const Response&>(**response);
  }
  void Do(const std::string& action, const std::string& request) {
    const absl::Status status = CallText(action, request).status();
    INFO(action << ": " << status.ToString());
    REQUIRE(status.ok());
  }
  std::string Code(const std::string& action, const std::string& request) {
    return ec2::ErrorCode(CallText(action, request).status());
  }

  sts::v1::GetCallerIdentityResponse WhoIs(const Caller& caller) {
    administrator = caller;
    return Ok<sts::v1::GetCallerIdentityResponse>("GetCallerIdentity", "");
  }
  // A user who may take on every role.
  Caller Ada() {
    const auto user = Ok<iam::v1::CreateUserResponse>("CreateUser", "user_name: 'ada'").user();
    Do("PutUserPolicy",
       R"(user_name: 'ada' policy_name: 'roles' policy_document:
                                     '{"Version":"2012-10-17","Statement":{"Effect":"Allow",)"
       R"("Action":"sts:AssumeRole","Resource":"*"}}')");
    return {.principal = user.arn(),
            .request_id = "r",
            .arn = user.arn(),
            .principal_id = user.user_id(),
            .user_name = "ada",
            .access_key_id = "AKIAADA"};
  }
  iam::v1::Role Role(const std::string& trust, const std::string& more = "") {
    return Ok<iam::v1::CreateRoleResponse>(
               "CreateRole",
               absl::StrCat("path: '/ci/' role_name: 'builder' assume_role_policy_document: '", trust, "' ", more))
        .role();
  }
  void Retrust(const std::string& trust) {
    Do("UpdateAssumeRolePolicy", absl::StrCat("role_name: 'builder' policy_document: '", trust, "'"));
  }
  // As it is shown: in the letters of a URL.
  std::string Shown() {
    return Ok<iam::v1::GetRoleResponse>("GetRole", "role_name: 'builder'").role().assume_role_policy_document();
  }
  std::string Assume(const Caller& caller, const std::string& more = "", const std::string& arn = kBuilder) {
    administrator = caller;
    return Code("AssumeRole", absl::StrCat("role_arn: '", arn, "' role_session_name: 'night' ", more));
  }
  iam::Session Opened(const sts::v1::Credentials& credentials) {
    const auto opened = iam::OpenSession(access_keys->box(), credentials.access_key_id(), credentials.session_token());
    REQUIRE(opened.ok());
    return opened->session;
  }
  iam::Session Begin(const Caller& caller, const std::string& more) {
    administrator = caller;
    return Opened(Ok<sts::v1::AssumeRoleResponse>(
                      "AssumeRole", absl::StrCat("role_arn: '", kBuilder, "' role_session_name: 'night' ", more))
                      .credentials());
  }
  // Who calls with that session's key.
  static Caller Of(const iam::Session& session) {
    const std::string arn = "arn:aws:sts::000000000000:assumed-role/builder/night";
    return {.principal = arn,
            .request_id = "r",
            .arn = arn,
            .principal_id = session.identity_id + ":night",
            .role_id = session.identity_id,
            .role_arn = kBuilder,
            .session_policy = session.policy,
            .session_policy_arns = session.policy_arns,
            .session_tags = session.tags,
            .transitive_tag_keys = session.transitive_tag_keys,
            .source_identity = session.source_identity};
  }
  // What the user ada may do beside, and what a role may.
  void LetAda(const std::string& document) {
    Do("PutUserPolicy", absl::StrCat("user_name: 'ada' policy_name: 'more' policy_document: '", document, "'"));
  }
  void LetRole(const std::string& document) {
    Do("PutRolePolicy", absl::StrCat("role_name: 'builder' policy_name: 'p' policy_document: '", document, "'"));
  }
  absl::Duration Left(const sts::v1::Credentials& credentials) {
    return Opened(credentials).expires - absl::FromUnixSeconds(absl::ToUnixSeconds(clock.Now()));
  }
};

}  // namespace

TEST_CASE("who calls over the daemon's socket is the account's root", "[sts]") {
  World world;
  const auto identity = world.WhoIs(world.administrator);
  CHECK(identity.account() == "000000000000");
  CHECK(identity.user_id() == "000000000000");
  CHECK(identity.arn() == kRoot);
}

TEST_CASE("a caller whom no policy allows anything is told who they are", "[sts]") {
  World world;
  const auto identity = world.WhoIs(
      {.principal = kAda, .request_id = "r", .arn = kAda, .principal_id = "AIDAAAAAAAAAAAAAAAAAA", .user_name = "ada"});
  CHECK(identity.account() == "000000000000");
  CHECK(identity.user_id() == "AIDAAAAAAAAAAAAAAAAAA");
  CHECK(identity.arn() == kAda);
}

TEST_CASE("the account of a key is told, and of no other", "[sts]") {
  World world;
  const auto key = world.access_keys->Create("");
  REQUIRE(key.ok());
  CHECK(
      world
          .Ok<sts::v1::GetAccessKeyInfoResponse>("GetAccessKeyInfo", absl::StrCat("access_key_id: '", key->key.id, "'"))
          .account() == "000000000000");
  CHECK(world.Code("GetAccessKeyInfo", "access_key_id: 'AKIAUNKNOWN'") == "ValidationError");
}

TEST_CASE("a user who is trusted takes on a role", "[sts]") {
  World world;
  const Caller ada = world.Ada();
  const auto role = world.Role(TrustAws(kAda));
  world.administrator = ada;
  const auto assumed = world.Ok<sts::v1::AssumeRoleResponse>(
      "AssumeRole", absl::StrCat("role_arn: '", kBuilder, "' role_session_name: 'night' policy: '", kAllowEc2, "'"));
  CHECK(assumed.assumed_role_user().arn() == "arn:aws:sts::000000000000:assumed-role/builder/night");
  CHECK(assumed.assumed_role_user().assumed_role_id() == role.role_id() + ":night");
  CHECK(assumed.packed_policy_size() == 5);
  const auto& credentials = assumed.credentials();
  CHECK(absl::StartsWith(credentials.access_key_id(), "ASIA"));
  CHECK(credentials.secret_access_key().size() == 40);
  CHECK(world.Left(credentials) == absl::Hours(1));
  const auto opened =
      iam::OpenSession(world.access_keys->box(), credentials.access_key_id(), credentials.session_token());
  REQUIRE(opened.ok());
  CHECK(opened->session.identity_id == role.role_id());
  CHECK(opened->session.name == "night");
  CHECK(opened->session.policy == kAllowEc2);
}

TEST_CASE("a role that does not trust the caller cannot be told from one that is not there", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.administrator = root;
  world.Do("iam:CreateUser", "user_name: 'eve'");
  world.Role(TrustAws("arn:aws:iam::000000000000:user/eve"));
  CHECK(world.Assume(ada) == "AccessDenied");
  CHECK(world.Assume(ada, "", "arn:aws:iam::000000000000:role/ci/other") == "AccessDenied");
  CHECK(world.Assume(ada, "", "arn:aws:iam::000000000000:role/builder") == "AccessDenied");
}

TEST_CASE("a trusted user whose own policies do not allow it is refused the role", "[sts]") {
  World world;
  const Caller root = world.administrator;
  const Caller ada = world.Ada();
  world.Role(TrustAws(kAda));
  CHECK(world.Assume(ada) == "");
  world.administrator = root;
  world.Do("DeleteUserPolicy", "user_name: 'ada' policy_name: 'roles'");
  CHECK(world.Assume(ada) == "AccessDenied");
}

TEST_CASE("a role for instances is no user's, and one for the account is root's too", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(Trust(R"({"Service":"ec2.amazonaws.com"})"));
  CHECK(world.Assume(root) == "AccessDenied");
  world.Do("UpdateAssumeRolePolicy",
           absl::StrCat("role_name: 'builder' policy_document: '", TrustAws("000000000000"), "'"));
  CHECK(world.Assume(root) == "");
}

TEST_CASE("a trust policy sees the external id and the session's name", "[sts]") {
  World world;
  const Caller ada = world.Ada();
  world.Role(TrustAws(kAda, R"({"StringEquals":{"sts:ExternalId":"x-1","sts:RoleSessionName":"night"}})"));
  CHECK(world.Assume(ada, "external_id: 'x-1'") == "");
  CHECK(world.Assume(ada, "external_id: 'x-2'") == "AccessDenied");
  CHECK(world.Assume(ada) == "AccessDenied");
}

TEST_CASE("a trust policy sees the tags of who asks, and those of the role", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.Role(
      TrustAws(kAda, R"({"StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/owner}","aws:username":"ada"}})"),
      "tags { key: 'Owner' value: 'blue' }");
  CHECK(world.Assume(ada) == "AccessDenied");
  world.administrator = root;
  world.Do("TagUser", "user_name: 'ada' tags { key: 'Team' value: 'blue' }");
  CHECK(world.Assume(ada) == "");
}

TEST_CASE("to a trust policy the principal's ARN of a session is its role's", "[sts]") {
  World world;
  const auto role =
      world.Role(TrustAws("000000000000", absl::StrCat(R"({"ArnEquals":{"aws:PrincipalArn":")", kBuilder, R"("}})")));
  const Caller session{.principal = "arn:aws:sts::000000000000:assumed-role/builder/x",
                       .administrator = true,  // no policy is asked before the trust policy
                       .request_id = "r",
                       .arn = "arn:aws:sts::000000000000:assumed-role/builder/x",
                       .principal_id = role.role_id() + ":x",
                       .role_id = role.role_id(),
                       .role_arn = role.arn()};
  const Caller ada = world.Ada();
  CHECK(world.Assume(session) == "");
  CHECK(world.Assume(ada) == "AccessDenied");
}

TEST_CASE("who may take on roles can be bound to an external id, a session's name and its length", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.Role(TrustAws("000000000000"));
  const auto bind = [&](const std::string& condition) {
    world.administrator = root;
    world.Do("PutUserPolicy", absl::StrCat(R"(user_name: 'ada' policy_name: 'roles' policy_document: ')",
                                           R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",)",
                                           R"("Action":"sts:AssumeRole","Condition":{)", condition, "}}}'"));
  };
  bind(R"("StringEquals":{"sts:ExternalId":"x-1"})");
  CHECK(world.Assume(ada, "external_id: 'x-1'") == "");
  CHECK(world.Assume(ada, "external_id: 'x-2'") == "AccessDenied");
  bind(R"("StringEquals":{"sts:RoleSessionName":"day"})");
  CHECK(world.Assume(ada) == "AccessDenied");
  bind(R"("NumericLessThanEquals":{"sts:DurationSeconds":"1800"})");
  CHECK(world.Assume(ada, "duration_seconds: 1800") == "");
  CHECK(world.Assume(ada) == "AccessDenied");
}

TEST_CASE("a session is as long as the role allows, and an hour where a role takes on a role", "[sts]") {
  World world;
  const Caller ada = world.Ada();
  const auto role = world.Role(TrustAws("000000000000"), "max_session_duration: 7200");
  CHECK(world.Assume(ada, "duration_seconds: 7200") == "");
  CHECK(world.Assume(ada, "duration_seconds: 7201") == "ValidationError");
  CHECK(world.Assume(ada, "duration_seconds: 899") == "ValidationError");
  CHECK(world.Assume(ada, "duration_seconds: 43201") == "ValidationError");
  Caller chained{.principal = "arn:aws:sts::000000000000:assumed-role/builder/x",
                 .administrator = true,  // no policy is asked before the trust policy
                 .request_id = "r",
                 .arn = "arn:aws:sts::000000000000:assumed-role/builder/x",
                 .principal_id = role.role_id() + ":x",
                 .role_id = role.role_id(),
                 .role_arn = role.arn()};
  CHECK(world.Assume(chained, "duration_seconds: 3600") == "");
  CHECK(world.Assume(chained, "duration_seconds: 3601") == "ValidationError");
}

TEST_CASE("a role may trust a role", "[sts]") {
  World world;
  // It is not there yet while it is made.
  CHECK(world.Code("CreateRole", absl::StrCat("path: '/ci/' role_name: 'builder' assume_role_policy_document: '",
                                              TrustAws(kBuilder), "'")) == "MalformedPolicyDocument");
  const auto role = world.Role(TrustAws("000000000000"));
  world.Retrust(TrustAws(kBuilder));
  const Caller session{.principal = "arn:aws:sts::000000000000:assumed-role/builder/x",
                       .administrator = true,  // no policy is asked before the trust policy
                       .request_id = "r",
                       .arn = "arn:aws:sts::000000000000:assumed-role/builder/x",
                       .principal_id = role.role_id() + ":x",
                       .role_id = role.role_id(),
                       .role_arn = role.arn()};
  CHECK(world.Assume(session) == "");
}

TEST_CASE("a trust policy cannot name a user or role that is not there", "[sts]") {
  World world;
  world.Role(TrustAws("000000000000"));
  for (const char* name : {"iam::000000000000:user/nobody", "iam::000000000000:role/nobody",
                           "iam::000000000000:role/builder", "sts::000000000000:assumed-role/nobody/s"}) {
    const std::string arn = absl::StrCat("arn:aws:", name);
    const absl::Status refused =
        world
            .CallText("UpdateAssumeRolePolicy",
                      absl::StrCat("role_name: 'builder' policy_document: '", TrustAws(arn), "'"))
            .status();
    CHECK(ec2::ErrorCode(refused) == "MalformedPolicyDocument");
    CHECK(refused.message() == absl::StrCat(R"(Invalid principal in policy: "AWS":")", arn, "\""));
  }
  world.Retrust(TrustAws("arn:aws:sts::000000000000:assumed-role/builder/s"));
  // Who is of another account is not known here.
  world.Retrust(TrustAws("arn:aws:iam::210987654321:user/ada"));
}

TEST_CASE("a user who is given the name of one who is gone is not trusted for it", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.Role(TrustAws(kAda, R"({"StringLike":{"aws:PrincipalArn":"arn:aws:iam::000000000000:user/ada"}})"));
  CHECK(world.Assume(ada) == "");
  world.administrator = root;
  world.Do("DeleteUserPolicy", "user_name: 'ada' policy_name: 'roles'");
  world.Do("iam:DeleteUser", "user_name: 'ada'");
  // The id stands in the name's place, and what else the policy says stays.
  CHECK(absl::StrContains(world.Shown(), ada.principal_id));
  CHECK(absl::StrContains(world.Shown(), "user%2Fada"));
  const Caller other = world.Ada();
  CHECK(world.Assume(other) == "AccessDenied");
  world.administrator = root;
  world.Retrust(TrustAws(kAda));
  CHECK(world.Assume(other) == "");
}

TEST_CASE("a user who is renamed stays trusted, and the policy shows the new name", "[sts]") {
  World world;
  const Caller root = world.administrator;
  Caller ada = world.Ada();
  world.Role(TrustAws(kAda));
  world.Do("iam:UpdateUser", "user_name: 'ada' new_user_name: 'eve' new_path: '/staff/'");
  CHECK(absl::StrContains(world.Shown(), "user%2Fstaff%2Feve"));
  ada.arn = "arn:aws:iam::000000000000:user/staff/eve";
  ada.user_name = "eve";
  CHECK(world.Assume(ada) == "");
  world.administrator = root;
  CHECK(world.Assume(world.Ada()) == "AccessDenied");
}

TEST_CASE("a trust policy that names a session means no other of its role", "[sts]") {
  World world;
  const auto role = world.Role(TrustAws("000000000000"));
  Caller session{.principal = "arn:aws:sts::000000000000:assumed-role/builder/x",
                 .administrator = true,  // no policy is asked before the trust policy
                 .request_id = "r",
                 .arn = "arn:aws:sts::000000000000:assumed-role/builder/x",
                 .principal_id = role.role_id() + ":x",
                 .role_id = role.role_id(),
                 .role_arn = role.arn()};
  world.Retrust(TrustAws(session.arn));
  CHECK(world.Assume(session) == "");
  session.arn = "arn:aws:sts::000000000000:assumed-role/builder/y";
  CHECK(world.Assume(session) == "AccessDenied");
}

TEST_CASE("nobody comes by an identity provider that a trust policy names", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.administrator = root;
  world.Role(Trust(R"({"Federated":"arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"})"));
  CHECK(world.Assume(ada) == "AccessDenied");
  CHECK(world.Assume(root) == "AccessDenied");
}

TEST_CASE("a role is not taken on with bad words", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(TrustAws("000000000000"));
  const auto code = [&](const std::string& request) { return world.Code("AssumeRole", request); };
  const std::string arn = absl::StrCat("role_arn: '", kBuilder, "' ");
  CHECK(code("role_session_name: 'night'") == "ValidationError");
  CHECK(code(arn) == "ValidationError");
  CHECK(code("role_arn: 'builder' role_session_name: 'night'") == "ValidationError");
  for (const char* name : {"n", "a b", "a/b", "a:b", "ä€"}) {
    CHECK(code(absl::StrCat(arn, "role_session_name: '", name, "'")) == "ValidationError");
  }
  CHECK(code(absl::StrCat(arn, "role_session_name: '", std::string(64, 'x'), "'")) == "");
  CHECK(code(absl::StrCat(arn, "role_session_name: '", std::string(65, 'x'), "'")) == "ValidationError");
  CHECK(code(absl::StrCat(arn, "role_session_name: 'a_B0+=,.@-'")) == "");
  CHECK(world.Assume(root, "policy: '{'") == "MalformedPolicyDocument");
  CHECK(world.Assume(root, absl::StrCat("policy: '", std::string(2049, ' '), "'")) == "ValidationError");
  CHECK(world.Assume(root, "external_id: 'a b'") == "ValidationError");
}

TEST_CASE("a session is tagged only by whom both policies let do that", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  const std::string tags = "tags: {key: 'team' value: 'a'}";
  world.Role(TrustAws("000000000000"));
  CHECK(world.Assume(root, tags) == "AccessDenied");
  world.administrator = root;
  world.Retrust(TrustAllows(R"(["sts:AssumeRole","sts:TagSession"])"));
  CHECK(world.Assume(root, tags) == "");
  CHECK(world.Assume(ada) == "");
  CHECK(world.Assume(ada, tags) == "AccessDenied");
  world.administrator = root;
  world.LetAda(Allow("sts:TagSession", R"("StringEquals":{"aws:RequestTag/team":"a"},)"
                                       R"("ForAllValues:StringEquals":{"aws:TagKeys":["team"]})"));
  CHECK(world.Assume(ada, tags) == "");
  CHECK(world.Assume(ada, "tags: {key: 'team' value: 'b'}") == "AccessDenied");
  CHECK(world.Assume(ada, tags + " tags: {key: 'more' value: 'a'}") == "AccessDenied");
}

TEST_CASE("the tags of a session are those of the principal, in the place of the role's", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(TrustAllows(R"(["sts:AssumeRole","sts:TagSession"])"),
             "tags: {key: 'Team' value: 'b'} tags: {key: 'floor' value: '1'}");
  world.LetRole(Allow("ec2:*", R"("StringEquals":{"aws:PrincipalTag/team":"a","aws:PrincipalTag/floor":"1"})"));
  const iam::Session plain = world.Begin(root, "");
  const iam::Session tagged = world.Begin(root, "tags: {key: 'team' value: 'a'}");
  world.administrator = World::Of(plain);
  CHECK(world.Code("DescribeInstances", "") == "UnauthorizedOperation");
  world.administrator = World::Of(tagged);
  CHECK(world.Code("DescribeInstances", "") == "");
}

TEST_CASE("transitive tags and the source identity go with the sessions that a session makes", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(TrustAllows(R"(["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"])"));
  world.LetRole(Allow("sts:*"));
  const iam::Session first = world.Begin(root, R"(tags: {key: 'team' value: 'a'} tags: {key: 'floor' value: '1'}
                                                  transitive_tag_keys: 'team' source_identity: 'ada')");
  CHECK(first.tags == TagMap{{"floor", "1"}, {"team", "a"}});
  CHECK(first.source_identity == "ada");
  const Caller caller = World::Of(first);
  const iam::Session second = world.Begin(caller, "tags: {key: 'room' value: '2'}");
  CHECK(second.tags == TagMap{{"room", "2"}, {"team", "a"}});
  CHECK(second.transitive_tag_keys == std::vector<std::string>{"team"});
  CHECK(second.source_identity == "ada");
  CHECK(world.Assume(caller, "tags: {key: 'TEAM' value: 'b'}") == "ValidationError");
  CHECK(world.Assume(caller, "source_identity: 'eve'") == "ValidationError");
  CHECK(world.Assume(caller, "source_identity: 'ada'") == "");
  // The next role must trust a session that is tagged, and one that somebody stands behind.
  world.administrator = root;
  world.Retrust(TrustAllows(R"(["sts:AssumeRole","sts:TagSession"])"));
  CHECK(world.Assume(caller) == "AccessDenied");
  world.administrator = root;
  world.Retrust(TrustAllows(R"(["sts:AssumeRole","sts:SetSourceIdentity"])"));
  CHECK(world.Assume(caller) == "AccessDenied");
}

TEST_CASE("a source identity is set only by whom both policies let do that, and is a key of conditions", "[sts]") {
  World world;
  const Caller root = world.administrator, ada = world.Ada();
  world.Role(TrustAllows(R"(["sts:AssumeRole","sts:SetSourceIdentity"])",
                         R"("StringNotEquals":{"sts:SourceIdentity":"eve"})"));
  CHECK(world.Assume(root, "source_identity: 'ada'") == "");
  CHECK(world.Assume(root, "source_identity: 'eve'") == "AccessDenied");
  CHECK(world.Assume(ada, "source_identity: 'ada'") == "AccessDenied");
  world.administrator = root;
  world.LetAda(Allow("sts:SetSourceIdentity", R"("StringEquals":{"sts:SourceIdentity":"ada"})"));
  CHECK(world.Assume(ada, "source_identity: 'ada'") == "");
  CHECK(world.Assume(ada, "source_identity: 'bob'") == "AccessDenied");
  world.administrator = root;
  world.LetRole(Allow("ec2:*", R"("StringEquals":{"aws:SourceIdentity":"ada"})"));
  world.administrator = World::Of(world.Begin(root, "source_identity: 'ada'"));
  CHECK(world.Code("DescribeInstances", "") == "");
  world.administrator = World::Of(world.Begin(root, "source_identity: 'bob'"));
  CHECK(world.Code("DescribeInstances", "") == "UnauthorizedOperation");
}

TEST_CASE("managed policies bound a session together with its own, as they are when it calls", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(TrustAws("000000000000"));
  world.LetRole(Allow("*"));
  const auto make = [&](const std::string& name, const std::string& document) {
    return world
        .Ok<iam::v1::CreatePolicyResponse>("CreatePolicy",
                                           absl::StrCat("policy_name: '", name, "' policy_document: '", document, "'"))
        .policy()
        .arn();
  };
  const std::string images = make("images", Allow("ec2:DescribeImages"));
  const std::string volumes = make("volumes", Allow("ec2:DescribeVolumes"));
  const iam::Session session =
      world.Begin(root, absl::StrCat("policy: '", Allow("ec2:DescribeVpcs"), "' policy_arns: {arn: '", images,
                                     "'} policy_arns: {arn: '", volumes, "'}"));
  const auto may = [&](const std::string& action) {
    world.administrator = World::Of(session);
    const std::string code = world.Code(action, "");
    world.administrator = root;
    return code;
  };
  CHECK(may("DescribeImages") == "");
  CHECK(may("DescribeVolumes") == "");
  CHECK(may("DescribeVpcs") == "");
  CHECK(may("DescribeInstances") == "UnauthorizedOperation");
  world.Do("DeletePolicy", absl::StrCat("policy_arn: '", volumes, "'"));
  CHECK(may("DescribeVolumes") == "UnauthorizedOperation");
  CHECK(may("DescribeImages") == "");
  const iam::Session one = world.Begin(root, absl::StrCat("policy_arns: {arn: '", images, "'}"));
  world.Do("DeletePolicy", absl::StrCat("policy_arn: '", images, "'"));
  // A bound that is gone bounds all.
  world.administrator = World::Of(one);
  CHECK(world.Code("DescribeImages", "") == "UnauthorizedOperation");
  CHECK(world.Assume(root, absl::StrCat("policy_arns: {arn: '", images, "'}")) == "ValidationError");
}

TEST_CASE("tags and source identities that a session cannot have are refused", "[sts]") {
  World world;
  const Caller root = world.administrator;
  world.Role(TrustAllows(R"(["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"])"));
  const auto tag = [](const std::string& key, const std::string& value) {
    return absl::StrCat("tags: {key: '", key, "' value: '", value, "'} ");
  };
  CHECK(world.Assume(root, tag("a", "1") + tag("A", "1")) == "ValidationError");
  CHECK(world.Assume(root, tag("a", "1") + tag("a", "1")) == "ValidationError");
  CHECK(world.Assume(root, tag("aws:a", "1")) == "ValidationError");
  CHECK(world.Assume(root, tag(std::string(129, 'k'), "1")) == "ValidationError");
  CHECK(world.Assume(root, tag("k", std::string(257, 'v'))) == "ValidationError");
  CHECK(world.Assume(root, tag("a", "1") + "transitive_tag_keys: 'b'") == "ValidationError");
  CHECK(world.Assume(root, tag("a", "1") + "transitive_tag_keys: 'A'") == "");
  CHECK(world.Assume(root, "source_identity: 'a'") == "ValidationError");
  CHECK(world.Assume(root, "source_identity: 'a b'") == "ValidationError");
  std::string many, large;
  for (int i = 0; i < 51; ++i) many += tag(absl::StrCat("k", i), "v");
  CHECK(world.Assume(root, many) == "ValidationError");
  for (int i = 0; i < 20; ++i) large += tag(absl::StrCat("k", i), std::string(256, 'v'));
  CHECK(world.Assume(root, large) == "PackedPolicyTooLarge");
}

TEST_CASE("users and root get session tokens, and sessions none", "[sts]") {
  World world;
  const Caller ada = world.Ada();
  const auto left = [&](const std::string& request) {
    return world.Left(world.Ok<sts::v1::GetSessionTokenResponse>("GetSessionToken", request).credentials());
  };
  CHECK(left("") == absl::Hours(1));
  CHECK(left("duration_seconds: 900") == absl::Minutes(15));
  CHECK(left("duration_seconds: 129600") == absl::Hours(1));
  world.administrator = ada;
  CHECK(left("") == absl::Hours(12));
  CHECK(left("duration_seconds: 129600") == absl::Hours(36));
  CHECK(world.Code("GetSessionToken", "duration_seconds: 899") == "ValidationError");
  CHECK(world.Code("GetSessionToken", "duration_seconds: 129601") == "ValidationError");
  world.administrator.access_key_id = "ASIAADA";
  CHECK(world.Code("GetSessionToken", "") == "AccessDenied");
  world.administrator = {.principal = "nobody", .request_id = "r"};
  CHECK(world.Code("GetSessionToken", "") == "AccessDenied");
}

}  // namespace brume
