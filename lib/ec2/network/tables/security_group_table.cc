#include "lib/ec2/network/tables/security_group_table.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/model/rule_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Groups() {
  static const auto table = store::DescribeTable<SecurityGroup>(
      "security_groups", "security group", store::Key("id", &SecurityGroup::id),
      store::Column("vpc_id", &SecurityGroup::vpc_id), store::Column("name", &SecurityGroup::name),
      store::Column("description", &SecurityGroup::description), store::Unmapped("seq"));
  return table;
}

// The range's columns are NULL for a rule about a group.
struct RuleRow {
  SecurityGroupRule rule;
  std::optional<Ipv4> cidr_base = {};
  std::optional<int> prefix_length = {};
};
// '' where the rule is about something else.
struct Ipv6Range {
  static std::string ToStore(const std::optional<CidrIpv6>& range) { return range.has_value() ? range->text() : ""; }
  static absl::Status FromStore(const std::string& text, std::optional<CidrIpv6>& range) {
    range.reset();
    if (text.empty()) return absl::OkStatus();
    absl::StatusOr<CidrIpv6> parsed = CidrIpv6::Parse(text);
    if (!parsed.ok()) return absl::DataLossError("no IPv6 range");
    range = *parsed;
    return absl::OkStatus();
  }
};

const auto& Rules() {
  using R = SecurityGroupRule;
  constexpr auto kRule = &RuleRow::rule;
  static const auto table = store::DescribeTable<RuleRow>(
      "security_group_rules", "security group rule", store::Key("id", kRule, &R::id),
      store::Fixed("group_id", kRule, &R::group_id), store::Fixed("egress", kRule, &R::egress),
      store::Column("protocol", kRule, &R::protocol), store::Column("from_port", kRule, &R::from_port),
      store::Column("to_port", kRule, &R::to_port), store::Column("cidr_base", &RuleRow::cidr_base),
      store::Column("prefix_length", &RuleRow::prefix_length),
      store::Encoded<Ipv6Range>("cidr_ipv6", kRule, &R::cidr_ipv6),
      store::Column("referenced_group", kRule, &R::referenced_group),
      store::Column("prefix_list_id", kRule, &R::prefix_list), store::Column("description", kRule, &R::description),
      store::Unmapped("seq"));
  return table;
}

RuleRow ToRow(const SecurityGroupRule& rule) {
  if (!rule.cidr.has_value()) return {rule};
  return {rule, rule.cidr->base, rule.cidr->prefix_length};
}

SecurityGroupRule FromRow(RuleRow row) {
  if (row.cidr_base.has_value() && row.prefix_length.has_value()) {
    row.rule.cidr = Cidr{*row.cidr_base, *row.prefix_length};
  }
  return std::move(row.rule);
}

absl::Status RuleThere(const absl::Status& status, const SecurityGroupRule& rule) {
  if (!store::Violates(status, "security_group_rules_same_permission")) return status;
  return RuleDuplicate(rule);
}

int64_t ReadCount(store::Row& row) {
  int64_t count = 0;
  row.Read(count);
  return count;
}

Ipv4 ReadAddress(store::Row& row) {
  Ipv4 address;
  row.Read(address);
  return address;
}

}  // namespace

std::vector<store::TableDescription> SecurityGroupTable::Describe() {
  return {Groups().Describe(), Rules().Describe()};
}

absl::Status SecurityGroupTable::Insert(const SecurityGroup& group) {
  const absl::Status inserted = Groups().Insert(connection_, group);
  if (store::Violates(inserted, "security_groups.name")) {
    return ec2::Error(ec2::kGroupDuplicate, group.name, group.vpc_id.text());
  }
  return inserted;
}

absl::StatusOr<SecurityGroup> SecurityGroupTable::Get(const SecurityGroupId& id) {
  return Groups().Get(connection_, id);
}

absl::StatusOr<std::optional<SecurityGroup>> SecurityGroupTable::FindByName(const VpcId& vpc, const std::string& name) {
  return Groups().First(connection_, "security_groups WHERE vpc_id = ? AND name = ?", vpc, name);
}

absl::StatusOr<bool> SecurityGroupTable::NameIsTaken(const VpcId& vpc, const std::string& name) {
  ASSIGN_OR_RETURN(
      const std::optional<SecurityGroup> group,
      Groups().First(connection_, "security_groups WHERE vpc_id = ? AND name = ? COLLATE NOCASE", vpc, name));
  return group.has_value();
}

absl::StatusOr<std::vector<SecurityGroup>> SecurityGroupTable::List(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return Groups().Select(connection_, "security_groups ORDER BY seq");
  return Groups().Select(connection_, "security_groups WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::StatusOr<std::vector<SecurityGroup>> SecurityGroupTable::GetMany(absl::Span<const SecurityGroupId> ids) {
  return Groups().Select(connection_,
                         "(SELECT key AS place, value AS wanted FROM json_each(?)) "
                         "CROSS JOIN security_groups ON id = wanted ORDER BY place",
                         store::JsonArrayOfIds(ids));
}

absl::Status SecurityGroupTable::Delete(const SecurityGroupId& id) {
  const absl::Status deleted = Groups().Delete(connection_, id);
  if (absl::IsFailedPrecondition(deleted)) {
    return ec2::Error(ec2::kHasDependent, id.text());
  }
  return deleted;
}

absl::StatusOr<int64_t> SecurityGroupTable::Count() {
  ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                   connection_.All("SELECT COUNT(*) FROM security_groups", ReadCount));
  return counts.front();
}

absl::Status SecurityGroupTable::InsertRule(const SecurityGroupRule& rule) {
  return RuleThere(Rules().Insert(connection_, ToRow(rule)), rule);
}

absl::Status SecurityGroupTable::UpdateRules(absl::Span<const SecurityGroupRule> rules) {
  // First each gets ports that no rule has, so that none is in the way of another.
  for (const SecurityGroupRule& rule : rules) {
    RETURN_IF_ERROR(connection_.Run("UPDATE security_group_rules SET from_port = -2 - seq WHERE id = ?", rule.id));
  }
  for (const SecurityGroupRule& rule : rules) {
    RETURN_IF_ERROR(RuleThere(Rules().Overwrite(connection_, ToRow(rule)), rule));
  }
  return absl::OkStatus();
}

absl::Status SecurityGroupTable::SetRuleDescription(const SecurityGroupRuleId& id, const std::string& description) {
  return connection_.Run("UPDATE security_group_rules SET description = ? WHERE id = ?", description, id);
}

absl::Status SecurityGroupTable::DeleteRule(const SecurityGroupRuleId& id) { return Rules().Delete(connection_, id); }

absl::StatusOr<std::vector<SecurityGroupRule>> SecurityGroupTable::ListRules(const SecurityGroupId& group) {
  ASSIGN_OR_RETURN(std::vector<RuleRow> rows,
                   Rules().Select(connection_, "security_group_rules WHERE group_id = ? ORDER BY seq", group));
  std::vector<SecurityGroupRule> rules;
  for (RuleRow& row : rows) rules.push_back(FromRow(std::move(row)));
  return rules;
}

absl::StatusOr<SecurityGroupRule> SecurityGroupTable::GetRule(const SecurityGroupRuleId& id) {
  ASSIGN_OR_RETURN(RuleRow row, Rules().Get(connection_, id));
  return FromRow(std::move(row));
}

absl::StatusOr<std::vector<Ipv4>> SecurityGroupTable::MemberAddresses(const SecurityGroupId& group) {
  return connection_.All(
      "SELECT private_ip FROM interface_groups CROSS JOIN network_interfaces ON id = eni_id WHERE group_id = ?1 "
      "UNION ALL SELECT private_ip FROM interface_groups AS g CROSS JOIN interface_addresses AS a ON a.eni_id = "
      "g.eni_id "
      "WHERE group_id = ?1 ORDER BY private_ip",
      ReadAddress, group);
}

absl::StatusOr<std::vector<SecurityGroup>> SecurityGroupTable::ListNamedOfOthers(const VpcId& vpc) {
  return Groups().Select(
      connection_,
      "security_groups WHERE vpc_id <> ? AND id IN (SELECT referenced_group FROM security_group_rules JOIN "
      "security_groups AS own ON own.id = group_id WHERE own.vpc_id = ?) ORDER BY id",
      vpc, vpc);
}

absl::StatusOr<std::vector<std::pair<VpcId, SecurityGroupId>>> SecurityGroupTable::ListNamers(const VpcId& vpc) {
  return connection_.All(
      "SELECT DISTINCT namer.vpc_id, named.id FROM security_groups AS named JOIN security_group_rules ON "
      "referenced_group = named.id JOIN security_groups AS namer ON namer.id = group_id WHERE named.vpc_id = ? AND "
      "namer.vpc_id <> named.vpc_id",
      [](store::Row& row) {
        std::pair<VpcId, SecurityGroupId> namer;
        row.Read(namer.first);
        row.Read(namer.second);
        return namer;
      },
      vpc);
}

}  // namespace brume::network
