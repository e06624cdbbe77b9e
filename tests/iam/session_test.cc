// Sessions: their tokens, and what the authenticator makes of them.
#include "lib/iam/session.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/tables/identity_table.h"
#include "tests/iam/sigv4_fixture.h"

namespace brume::iam {
namespace {

constexpr char kPolicy[] = "{\n\"Version\":\"2012-10-17\",\"Statement\":[]\n}";

struct SessionWorld : SigningWorld {
  Identity Add(IdentityKind kind, const std::string& id, const std::string& name) {
    Identity identity;
    identity.id = id;
    identity.kind = kind;
    identity.name = name;
    identity.path = "/staff/";
    identity.created = kSignedTime;
    REQUIRE_OK(database->Write([&](store::Connection& c) { return IdentityTable(c).Insert(identity); }));
    return identity;
  }
  SessionKey Make(const std::string& identity_id, const std::string& name = "", const std::string& policy = "") {
    return Value(MakeSession(
        keys->box(),
        {.identity_id = identity_id, .name = name, .policy = policy, .expires = kSignedTime + absl::Minutes(10)}));
  }
  TestRequest Sign(const SessionKey& key, const std::string& token, const std::string& service = "ec2") {
    TestRequest request;
    request.Header("x-amz-security-token") = token;
    return Signed(
        request,
        {.id = key.id, .secret = key.secret, .service = service, .headers = "host;x-amz-date;x-amz-security-token"});
  }
  Caller CallerOf(const SessionKey& key) {
    return Value(authenticator.Authenticate(Sign(key, key.token).View())).caller;
  }
};

}  // namespace

TEST_CASE("a token says what was put into it, to its own key only", "[session]") {
  const TempDir directory;
  const auto box = Value(SecretBox::Open(directory / "secret.key", false));
  const Session session{.identity_id = "AROAR",
                        .name = "s",
                        .policy = kPolicy,
                        .expires = absl::FromUnixSeconds(1'700'000'000),
                        .issued = absl::FromUnixSeconds(1'699'990'000),
                        .instance = "i-1",
                        .delivery = "1.0",
                        .policy_arns = {"arn:aws:iam::aws:policy/ReadOnlyAccess"},
                        .tags = {{"team", "a\nb"}},
                        .transitive_tag_keys = {"team"},
                        .source_identity = "ada"};
  const SessionKey key = Value(MakeSession(*box, session));
  CHECK(absl::StartsWith(key.id, "ASIA"));
  CHECK(key.id.size() == 20);
  CHECK(key.secret.size() == 40);
  CHECK(key.expires == session.expires);
  const OpenedSession opened = Value(OpenSession(*box, key.id, key.token));
  CHECK(opened.secret == key.secret);
  CHECK(opened.session.identity_id == "AROAR");
  CHECK(opened.session.name == "s");
  CHECK(opened.session.policy == kPolicy);
  CHECK(opened.session.expires == session.expires);
  CHECK(opened.session.issued == session.issued);
  CHECK(opened.session.instance == "i-1");
  CHECK(opened.session.delivery == "1.0");
  CHECK(opened.session.policy_arns == session.policy_arns);
  CHECK(opened.session.tags == session.tags);
  CHECK(opened.session.transitive_tag_keys == session.transitive_tag_keys);
  CHECK(opened.session.source_identity == "ada");
  CHECK(absl::IsDataLoss(OpenSession(*box, "ASIAOTHER", key.token).status()));
  CHECK(absl::IsDataLoss(OpenSession(*box, key.id, "").status()));
  CHECK(absl::IsDataLoss(OpenSession(*box, key.id, "not base64!").status()));
  CHECK(absl::IsDataLoss(OpenSession(*box, key.id, key.token + "\n").status()));
  const auto other = Value(SecretBox::Open(directory / "other.key", false));
  CHECK(absl::IsDataLoss(OpenSession(*other, key.id, key.token).status()));
}

TEST_CASE("a token of the first form is good, and issued before everything", "[session]") {
  const TempDir directory;
  const auto box = Value(SecretBox::Open(directory / "secret.key", false));
  const std::string sealed = Value(box->Seal("1\nsecret\n1700000000\nAROAR\ns\n{\n}", "session ASIAOLD"));
  const OpenedSession opened = Value(OpenSession(*box, "ASIAOLD", absl::Base64Escape(sealed)));
  CHECK(opened.secret == "secret");
  CHECK(opened.session.identity_id == "AROAR");
  CHECK(opened.session.name == "s");
  CHECK(opened.session.policy == "{\n}");
  CHECK(opened.session.expires == absl::FromUnixSeconds(1'700'000'000));
  CHECK(opened.session.issued == absl::UnixEpoch());
  CHECK(opened.session.instance.empty());
}

TEST_CASE("a token of the second form is good, and has neither tags nor a source identity", "[session]") {
  const TempDir directory;
  const auto box = Value(SecretBox::Open(directory / "secret.key", false));
  const std::string sealed =
      Value(box->Seal("2\nsecret\n1700000000\nAROAR\ns\n1699990000\ni-1\n2.0\n{\n}", "session ASIAOLD"));
  const OpenedSession opened = Value(OpenSession(*box, "ASIAOLD", absl::Base64Escape(sealed)));
  CHECK(opened.secret == "secret");
  CHECK(opened.session.identity_id == "AROAR");
  CHECK(opened.session.policy == "{\n}");
  CHECK(opened.session.issued == absl::FromUnixSeconds(1'699'990'000));
  CHECK(opened.session.instance == "i-1");
  CHECK(opened.session.delivery == "2.0");
  CHECK(opened.session.tags.empty());
}

TEST_CASE("a token of no form that was ever made is refused", "[session]") {
  const TempDir directory;
  const auto box = Value(SecretBox::Open(directory / "secret.key", false));
  for (const char* content : {"", "3", "3\nsecret", "3\nsecret\n", "3\nsecret\n{}", "3\nsecret\n[]", "4\nsecret\n{}",
                              "2\nsecret\nx\nAROAR\ns\n1\ni-1\n2.0\n", "1\nsecret\n1\nAROAR"}) {
    const std::string sealed = Value(box->Seal(content, "session ASIAOLD"));
    INFO(content);
    CHECK(absl::IsDataLoss(OpenSession(*box, "ASIAOLD", absl::Base64Escape(sealed)).status()));
  }
}

TEST_CASE("no bit of a token can be changed", "[session]") {
  SessionWorld world;
  const SessionKey key = world.Make("");
  std::string sealed;
  REQUIRE(absl::Base64Unescape(key.token, &sealed));
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string altered = sealed;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << bit % 8));
    // The signature is right: whoever alters a token of their own has the secret.
    REQUIRE(world.Code(world.Sign(key, absl::Base64Escape(altered), "sts")) == "InvalidClientTokenId");
  }
}

TEST_CASE("a role's session is the role's, bounded by its policy", "[session]") {
  SessionWorld world;
  const Identity role = world.Add(IdentityKind::kRole, "AROAR", "builder");
  const SessionKey key = world.Make(role.id, "night", kPolicy);
  const Caller caller = world.CallerOf(key);
  CHECK_FALSE(caller.administrator);
  CHECK(caller.arn == "arn:aws:sts::000000000000:assumed-role/builder/night");
  CHECK(caller.principal == caller.arn);
  CHECK(caller.principal_id == "AROAR:night");
  CHECK(caller.role_id == "AROAR");
  CHECK(caller.role_arn == "arn:aws:iam::000000000000:role/staff/builder");
  CHECK(caller.user_name.empty());
  CHECK(caller.session_policy == kPolicy);
  CHECK(caller.access_key_id == key.id);
}

TEST_CASE("a user's session is the user's, and root's is root's", "[session]") {
  SessionWorld world;
  const Identity ada = world.Add(IdentityKind::kUser, "AIDAADA", "ada");
  const Caller user = world.CallerOf(world.Make(ada.id));
  CHECK(user.arn == "arn:aws:iam::000000000000:user/staff/ada");
  CHECK(user.principal_id == ada.id);
  CHECK(user.user_name == "ada");
  CHECK(user.role_id.empty());
  CHECK(user.role_arn.empty());
  CHECK_FALSE(user.administrator);
  const Caller root = world.CallerOf(world.Make(""));
  CHECK(root.arn == "arn:aws:iam::000000000000:root");
  CHECK(root.administrator);
}

TEST_CASE("a session ends at its time", "[session]") {
  SessionWorld world;
  const SessionKey key = world.Make("");
  const TestRequest ec2 = world.Sign(key, key.token);
  const TestRequest sts = world.Sign(key, key.token, "sts");
  world.clock.Advance(absl::Minutes(10) - absl::Seconds(1));
  CHECK(world.Code(ec2) == "");
  CHECK(world.Code(sts) == "");
  world.clock.Advance(absl::Seconds(1));
  CHECK(world.Code(ec2) == "ExpiredToken");
  CHECK(world.Code(sts) == "ExpiredToken");
}

TEST_CASE("a session ends with its role or user", "[session]") {
  SessionWorld world;
  const Identity role = world.Add(IdentityKind::kRole, "AROAR", "builder");
  const Identity ada = world.Add(IdentityKind::kUser, "AIDAADA", "ada");
  for (const Identity& identity : {role, ada}) {
    const SessionKey key = world.Make(identity.id, "s");
    const TestRequest request = world.Sign(key, key.token);
    REQUIRE(world.Code(request) == "");
    REQUIRE_OK(world.database->Write([&](store::Connection& c) { return IdentityTable(c).Delete(identity.id); }));
    CHECK(world.Code(request) == "AuthFailure");
    CHECK(world.Code(world.Sign(key, key.token, "iam")) == "InvalidClientTokenId");
  }
}

TEST_CASE("a session's key needs its own token and its own secret", "[session]") {
  SessionWorld world;
  const SessionKey key = world.Make("");
  const SessionKey other = world.Make("");
  CHECK(world.Code(world.Sign(key, other.token)) == "AuthFailure");
  CHECK(world.Code(world.Sign(key, other.token, "sts")) == "InvalidClientTokenId");
  CHECK(world.Code(Signed({}, {.id = key.id, .secret = key.secret})) == "AuthFailure");
  SessionKey wrong = key;
  wrong.secret = other.secret;
  CHECK(world.Code(world.Sign(wrong, key.token)) == "AuthFailure");
  CHECK(world.Code(world.Sign(wrong, key.token, "sts")) == "SignatureDoesNotMatch");
  CHECK(world.Code(world.Sign(key, key.token)) == "");
}

TEST_CASE("a presigned URL of a session carries its token", "[session]") {
  SessionWorld world;
  const SessionKey key = world.Make("");
  const auto url = [&](const std::string& token) {
    const std::string encoded = absl::StrReplaceAll(token, {{"+", "%2B"}, {"/", "%2F"}, {"=", "%3D"}});
    return Presigned({.id = key.id, .secret = key.secret}, 3600, absl::StrCat("&X-Amz-Security-Token=", encoded));
  };
  const TestRequest request = url(key.token);
  CHECK(world.Code(request) == "");
  CHECK(world.Code(url(world.Make("").token)) == "AuthFailure");
  world.clock.Advance(absl::Minutes(10));
  CHECK(world.Code(request) == "ExpiredToken");
}

}  // namespace brume::iam
