#include "lib/ec2/network/security_group_table.h"

#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
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

SecurityGroupRule ReadRule(store::Row& row) {
  SecurityGroupRule rule;
  std::optional<Ipv4> base;
  std::optional<int> prefix_length;
  row.Read(rule.id, rule.group_id, rule.egress, rule.protocol, rule.from_port, rule.to_port, base, prefix_length,
           rule.referenced_group, rule.description);
  if (base.has_value() && prefix_length.has_value()) rule.cidr = Cidr{*base, *prefix_length};
  return rule;
}

// What stands for a rule's range in the row; none of both for a rule about a group.
std::pair<std::optional<Ipv4>, std::optional<int>> CidrColumns(const SecurityGroupRule& rule) {
  if (!rule.cidr.has_value()) return {};
  return {rule.cidr->base, rule.cidr->prefix_length};
}

absl::Status RuleThere(const absl::Status& status, const SecurityGroupRule& rule) {
  if (!store::Violates(status, "security_group_rules_same_permission")) return status;
  return ec2::Error("InvalidPermission.Duplicate",
                    absl::StrCat("the specified rule already exists in security group '", rule.group_id.text(), "'"));
}

Ipv4 ReadAddress(store::Row& row) {
  Ipv4 address;
  row.Read(address);
  return address;
}

}  // namespace

store::TableDescription SecurityGroupTable::Describe() { return Groups().Describe(); }

absl::Status SecurityGroupTable::Insert(const SecurityGroup& group) {
  const absl::Status inserted = Groups().Insert(connection_, group);
  if (store::Violates(inserted, "security_groups.name")) {
    return ec2::Error("InvalidGroup.Duplicate", absl::StrCat("The security group '", group.name,
                                                             "' already exists for VPC '", group.vpc_id.text(), "'"));
  }
  return inserted;
}

absl::StatusOr<SecurityGroup> SecurityGroupTable::Get(const SecurityGroupId& id) {
  return Groups().Get(connection_, id);
}

absl::StatusOr<std::optional<SecurityGroup>> SecurityGroupTable::FindByName(const VpcId& vpc, const std::string& name) {
  return Groups().First(connection_, "security_groups WHERE vpc_id = ? AND name = ?", vpc, name);
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
    return ec2::Error("DependencyViolation", absl::StrCat("resource ", id.text(), " has a dependent object"));
  }
  return deleted;
}

absl::Status SecurityGroupTable::InsertRule(const SecurityGroupRule& rule) {
  const auto [base, prefix_length] = CidrColumns(rule);
  const absl::Status inserted = connection_.Run(
      "INSERT INTO security_group_rules (id, group_id, egress, protocol, from_port, to_port, cidr_base, prefix_length, "
      "referenced_group, description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      rule.id, rule.group_id, rule.egress, rule.protocol, rule.from_port, rule.to_port, base, prefix_length,
      rule.referenced_group, rule.description);
  return RuleThere(inserted, rule);
}

absl::Status SecurityGroupTable::UpdateRules(absl::Span<const SecurityGroupRule> rules) {
  // First each gets ports that no rule has, so that none is in the way of another.
  for (const SecurityGroupRule& rule : rules) {
    RETURN_IF_ERROR(connection_.Run("UPDATE security_group_rules SET from_port = -2 - seq WHERE id = ?", rule.id));
  }
  for (const SecurityGroupRule& rule : rules) {
    const auto [base, prefix_length] = CidrColumns(rule);
    const absl::Status updated = connection_.Run(
        "UPDATE security_group_rules SET protocol = ?, from_port = ?, to_port = ?, cidr_base = ?, prefix_length = ?, "
        "referenced_group = ?, description = ? WHERE id = ?",
        rule.protocol, rule.from_port, rule.to_port, base, prefix_length, rule.referenced_group, rule.description,
        rule.id);
    RETURN_IF_ERROR(RuleThere(updated, rule));
  }
  return absl::OkStatus();
}

absl::Status SecurityGroupTable::SetRuleDescription(const SecurityGroupRuleId& id, const std::string& description) {
  return connection_.Run("UPDATE security_group_rules SET description = ? WHERE id = ?", description, id);
}

absl::Status SecurityGroupTable::DeleteRule(const SecurityGroupRuleId& id) {
  return connection_.Run("DELETE FROM security_group_rules WHERE id = ?", id);
}

absl::StatusOr<std::vector<SecurityGroupRule>> SecurityGroupTable::ListRules(const SecurityGroupId& group) {
  return connection_.All(
      "SELECT id, group_id, egress, protocol, from_port, to_port, cidr_base, prefix_length, referenced_group, "
      "description FROM security_group_rules WHERE group_id = ? ORDER BY seq",
      ReadRule, group);
}

absl::StatusOr<SecurityGroupRule> SecurityGroupTable::GetRule(const SecurityGroupRuleId& id) {
  ASSIGN_OR_RETURN(
      const std::optional<SecurityGroupRule> rule,
      connection_.First("SELECT id, group_id, egress, protocol, from_port, to_port, cidr_base, prefix_length, "
                        "referenced_group, description FROM security_group_rules WHERE id = ?",
                        ReadRule, id));
  if (!rule.has_value()) return id.NotFound();
  return *rule;
}

absl::StatusOr<std::vector<Ipv4>> SecurityGroupTable::MemberAddresses(const SecurityGroupId& group) {
  return connection_.All(
      "SELECT private_ip FROM interface_groups CROSS JOIN network_interfaces ON id = eni_id WHERE group_id = ? "
      "ORDER BY private_ip",
      ReadAddress, group);
}

}  // namespace brume::network
