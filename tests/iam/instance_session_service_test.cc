// Sessions of the roles that instances have.
#include "lib/iam/instance_session_service.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/store/store_fixture.h"
#include "tests/support/temp_dir.h"

namespace brume::iam {
namespace {

struct SessionsWorld {
  SessionsWorld() { role = Role("AROAWEB", "Service", "ec2.amazonaws.com"); }

  static Identity Role(const std::string& id, const std::string& kind, const std::string& principal) {
    Identity identity;
    identity.id = id;
    identity.kind = IdentityKind::kRole;
    identity.name = "web";
    identity.trust_policy = absl::StrCat(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{")", kind,
        "\":\"", principal, "\"}}}");
    return identity;
  }
  SessionKey KeyOf(const InstanceId& id, const Identity& of) {
    const std::optional<InstanceSession> session = Value(sessions.Of({.id = id, .delivery = "2.0"}, of));
    REQUIRE(session.has_value());
    return session->key;
  }

  TempDir directory;
  std::unique_ptr<SecretBox> box = Value(SecretBox::Open(directory / "secret.key", false));
  ManualClock clock{absl::FromUnixSeconds(1'769'860'000)};
  InstanceSessionService sessions{clock, *box, "000000000000"};
  Identity role;
  InstanceId id = InstanceId::FromTrusted("i-0123456789abcdef0");
  InstanceId other = InstanceId::FromTrusted("i-0123456789abcdef1");
};

}  // namespace

TEST_CASE("an instance's session is its role's, for six hours and by its own name", "[session]") {
  SessionsWorld world;
  const std::optional<InstanceSession> session = Value(
      world.sessions.Of({.id = world.id, .delivery = "2.0", .vpc_id = "vpc-1", .private_ip = "10.0.0.4"}, world.role));
  REQUIRE(session.has_value());
  CHECK(session->made == world.clock.Now());
  CHECK(session->key.expires == world.clock.Now() + absl::Hours(6));
  const OpenedSession opened = Value(OpenSession(*world.box, session->key.id, session->key.token));
  CHECK(opened.session.identity_id == "AROAWEB");
  CHECK(opened.session.name == world.id.text());
  CHECK(opened.session.issued == world.clock.Now());
  CHECK(opened.session.instance == world.id.text());
  CHECK(opened.session.delivery == "2.0");
  CHECK(opened.session.instance_vpc == "vpc-1");
  CHECK(opened.session.instance_ip == "10.0.0.4");
  CHECK(opened.session.policy.empty());
  CHECK(opened.session.expires == session->key.expires);
}

TEST_CASE("an instance has one session by tokens of the metadata service and another without", "[session]") {
  SessionsWorld world;
  const SessionKey safe = world.KeyOf(world.id, world.role);
  const std::optional<InstanceSession> other =
      Value(world.sessions.Of({.id = world.id, .delivery = "1.0"}, world.role));
  REQUIRE(other.has_value());
  CHECK(other->key.id != safe.id);
  CHECK(Value(OpenSession(*world.box, other->key.id, other->key.token)).session.delivery == "1.0");
  CHECK(world.KeyOf(world.id, world.role).id == safe.id);
}

TEST_CASE("an instance has the same session until an hour before its end", "[session]") {
  SessionsWorld world;
  const SessionKey first = world.KeyOf(world.id, world.role);
  CHECK(world.KeyOf(world.other, world.role).id != first.id);
  world.clock.Advance(absl::Hours(5) - absl::Seconds(1));
  CHECK(world.KeyOf(world.id, world.role).token == first.token);
  world.clock.Advance(absl::Seconds(1));
  const SessionKey second = world.KeyOf(world.id, world.role);
  CHECK(second.id != first.id);
  CHECK(second.expires == world.clock.Now() + absl::Hours(6));
  CHECK(world.KeyOf(world.id, world.role).id == second.id);
}

TEST_CASE("an instance that is given another role has another session at once", "[session]") {
  SessionsWorld world;
  const SessionKey first = world.KeyOf(world.id, world.role);
  const SessionKey second = world.KeyOf(world.id, SessionsWorld::Role("AROAOTHER", "Service", "ec2.amazonaws.com"));
  CHECK(second.id != first.id);
  CHECK(Value(OpenSession(*world.box, second.id, second.token)).session.identity_id == "AROAOTHER");
}

TEST_CASE("a role that does not trust EC2 gives instances no session", "[session]") {
  SessionsWorld world;
  for (const auto& [kind, principal] : {std::pair("Service", "lambda.amazonaws.com"), {"AWS", "*"}}) {
    INFO(principal);
    CHECK_FALSE(
        Value(world.sessions.Of({.id = world.id}, SessionsWorld::Role("AROAWEB", kind, principal))).has_value());
  }
  // Once it does, it counts at once.
  CHECK(Value(world.sessions.Of({.id = world.id, .delivery = "2.0"}, world.role)).has_value());
}

}  // namespace brume::iam
