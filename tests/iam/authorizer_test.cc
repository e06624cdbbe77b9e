// What policies in the store let a caller do.
#include "lib/iam/authorizer.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/tables/identity_table.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::iam {
namespace {

constexpr char kAccount[] = "123456789012";

std::string Statement(const std::string& effect, const std::string& action, const std::string& resource = "*") {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":")", effect, R"(","Action":")", action,
                      R"(","Resource":")", resource, R"("}})");
}

struct World : ServiceFixture {
  Authorizer authorizer{*database, kAccount};

  void Change(const std::function<absl::Status(IdentityTable&)>& change) {
    Must(database->Write([&](store::Connection& c) -> absl::Status {
      IdentityTable identities(c);
      return change(identities);
    }));
    authorizer.Evict();
  }
  void Add(IdentityKind kind, const std::string& name, const std::string& path = "/") {
    Change([&](IdentityTable& identities) {
      Identity identity;
      identity.id = name + "-id";
      identity.kind = kind;
      identity.name = name;
      identity.path = path;
      identity.created = clock.Now();
      return identities.Insert(identity);
    });
  }
  void Allow(const std::string& name, const std::string& document, const std::string& policy = "p") {
    Change([&](IdentityTable& identities) { return identities.PutInline(name + "-id", policy, document); });
  }
  // "" when it is allowed.
  std::string Ask(const Caller& caller, const std::string& action, std::vector<std::string> resources = {"*"}) {
    const absl::Status status =
        authorizer.Authorize(caller, {.action = action, .resources = std::move(resources), .context = {}});
    if (status.ok()) return "";
    CHECK(absl::IsPermissionDenied(status));
    return std::string(status.message());
  }
};

const Caller kAda{.arn = "arn:aws:iam::123456789012:user/ada", .principal_id = "ada-id", .user_name = "ada"};

}  // namespace

TEST_CASE("a user may do what the own policies and those of the groups allow", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Add(IdentityKind::kGroup, "operators");
  CHECK(world.Ask(kAda, "ec2:StopInstances") ==
        "on resource: * because no identity-based policy allows the ec2:StopInstances action");
  world.Allow("ada", Statement("Allow", "ec2:Describe*"));
  world.Allow("operators", Statement("Allow", "ec2:StopInstances"));
  CHECK(world.Ask(kAda, "ec2:DescribeInstances") == "");
  CHECK(world.Ask(kAda, "ec2:StopInstances") != "");
  world.Change([](IdentityTable& identities) { return identities.AddMember("operators-id", "ada-id"); });
  CHECK(world.Ask(kAda, "ec2:StopInstances") == "");
  world.Change([](IdentityTable& identities) {
    return identities.Attach("ada-id", "arn:aws:iam::aws:policy/AmazonEC2FullAccess");
  });
  CHECK(world.Ask(kAda, "ec2:TerminateInstances") == "");
  world.Allow("operators", Statement("Deny", "ec2:Terminate*"), "not-that");
  CHECK(world.Ask(kAda, "ec2:TerminateInstances") ==
        "on resource: * with an explicit deny in an identity-based policy");
}

TEST_CASE("every resource of a call must be allowed", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Allow("ada", Statement("Allow", "ec2:*", "arn:aws:ec2:*:*:instance/i-1*"));
  const std::string one = "arn:aws:ec2:us-east-1:123456789012:instance/i-11";
  const std::string two = "arn:aws:ec2:us-east-1:123456789012:instance/i-22";
  CHECK(world.Ask(kAda, "ec2:StopInstances", {one}) == "");
  CHECK(world.Ask(kAda, "ec2:StopInstances", {one, two}).find(two) != std::string::npos);
}

TEST_CASE("a role is bounded by the policy of its session", "[identity]") {
  World world;
  world.Add(IdentityKind::kRole, "worker");
  world.Allow("worker", Statement("Allow", "ec2:*"));
  Caller session{.principal_id = "worker-id:s", .role_id = "worker-id"};
  CHECK(world.Ask(session, "ec2:StopInstances") == "");
  session.session_policy = Statement("Allow", "ec2:Describe*");
  CHECK(world.Ask(session, "ec2:DescribeInstances") == "");
  CHECK(world.Ask(session, "ec2:StopInstances") ==
        "on resource: * because no session policy allows the ec2:StopInstances action");
  session.session_policy = Statement("Allow", "*");
  CHECK(world.Ask(session, "iam:CreateUser") != "");
}

TEST_CASE("a permissions boundary limits what policies allow, and allows nothing by itself", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Add(IdentityKind::kRole, "worker");
  world.Add(IdentityKind::kGroup, "operators");
  world.Change([](IdentityTable& identities) { return identities.AddMember("operators-id", "ada-id"); });
  const auto limit = [&](const std::string& name, const std::string& policy) {
    world.Change([&](IdentityTable& identities) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<Identity> identity, identities.FindById(name + "-id"));
      identity->permissions_boundary = policy.empty() ? "" : "arn:aws:iam::aws:policy/" + policy;
      return identities.Update(*identity);
    });
  };
  limit("ada", "AmazonEC2FullAccess");
  limit("worker", "AmazonEC2FullAccess");
  Caller session{.principal_id = "worker-id:s", .role_id = "worker-id"};
  CHECK(world.Ask(kAda, "ec2:StopInstances") ==
        "on resource: * because no identity-based policy allows the ec2:StopInstances action");
  CHECK(world.Ask(session, "ec2:StopInstances") != "");
  world.Allow("operators", Statement("Allow", "*"));
  world.Allow("worker", Statement("Allow", "*"));
  CHECK(world.Ask(kAda, "ec2:StopInstances") == "");
  CHECK(world.Ask(kAda, "iam:CreateUser") ==
        "on resource: * because no permissions boundary allows the iam:CreateUser action");
  CHECK(world.Ask(session, "ec2:StopInstances") == "");
  CHECK(world.Ask(session, "iam:CreateUser") != "");
  // A session is within both.
  session.session_policy = Statement("Allow", "ec2:Describe*");
  CHECK(world.Ask(session, "ec2:DescribeInstances") == "");
  CHECK(world.Ask(session, "ec2:StopInstances") ==
        "on resource: * because no session policy allows the ec2:StopInstances action");
  session.session_policy = Statement("Allow", "*");
  CHECK(world.Ask(session, "iam:CreateUser") ==
        "on resource: * because no permissions boundary allows the iam:CreateUser action");
  limit("ada", "");
  CHECK(world.Ask(kAda, "iam:CreateUser") == "");
}

TEST_CASE("a permissions boundary whose policy is gone allows nothing", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Allow("ada", Statement("Allow", "*"));
  world.Change([&](IdentityTable& identities) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<Identity> identity, identities.FindById("ada-id"));
    identity->permissions_boundary = absl::StrCat("arn:aws:iam::", kAccount, ":policy/gone");
    return identities.Update(*identity);
  });
  CHECK_FALSE(
      world.authorizer.Authorize(kAda, {.action = "ec2:StopInstances", .resources = {"*"}, .context = {}}).ok());
}

TEST_CASE("policies are asked about the boundary that a user has", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Add(IdentityKind::kUser, "bob");
  const std::string bob = "arn:aws:iam::123456789012:user/bob";
  const std::string boundary = "arn:aws:iam::aws:policy/AmazonEC2FullAccess";
  world.Allow("ada", absl::StrCat(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*",)",
                                  R"("Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":")",
                                  boundary, R"("}}}})"));
  CHECK(world.Ask(kAda, "iam:PutUserPolicy", {bob}) != "");
  world.Change([&](IdentityTable& identities) -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<Identity> identity, identities.FindById("bob-id"));
    identity->permissions_boundary = boundary;
    return identities.Update(*identity);
  });
  CHECK(world.Ask(kAda, "iam:PutUserPolicy", {bob}) == "");
}

TEST_CASE("a policy over paths holds for a user who is named without the path", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  world.Add(IdentityKind::kUser, "bob", "/staff/");
  world.Allow("ada", Statement("Allow", "iam:*"));
  world.Allow("ada", Statement("Deny", "iam:*", "arn:aws:iam::*:user/staff/*"), "staff");
  CHECK(world.Ask(kAda, "iam:DeleteUser", {"arn:aws:iam::123456789012:user/bob"}) != "");
  CHECK(world.Ask(kAda, "iam:DeleteUser", {"arn:aws:iam::123456789012:user/eve"}) == "");
}

TEST_CASE("who is gone, or never was, may do nothing", "[identity]") {
  World world;
  CHECK(world.Ask(kAda, "ec2:DescribeInstances") != "");
  CHECK(world.Ask({.principal = "cn:somebody"}, "ec2:DescribeInstances") == "because it is neither a user nor a role");
}

TEST_CASE("a condition is about the one resource: its own tags, and those it is to get", "[identity]") {
  World world;
  world.Add(IdentityKind::kUser, "ada");
  const auto by = [](const char* effect, const char* action, const char* condition) {
    return absl::StrCat(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},)",
                        R"({"Effect":")", effect, R"(","Action":")", action, R"(","Resource":"*","Condition":)",
                        condition, "}]}");
  };
  int read = 0;
  AccessQuestion question = {.action = "ec2:StopInstances", .resources = {"mine", "prod"}, .context = {}};
  question.facts = [&](const std::string& arn) -> absl::StatusOr<AccessContext> {
    ++read;
    return AccessContext{{"ec2:resourcetag/env", {arn == "prod" ? "prod" : "dev"}}};
  };
  const auto message = [&] { return std::string(world.authorizer.Authorize(kAda, question).message()); };
  world.Allow("ada", Statement("Allow", "*"));
  CHECK(message() == "");
  CHECK(read == 0);  // nobody asks
  world.Allow("ada", by("Deny", "ec2:Stop*", R"({"StringEquals":{"ec2:ResourceTag/env":"prod"}})"));
  CHECK(message() == "on resource: prod with an explicit deny in an identity-based policy");
  question.resources = {"mine"};
  CHECK(message() == "");
  // What the call gives a resource is known for that one alone.
  question.resource_context["made"] = {{"aws:tagkeys", {"owner"}}};
  question.resources = {"mine", "made"};
  world.Allow("ada", by("Deny", "*", R"({"ForAnyValue:StringEquals":{"aws:TagKeys":"owner"}})"));
  CHECK(message() == "on resource: made with an explicit deny in an identity-based policy");
  // A store that cannot be read refuses.
  question.facts = [](const std::string&) { return absl::InternalError("no disk"); };
  question.resources = {"mine"};
  CHECK(absl::IsInternal(world.authorizer.Authorize(kAda, question)));
}

}  // namespace brume::iam
