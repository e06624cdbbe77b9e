// Rules of security groups one by one: shown, changed and described anew.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "lib/base/mutex.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct Rules {
  ApiWorld world;
  std::string group = world.groups.Create("web", "web servers", std::nullopt, {})->group.id.text();

  // The id of a new ingress rule for one TCP port.
  std::string Add(int port, const std::string& cidr, const std::string& description = "") {
    ec2::v1::AuthorizeSecurityGroupIngressRequest request;
    request.set_group_id(group);
    ec2::v1::IpPermission& permission = *request.add_ip_permissions();
    permission.set_ip_protocol("tcp");
    permission.set_from_port(port);
    permission.set_to_port(port);
    ec2::v1::IpRange& range = *permission.add_ip_ranges();
    range.set_cidr_ip(cidr);
    if (!description.empty()) range.set_description(description);
    return Value(world.Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(request))
        .security_group_rules(0)
        .security_group_rule_id();
  }

  ec2::v1::SecurityGroupRule Show(const std::string& id) {
    ec2::v1::DescribeSecurityGroupRulesRequest request;
    request.add_security_group_rule_ids(id);
    return Value(world.Call<ec2::v1::DescribeSecurityGroupRulesResponse>(request)).security_group_rules(0);
  }

  std::string CodeOf(const std::string& action, const std::string& request) {
    return ec2::ErrorCode(world.CallText(action, "group_id: '" + group + "' " + request).status());
  }
};

// One update of ModifySecurityGroupRules.
std::string Update(const std::string& id, const std::string& wanted) {
  return "security_group_rules { security_group_rule_id: '" + id + "' security_group_rule { " + wanted + " } } ";
}

}  // namespace

TEST_CASE("rules are shown one by one, by group, id and tag", "[api]") {
  Rules rules;
  const std::string ssh = rules.Add(22, "203.0.113.0/24", "office");
  rules.Add(80, "0.0.0.0/0");
  ec2::v1::CreateTagsRequest tag;
  tag.add_resources(ssh);
  tag.add_tags()->set_key("Name");
  tag.mutable_tags(0)->set_value("ssh");
  Value(rules.world.Call<ec2::v1::CreateTagsResponse>(tag));

  const ec2::v1::SecurityGroupRule shown = rules.Show(ssh);
  CHECK(shown.group_id() == rules.group);
  CHECK(shown.group_owner_id() == rules.world.settings.account_id);
  CHECK_FALSE(shown.is_egress());
  CHECK(shown.ip_protocol() == "tcp");
  CHECK(shown.from_port() == 22);
  CHECK(shown.cidr_ipv4() == "203.0.113.0/24");
  CHECK(shown.description() == "office");
  REQUIRE(shown.tags_size() == 1);
  CHECK(shown.tags(0).value() == "ssh");

  const auto count = [&](const std::string& filter, const std::string& value) {
    ec2::v1::DescribeSecurityGroupRulesRequest request;
    ec2::v1::Filter& only = *request.add_filters();
    only.set_name(filter);
    only.add_values(value);
    return Value(rules.world.Call<ec2::v1::DescribeSecurityGroupRulesResponse>(request)).security_group_rules_size();
  };
  CHECK(count("group-id", rules.group) == 3);
  CHECK(count("security-group-rule-id", ssh) == 1);
  CHECK(count("tag:Name", "s*") == 1);
}

TEST_CASE("a changed rule keeps its id, direction and tags", "[api]") {
  Rules rules;
  const std::string id = rules.Add(22, "203.0.113.0/24", "office");
  REQUIRE(rules.world.tags.Create({id}, {{"Name", "ssh"}}).ok());
  REQUIRE(rules.CodeOf("ModifySecurityGroupRules",
                       Update(id, "ip_protocol: 'udp' from_port: 53 to_port: 54 cidr_ipv4: '198.51.100.7/24'")) == "");
  const ec2::v1::SecurityGroupRule changed = rules.Show(id);
  CHECK(changed.ip_protocol() == "udp");
  CHECK(changed.from_port() == 53);
  CHECK(changed.to_port() == 54);
  CHECK(changed.cidr_ipv4() == "198.51.100.0/24");
  CHECK_FALSE(changed.is_egress());
  CHECK_FALSE(changed.has_description());
  CHECK(changed.tags_size() == 1);
}

TEST_CASE("two rules exchange their permissions in one call", "[api]") {
  Rules rules;
  const std::string first = rules.Add(80, "0.0.0.0/0");
  const std::string second = rules.Add(443, "0.0.0.0/0");
  REQUIRE(rules.CodeOf("ModifySecurityGroupRules",
                       Update(first, "ip_protocol: 'tcp' from_port: 443 to_port: 443 cidr_ipv4: '0.0.0.0/0'") +
                           Update(second, "ip_protocol: 'tcp' from_port: 80 to_port: 80 cidr_ipv4: '0.0.0.0/0'")) ==
          "");
  CHECK(rules.Show(first).from_port() == 443);
  CHECK(rules.Show(second).from_port() == 80);
}

TEST_CASE("a change of rules that no group could have changes none of them", "[api]") {
  Rules rules;
  const std::string ssh = rules.Add(22, "203.0.113.0/24", "office");
  const std::string web = rules.Add(80, "0.0.0.0/0");
  const std::string all_of_web = "ip_protocol: 'tcp' from_port: 80 to_port: 80 cidr_ipv4: '0.0.0.0/0'";
  const std::string good = Update(web, "ip_protocol: 'tcp' from_port: 81 to_port: 81 cidr_ipv4: '0.0.0.0/0'");
  const std::pair<const char*, std::string> cases[] = {
      {"MissingParameter", ""},
      {"MissingParameter", "security_group_rules { security_group_rule_id: '" + ssh + "' }"},
      {"MissingParameter", good + Update(ssh, "ip_protocol: '-1'")},
      {"MissingParameter", good + Update(ssh, "cidr_ipv4: '0.0.0.0/0'")},
      {"InvalidParameterCombination",
       good + Update(ssh, "ip_protocol: '-1' cidr_ipv4: '0.0.0.0/0' referenced_group_id: '" + rules.group + "'")},
      {"InvalidParameterValue", good + Update(ssh, "ip_protocol: 'tcp' cidr_ipv4: '0.0.0.0/0'")},
      {"InvalidParameterValue", good + Update(ssh, "ip_protocol: '-1' cidr_ipv4: '0.0.0.0/33'")},
      {"InvalidParameterValue", good + Update(ssh, "ip_protocol: '-1' referenced_group_id: '" + rules.group + "'")},
      {"InvalidParameterValue", good + good},
      {"InvalidParameterValue", good + Update(ssh, "ip_protocol: '-1' cidr_ipv6: '::/0'")},
      {"InvalidPrefixListId.Malformed", good + Update(ssh, "ip_protocol: '-1' prefix_list_id: 'pl-1'")},
      {"InvalidSecurityGroupRuleId.NotFound",
       good + Update("sgr-00000000000000000", "ip_protocol: '-1' cidr_ipv4: '0.0.0.0/0'")},
      {"InvalidPermission.Duplicate", Update(ssh, all_of_web)},
  };
  for (const auto& [code, request] : cases) {
    INFO(request);
    CHECK(rules.CodeOf("ModifySecurityGroupRules", request) == code);
  }
  CHECK(rules.Show(ssh).description() == "office");
  CHECK(rules.Show(web).from_port() == 80);
}

TEST_CASE("rules are described anew by permission and by id, and lose a description that is not given", "[api]") {
  Rules rules;
  const std::string ssh = rules.Add(22, "203.0.113.0/24", "office");
  const std::string action = "UpdateSecurityGroupRuleDescriptionsIngress";
  const std::string permission = "ip_permissions { ip_protocol: 'tcp' from_port: 22 to_port: 22 ";
  REQUIRE(rules.CodeOf(action, permission + "ip_ranges { cidr_ip: '203.0.113.0/24' description: 'home' } }") == "");
  CHECK(rules.Show(ssh).description() == "home");
  const std::string by_id = "security_group_rule_descriptions { security_group_rule_id: '" + ssh + "' ";
  REQUIRE(rules.CodeOf(action, by_id + "description: 'away' }") == "");
  CHECK(rules.Show(ssh).description() == "away");
  REQUIRE(rules.CodeOf(action, by_id + "}") == "");
  CHECK_FALSE(rules.Show(ssh).has_description());

  CHECK(rules.CodeOf(action, "") == "MissingParameter");
  CHECK(rules.CodeOf(action, by_id + "} ip_permissions { ip_protocol: '-1' }") == "InvalidParameterCombination");
  CHECK(rules.CodeOf(action, permission + "ip_ranges { cidr_ip: '0.0.0.0/0' description: 'x' } }") ==
        "InvalidPermission.NotFound");
  CHECK(rules.CodeOf(action, by_id + "description: 'a\\tb' }") == "InvalidParameterValue");
  // The rule is there, for the other direction.
  CHECK(rules.CodeOf("UpdateSecurityGroupRuleDescriptionsEgress", by_id + "description: 'x' }") ==
        "InvalidSecurityGroupRuleId.NotFound");
  REQUIRE(rules.CodeOf("UpdateSecurityGroupRuleDescriptionsEgress",
                       "ip_permissions { ip_protocol: '-1' ip_ranges { cidr_ip: '0.0.0.0/0' description: 'out' } }") ==
          "");
}

TEST_CASE("the host's network follows changed rules and not their descriptions", "[api]") {
  Rules rules;
  const std::string id = rules.Add(22, "203.0.113.0/24");
  const SecurityGroupId group = Value(SecurityGroupId::Parse(rules.group));
  std::vector<SecurityGroupId> woken;
  network::SecurityGroupService service(
      *rules.world.database, rules.world.random,
      [&](const VpcId&, const SecurityGroupId& changed) { woken.push_back(changed); });
  const SecurityGroupRuleId rule_id = Value(SecurityGroupRuleId::Parse(id));
  REQUIRE(service.UpdateDescriptionsById(group, false, {{rule_id, "words"}}).ok());
  CHECK(woken.empty());
  SecurityGroupRule rule;
  rule.id = rule_id;
  rule.cidr = Cidr::Parse("198.51.100.0/24").value();
  REQUIRE(service.ModifyRules(group, {rule}).ok());
  CHECK(woken == std::vector<SecurityGroupId>{group});
}

TEST_CASE("a permission with IPv4 and IPv6 ranges makes a rule of each, shown, changed and revoked", "[api]") {
  Rules rules;
  const std::string both =
      "ip_permissions { ip_protocol: 'tcp' from_port: 443 to_port: 443 ip_ranges { cidr_ip: '0.0.0.0/0' } "
      "ipv6_ranges { cidr_ipv6: '2001:DB8::1/32' description: 'six' } }";
  const auto added = Value(rules.world.CallText(
      "AuthorizeSecurityGroupIngress",
      "group_id: '" + rules.group + "' " + both +
          " tag_specifications { resource_type: 'security-group-rule' tags { key: 'Name' value: 'web' } }"));
  const auto& made = static_cast<const ec2::v1::AuthorizeSecurityGroupIngressResponse&>(*added).security_group_rules();
  REQUIRE(made.size() == 2);
  CHECK(made[0].cidr_ipv4() == "0.0.0.0/0");
  CHECK_FALSE(made[0].has_cidr_ipv6());
  CHECK(made[1].cidr_ipv6() == "2001:db8::/32");
  CHECK_FALSE(made[1].has_cidr_ipv4());
  CHECK_FALSE(made[1].has_referenced_group_info());
  CHECK(made[1].description() == "six");
  const std::string six = made[1].security_group_rule_id();
  CHECK(rules.Show(six).cidr_ipv6() == "2001:db8::/32");
  CHECK(rules.Show(six).tags(0).value() == "web");

  ec2::v1::DescribeSecurityGroupsRequest describe;
  describe.add_group_ids(rules.group);
  ec2::v1::Filter& filter = *describe.add_filters();
  filter.set_name("ip-permission.ipv6-cidr");
  filter.add_values("2001:db8::/32");
  const auto groups = Value(rules.world.Call<ec2::v1::DescribeSecurityGroupsResponse>(describe));
  REQUIRE(groups.security_groups_size() == 1);
  REQUIRE(groups.security_groups(0).ip_permissions_size() == 1);
  CHECK(groups.security_groups(0).ip_permissions(0).ipv6_ranges(0).cidr_ipv6() == "2001:db8::/32");
  CHECK(groups.security_groups(0).ip_permissions(0).ip_ranges_size() == 1);

  // The same range in another spelling.
  CHECK(rules.CodeOf("AuthorizeSecurityGroupIngress",
                     "ip_permissions { ip_protocol: '6' from_port: 443 to_port: 443 ipv6_ranges { cidr_ipv6: "
                     "'2001:db8:0::/32' } }") == "InvalidPermission.Duplicate");
  CHECK(rules.CodeOf("ModifySecurityGroupRules", Update(six, "ip_protocol: 'icmpv6' cidr_ipv6: '2001:db8:1::/48'")) ==
        "");
  CHECK(rules.Show(six).ip_protocol() == "icmpv6");
  CHECK(rules.Show(six).from_port() == -1);
  CHECK(rules.CodeOf("ModifySecurityGroupRules", Update(six, "ip_protocol: '-1' cidr_ipv4: '0.0.0.0/0'")) ==
        "InvalidParameterValue");
  CHECK(rules.CodeOf("ModifySecurityGroupRules", Update(six, "ip_protocol: '-1' prefix_list_id: 'pl-63a5400a'")) ==
        "InvalidPrefixListID.NotFound");
  CHECK(
      rules.CodeOf("UpdateSecurityGroupRuleDescriptionsIngress",
                   "ip_permissions { ip_protocol: '58' ipv6_ranges { cidr_ipv6: '2001:db8:1::/48' description: 'echo' "
                   "} }") == "");
  CHECK(rules.Show(six).description() == "echo");
  CHECK(rules.CodeOf("RevokeSecurityGroupIngress",
                     "ip_permissions { ip_protocol: 'icmpv6' ipv6_ranges { cidr_ipv6: '2001:db8:1::/48' } }") == "");
  CHECK(rules.world.CallText("DescribeSecurityGroupRules", "").ok());
  CHECK(ec2::ErrorCode(
            rules.world.CallText("DescribeSecurityGroupRules", "security_group_rule_ids: '" + six + "'").status()) ==
        "InvalidSecurityGroupRuleId.NotFound");
}

namespace {

// Keeps what rules it was given last for each group.
class RecordingFabric : public network::SimulatedFabric {
 public:
  absl::Status SyncVpc(const network::VpcSpec& spec) override {
    for (const network::GroupSpec& group : spec.groups) Note(group);
    return SimulatedFabric::SyncVpc(spec);
  }
  absl::Status ApplyGroup(const network::GroupSpec& spec) override {
    Note(spec);
    return SimulatedFabric::ApplyGroup(spec);
  }
  std::optional<std::vector<SecurityGroupRule>> RulesOf(const std::string& group) {
    MutexLock lock(mutex_);
    const auto found = rules_.find(group);
    return found == rules_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void Note(const network::GroupSpec& spec) {
    MutexLock lock(mutex_);
    rules_[spec.group.id.text()] = spec.rules;
  }
  Mutex mutex_;
  std::map<std::string, std::vector<SecurityGroupRule>> rules_;
};

}  // namespace

TEST_CASE("the host is told of no rule about IPv6, which would open IPv4 to everyone", "[api]") {
  Rules rules;
  rules.Add(22, "203.0.113.0/24");
  for (const char* ipv6 : {"ip_protocol: '-1' ipv6_ranges { cidr_ipv6: '::/0' }",
                           "ip_protocol: 'tcp' from_port: 80 to_port: 80 ipv6_ranges { cidr_ipv6: '::ffff:0:0/96' }",
                           "ip_protocol: 'icmpv6' ip_ranges { cidr_ip: '0.0.0.0/0' }",
                           "ip_protocol: '58' ipv6_ranges { cidr_ipv6: '::/0' }"}) {
    INFO(ipv6);
    REQUIRE(rules.CodeOf("AuthorizeSecurityGroupIngress", std::string("ip_permissions { ") + ipv6 + " }") == "");
  }
  RecordingFabric fabric;
  network::NetworkReconciler reconciler(
      *rules.world.database, rules.world.clock, fabric, rules.world.settings,
      {.instances = compute::AnswersForNetwork(), .on_vpc_ready = [](const Vpc&) { return absl::OkStatus(); }});
  reconciler.Start();
  REQUIRE(ComputeWorld::Eventually([&] { return fabric.RulesOf(rules.group).has_value(); }));
  reconciler.Stop();
  const std::vector<SecurityGroupRule> applied = *fabric.RulesOf(rules.group);
  REQUIRE(applied.size() == 2);
  for (const SecurityGroupRule& rule : applied) {
    CHECK(rule.cidr.has_value());
    CHECK(rule.protocol != 58);
  }
}

TEST_CASE("groups and rules are shown with their ARNs, and a revocation tells the rules that it took away", "[api]") {
  Rules rules;
  const auto ask = [&]<typename Response>(const Response&, const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(rules.world.CallText(action, text)));
  };
  const std::string of = "arn:aws:ec2:us-east-1:000000000000:";
  const auto made =
      ask(ec2::v1::CreateSecurityGroupResponse(), "CreateSecurityGroup", "group_name: 'a' description: 'd'");
  CHECK(made.security_group_arn() == of + "security-group/" + made.group_id());
  CHECK(ask(ec2::v1::DescribeSecurityGroupsResponse(), "DescribeSecurityGroups", "group_ids: '" + rules.group + "'")
            .security_groups(0)
            .security_group_arn() == of + "security-group/" + rules.group);
  const std::string http = rules.Add(80, "10.0.0.0/8", "of the office"), https = rules.Add(443, "10.0.0.0/8");
  CHECK(rules.Show(http).security_group_rule_arn() == of + "security-group-rule/" + http);
  const std::string group = "group_id: '" + rules.group + "' ";
  auto revoked = ask(ec2::v1::RevokeSecurityGroupIngressResponse(), "RevokeSecurityGroupIngress",
                     group + "security_group_rule_ids: '" + http + "'");
  REQUIRE(revoked.revoked_security_group_rules_size() == 1);
  const ec2::v1::RevokedSecurityGroupRule& rule = revoked.revoked_security_group_rules(0);
  CHECK(rule.security_group_rule_id() == http);
  CHECK(rule.group_id() == rules.group);
  CHECK_FALSE(rule.is_egress());
  CHECK(rule.ip_protocol() == "tcp");
  CHECK(rule.from_port() == 80);
  CHECK(rule.to_port() == 80);
  CHECK(rule.cidr_ipv4() == "10.0.0.0/8");
  CHECK(rule.description() == "of the office");
  CHECK_FALSE(rule.has_referenced_group_id());
  revoked = ask(ec2::v1::RevokeSecurityGroupIngressResponse(), "RevokeSecurityGroupIngress",
                group + "ip_protocol: 'tcp' from_port: 443 to_port: 443 cidr_ip: '10.0.0.0/8'");
  REQUIRE(revoked.revoked_security_group_rules_size() == 1);
  CHECK(revoked.revoked_security_group_rules(0).security_group_rule_id() == https);
  const auto deleted = ask(ec2::v1::DeleteSecurityGroupResponse(), "DeleteSecurityGroup", group);
  CHECK(deleted.return_());
  CHECK(deleted.group_id() == rules.group);
}

}  // namespace brume
