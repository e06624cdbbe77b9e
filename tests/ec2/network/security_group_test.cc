#include <catch2/catch.hpp>

#include "lib/ec2/network/security_group_service.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::network {
namespace {

struct GroupFixture : ServiceFixture {
  GroupFixture() { EnsureNetwork(); }

  std::vector<std::pair<VpcId, SecurityGroupId>> woken;
  SecurityGroupService service{*database, random,
                               [this](const VpcId& vpc, const SecurityGroupId& id) { woken.emplace_back(vpc, id); }};

  SecurityGroupId Make(const std::string& name) { return service.Create(name, "a group", std::nullopt, {})->group.id; }
  std::vector<SecurityGroupRule> RulesOf(const SecurityGroupId& id) {
    const std::vector<SecurityGroupView> views = service.List().value();
    for (const SecurityGroupView& view : views) {
      if (view.group.id == id) return view.rules;
    }
    return {};
  }
};

SecurityGroupRule Tcp(int from, int to, const char* cidr = "0.0.0.0/0", bool egress = false) {
  SecurityGroupRule rule;
  rule.egress = egress;
  rule.protocol = 6;
  rule.from_port = from;
  rule.to_port = to;
  rule.cidr = Cidr::Parse(cidr).value();
  return rule;
}

bool Mentions(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a new security group lets everything out and nothing in", "[security-group]") {
  GroupFixture f;
  const SecurityGroupView view = f.service.Create("web", "for the web", std::nullopt, {{"Name", "w"}}).value();
  CHECK(view.group.vpc_id == f.FirstSubnet().vpc_id);
  REQUIRE(view.rules.size() == 1);
  CHECK(view.rules[0].egress);
  CHECK(view.rules[0].cidr.value().text() == "0.0.0.0/0");
  CHECK(f.woken == std::vector<std::pair<VpcId, SecurityGroupId>>{{view.group.vpc_id, view.group.id}});

  const std::vector<SecurityGroupView> all = f.service.List().value();
  REQUIRE(all.size() == 2);
  CHECK(all[1].group.name == "web");
  CHECK(all[1].tags == TagMap{{"Name", "w"}});
  CHECK(all[1].rules.size() == 1);
}

TEST_CASE("a security group's name and description follow EC2's rules", "[security-group]") {
  GroupFixture f;
  f.Make("taken");
  const std::string long_text(256, 'a');
  struct Row {
    std::string name, description;
    const char* code;
  };
  const Row rows[] = {
      {"", "d", "MissingParameter"},
      {"web", "", "MissingParameter"},
      {"default", "d", "InvalidParameterValue"},
      {"Default", "d", "InvalidParameterValue"},
      {"sg-web", "d", "InvalidParameterValue"},
      {"SG-web", "d", "InvalidParameterValue"},
      {long_text, "d", "InvalidParameterValue"},
      {"web", long_text, "InvalidParameterValue"},
      {"web%", "d", "InvalidParameterValue"},
      {"web\n", "d", "InvalidParameterValue"},
      {"w\xc3\xa9"
       "b",
       "d", "InvalidParameterValue"},
      {std::string("a\0b", 3), "d", "InvalidParameterValue"},
      {"web", "what? \"this\"", "InvalidParameterValue"},
      {"web", "<b>", "InvalidParameterValue"},
      {"taken", "d", "InvalidGroup.Duplicate"},
      {"TAKEN", "d", "InvalidGroup.Duplicate"},
  };
  for (const Row& row : rows) {
    INFO(row.name << " / " << row.description);
    CHECK(Code(f.service.Create(row.name, row.description, std::nullopt, {})) == row.code);
  }
  CHECK(Code(f.service.Create("web", "d", VpcId::New(f.random), {})) == "InvalidVpcID.NotFound");
  CHECK(Code(f.service.Create("web", "d", std::nullopt, {{"aws:x", ""}})) == "InvalidParameterValue");
  CHECK(f.service.List().value().size() == 2);
  CHECK(f.service.Create("a-zA-Z0-9 ._-:/()#,@[]+=&;{}!$*", std::string(255, 'd'), std::nullopt, {}).ok());
}

TEST_CASE("there are 2,500 security groups at most", "[security-group]") {
  GroupFixture f;
  const VpcId vpc = f.FirstSubnet().vpc_id;
  REQUIRE(f.database
              ->Write([&](store::Connection& c) {
                return c.Run(
                    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2498) "
                    "INSERT INTO "
                    "security_groups (id, name, description, vpc_id) SELECT printf('sg-%017x', n), 'g' || n, 'd', ? "
                    "FROM numbers",
                    vpc);
              })
              .ok());
  CHECK(f.service.Create("last", "d", std::nullopt, {}).ok());
  CHECK(ec2::ErrorCode(f.service.Create("more", "d", std::nullopt, {}).status()) == "SecurityGroupLimitExceeded");
}

TEST_CASE("rules are normalised, kept with ids and shown, and the host is told once a call", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  f.woken.clear();
  SecurityGroupRule from_group = Tcp(0, 65535);
  from_group.cidr.reset();
  from_group.referenced_group = id;
  SecurityGroupRule all = Tcp(5, 7, "10.1.2.3/8");
  all.protocol = -1;
  const auto added = f.service.Authorize(id, {Tcp(22, 22), from_group, all}).value();
  REQUIRE(added.size() == 3);
  CHECK_FALSE(added[0].id.empty());
  CHECK(added[2].from_port == -1);
  CHECK(added[2].cidr->text() == "10.0.0.0/8");
  CHECK(f.RulesOf(id).size() == 4);
  CHECK(f.woken == std::vector<std::pair<VpcId, SecurityGroupId>>{{f.FirstSubnet().vpc_id, id}});
}

TEST_CASE("a bad rule is refused with EC2's code and takes the whole call with it", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  REQUIRE(f.service.Authorize(id, {Tcp(22, 22)}).ok());
  f.woken.clear();
  SecurityGroupRule no_peer = Tcp(1, 1);
  no_peer.cidr.reset();
  SecurityGroupRule both_peers = Tcp(1, 1);
  both_peers.referenced_group = id;
  SecurityGroupRule unknown_group = no_peer;
  unknown_group.referenced_group = SecurityGroupId::New(f.random);
  SecurityGroupRule bad_icmp = Tcp(256, 0);
  bad_icmp.protocol = 1;
  SecurityGroupRule bad_text = Tcp(2, 2);
  bad_text.description = "a\"quote";
  SecurityGroupRule long_text = Tcp(2, 2);
  long_text.description = std::string(256, 'x');
  struct Row {
    SecurityGroupRule rule;
    const char* code;
  };
  const Row rows[] = {
      {Tcp(22, 22), "InvalidPermission.Duplicate"}, {Tcp(23, 22), "InvalidParameterValue"},
      {Tcp(0, 65536), "InvalidParameterValue"},     {Tcp(-2, 80), "InvalidParameterValue"},
      {Tcp(-1, 80), "InvalidParameterValue"},       {no_peer, "InvalidParameterCombination"},
      {Tcp(-1, -1), "InvalidParameterValue"},       {Tcp(80, -1), "InvalidParameterValue"},
      {both_peers, "InvalidParameterCombination"},  {unknown_group, "InvalidGroup.NotFound"},
      {bad_icmp, "InvalidParameterValue"},          {bad_text, "InvalidParameterValue"},
      {long_text, "InvalidParameterValue"},         {Tcp(443, 443), "InvalidParameterValue"},  // given twice
  };
  for (const Row& row : rows) {
    INFO(row.rule.from_port << " " << row.rule.to_port << " " << row.rule.description);
    CHECK(Code(f.service.Authorize(id, {Tcp(443, 443), row.rule})) == row.code);
  }
  CHECK(Code(f.service.Authorize(id, {})) == "MissingParameter");
  CHECK(Code(f.service.Authorize(SecurityGroupId::New(f.random), {Tcp(1, 1)})) == "InvalidGroup.NotFound");
  CHECK(f.RulesOf(id).size() == 2);
  CHECK(f.woken.empty());

  const absl::Status duplicate = f.service.Authorize(id, {Tcp(22, 22)}).status();
  for (const char* fact : {"TCP", "from port: 22, to port: 22", "0.0.0.0/0"}) CHECK(Mentions(duplicate, fact));
}

TEST_CASE("a group has at most 60 rules in each direction", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  std::vector<SecurityGroupRule> rules;
  for (int port = 1; port <= 60; ++port) rules.push_back(Tcp(port, port));
  rules.push_back(Tcp(61, 61));
  CHECK(Code(f.service.Authorize(id, rules)) == "RulesPerSecurityGroupLimitExceeded");
  CHECK(f.RulesOf(id).size() == 1);
  rules.pop_back();
  REQUIRE(f.service.Authorize(id, rules).ok());
  CHECK(Code(f.service.Authorize(id, {Tcp(61, 61)})) == "RulesPerSecurityGroupLimitExceeded");
  CHECK(f.service.Authorize(id, {Tcp(61, 61, "0.0.0.0/0", /*egress=*/true)}).ok());
}

TEST_CASE("rules for IPv4 and for IPv6 count apart, and one about a group counts for both", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  const auto ipv6 = [](int port) {
    SecurityGroupRule rule = Tcp(port, port);
    rule.cidr.reset();
    rule.cidr_ipv6 = CidrIpv6{};
    return rule;
  };
  std::vector<SecurityGroupRule> rules;
  for (int port = 1; port <= 60; ++port) {
    rules.push_back(Tcp(port, port));
    rules.push_back(ipv6(port));
  }
  REQUIRE(f.service.Authorize(id, rules).ok());
  SecurityGroupRule from_group = Tcp(61, 61);
  from_group.cidr.reset();
  from_group.referenced_group = id;
  for (const SecurityGroupRule& more : {Tcp(61, 61), ipv6(61), from_group}) {
    CHECK(Code(f.service.Authorize(id, {more})) == "RulesPerSecurityGroupLimitExceeded");
  }
  REQUIRE(f.service.Revoke(id, {ipv6(1)}).ok());
  CHECK(Code(f.service.Authorize(id, {from_group})) == "RulesPerSecurityGroupLimitExceeded");
  REQUIRE(f.service.Revoke(id, {Tcp(1, 1)}).ok());
  CHECK(f.service.Authorize(id, {from_group}).ok());
  CHECK(Code(f.service.Authorize(id, {ipv6(62)})) == "RulesPerSecurityGroupLimitExceeded");
}

TEST_CASE("revoking takes all the rules named or none", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  REQUIRE(f.service.Authorize(id, {Tcp(22, 22), Tcp(80, 80)}).ok());
  f.woken.clear();
  const SecurityGroupRule missing[] = {Tcp(81, 81), Tcp(22, 23), Tcp(22, 22, "10.0.0.0/8"),
                                       Tcp(22, 22, "0.0.0.0/0", /*egress=*/true)};
  for (const SecurityGroupRule& rule : missing) {
    const auto result = f.service.Revoke(id, {Tcp(22, 22), rule});
    CHECK(Code(result) == "InvalidPermission.NotFound");
    CHECK(Mentions(result.status(), id.text()));
  }
  CHECK(f.RulesOf(id).size() == 3);
  CHECK(f.woken.empty());
  CHECK(Code(f.service.Revoke(SecurityGroupId::New(f.random), {Tcp(1, 1)})) == "InvalidGroup.NotFound");
  CHECK(Code(f.service.Revoke(id, {})) == "MissingParameter");

  const auto revoked = f.service.Revoke(id, {Tcp(22, 22), Tcp(80, 80)}).value();
  CHECK(revoked.size() == 2);
  CHECK_FALSE(revoked[0].id.empty());
  CHECK(f.woken.size() == 1);
  SecurityGroupRule everything = Tcp(-1, -1, "0.0.0.0/0", /*egress=*/true);
  everything.protocol = -1;
  CHECK(f.service.Revoke(id, {everything}).ok());
  CHECK(f.RulesOf(id).empty());
}

TEST_CASE("rules are revoked by id only in their own group and direction", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web"), other = f.Make("other");
  const SecurityGroupRuleId rule = f.service.Authorize(id, {Tcp(22, 22)}).value()[0].id;
  CHECK(Code(f.service.RevokeById(other, false, {rule})) == "InvalidSecurityGroupRuleId.NotFound");
  CHECK(Code(f.service.RevokeById(id, true, {rule})) == "InvalidSecurityGroupRuleId.NotFound");
  CHECK(Code(f.service.RevokeById(id, false, {rule, SecurityGroupRuleId::New(f.random)})) ==
        "InvalidSecurityGroupRuleId.NotFound");
  CHECK(Code(f.service.RevokeById(id, false, {})) == "MissingParameter");
  CHECK(f.RulesOf(id).size() == 2);
  CHECK(f.service.RevokeById(id, false, {rule, rule}).value().size() == 1);
  CHECK(f.RulesOf(id).size() == 1);
}

TEST_CASE("a group in use, or the default one, is not deleted, and the error says what uses it", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId used = f.Make("used"), named = f.Make("named"), naming = f.Make("naming");
  const NetworkInterface eni = f.InterfaceOf(f.AddInstance({used}).id);
  SecurityGroupRule from_named = Tcp(1, 1);
  from_named.cidr.reset();
  from_named.referenced_group = named;
  REQUIRE(f.service.Authorize(naming, {from_named}).ok());

  const absl::Status by_interface = f.service.Delete(used), by_rule = f.service.Delete(named);
  CHECK(Code(by_interface) == "DependencyViolation");
  CHECK(Mentions(by_interface, eni.id.text()));
  CHECK(Code(by_rule) == "DependencyViolation");
  CHECK(Mentions(by_rule, naming.text()));
  CHECK(Code(f.service.Delete(f.DefaultGroup().id)) == "CannotDelete");
  CHECK(Code(f.service.Delete(SecurityGroupId::New(f.random))) == "InvalidGroup.NotFound");

  f.woken.clear();
  REQUIRE(f.service.Delete(naming).ok());
  CHECK(f.woken.size() == 1);
  REQUIRE(f.service.Delete(named).ok());
  CHECK(Code(f.service.Delete(named)) == "InvalidGroup.NotFound");
}

TEST_CASE("a group that names itself can be deleted", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("self");
  SecurityGroupRule self = Tcp(1, 1);
  self.cidr.reset();
  self.referenced_group = id;
  REQUIRE(f.service.Authorize(id, {self}).ok());
  CHECK(f.service.Delete(id).ok());
}

TEST_CASE("a group is found by its id, or by its name in the default VPC", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  CHECK(f.service.Resolve(id, "").value().name == "web");
  CHECK(f.service.Resolve(std::nullopt, "web").value().id == id);
  CHECK(f.service.Resolve(std::nullopt, "default").value().id == f.DefaultGroup().id);
  CHECK(Code(f.service.Resolve(std::nullopt, "")) == "MissingParameter");
  CHECK(Code(f.service.Resolve(id, "web")) == "InvalidParameterCombination");
  CHECK(Code(f.service.Resolve(std::nullopt, "nothing")) == "InvalidGroup.NotFound");
  CHECK(Code(f.service.Resolve(std::nullopt, "WEB")) == "InvalidGroup.NotFound");
  CHECK(Code(f.service.Resolve(SecurityGroupId::New(f.random), "")) == "InvalidGroup.NotFound");
}

TEST_CASE("rules cannot name a group of another VPC", "[security-group]") {
  GroupFixture f;
  const SecurityGroupId id = f.Make("web");
  const Vpc other{
      .id = VpcId::New(f.random), .cidr = Cidr::Parse("10.9.0.0/16").value(), .is_default = false, .attributes = {}};
  f.Must(f.database->Write([&](store::Connection& c) { return NetworkTable(c).InsertVpc(other); }));
  const SecurityGroupId foreign = f.service.Create("web", "the same name, another VPC", other.id, {})->group.id;
  SecurityGroupRule rule = Tcp(1, 1);
  rule.cidr.reset();
  rule.referenced_group = foreign;
  const absl::Status refused = f.service.Authorize(id, {rule}).status();
  CHECK(Code(refused) == "InvalidGroup.NotFound");
  CHECK(Mentions(refused, foreign.text()));
}

}  // namespace brume::network
