#include "cli/tables_firewall.h"

#include <utility>

#include "nlohmann/json.hpp"

namespace brume::cli {

namespace {

using Json = nlohmann::ordered_json;

// A line for each peer of each permission of a security group.
std::vector<Json> SecurityGroupLines(const Json& group) {
  struct Peer {
    const char* list;
    const char* name;
  };
  constexpr Peer kPeers[] = {{"IpRanges", "CidrIp"},
                             {"Ipv6Ranges", "CidrIpv6"},
                             {"PrefixListIds", "PrefixListId"},
                             {"UserIdGroupPairs", "GroupId"}};
  constexpr std::pair<const char*, const char*> kDirections[] = {{"IpPermissions", "in"},
                                                                 {"IpPermissionsEgress", "out"}};
  std::vector<Json> lines;
  for (const auto& [member, direction] : kDirections) {
    for (const Json* permission : ValuesAt(group, member)) {
      for (const Peer& kind : kPeers) {
        for (const Json* peer : ValuesAt(*permission, kind.list)) {
          Json line = {
              {"Direction", direction}, {"Peer", Cell(*peer, kind.name)}, {"Description", Cell(*peer, "Description")}};
          for (const char* copied : {"IpProtocol", "FromPort", "ToPort"}) {
            if (permission->contains(copied)) line[copied] = (*permission)[copied];
          }
          lines.push_back(std::move(line));
        }
      }
    }
  }
  return lines;
}

std::string RuleDirection(const Json& egress, const TableStyle&) { return PlainText(egress) == "yes" ? "out" : "in"; }

// Whom a rule is about, whatever kind of thing that is.
std::string RulePeer(const Json& rule, const TableStyle&) {
  for (const char* member : {"CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo.GroupId", "ReferencedGroupId",
                             "CidrBlock", "Ipv6CidrBlock"}) {
    std::string peer = Cell(rule, member);
    if (!peer.empty()) return peer;
  }
  return "";
}

std::string AclPorts(const Json& entry, const TableStyle&) {
  const std::string from = Cell(entry, "PortRange.From"), to = Cell(entry, "PortRange.To");
  const std::string type = Cell(entry, "IcmpTypeCode.Type");
  if (!type.empty()) return type == "-1" ? "all" : "type " + type;
  if (from.empty() || (from == "0" && to == "65535")) return "all";
  return from == to ? from : from + "-" + to;
}

// The rule that every ACL ends with has a number that nobody can give.
std::string AclRuleNumber(const Json& number, const TableStyle&) {
  const std::string text = PlainText(number);
  return text == "32767" ? "*" : text;
}

constexpr CellFormat kDirection{RuleDirection};
constexpr CellFormat kPeer{RulePeer};
constexpr CellFormat kAclPorts{AclPorts};
constexpr CellFormat kAclNumber{AclRuleNumber, false, true};

std::vector<TableSpec> GroupTables() {
  TableSpec rules = {"ec2.SecurityGroupRule",
                     "security group rules",
                     {{"ID", "SecurityGroupRuleId"},
                      {"NAME", "Tags[Name]", 5, &kPlain, 12},
                      {"GROUP", "GroupId", 3},
                      {"IN/OUT", "IsEgress", 0, &kDirection},
                      {"PROTO", "IpProtocol", 0, &kProtocol},
                      {"PORTS", "", 0, &kPorts},
                      {"PEER", "", 0, &kPeer},
                      {"DESCRIPTION", "Description", 4, &kPlain, 16}}};
  // The same without tags.
  TableSpec revoked = rules;
  revoked.type = "ec2.RevokedSecurityGroupRule";
  revoked.columns.erase(revoked.columns.begin() + 1);
  return {
      {"ec2.SecurityGroup",
       "security groups",
       {{"ID", "GroupId"},
        {"NAME", "GroupName", 1, &kPlain, 8},
        {"IN/OUT", "/Direction"},
        {"PROTO", "/IpProtocol", 0, &kProtocol},
        {"PORTS", "/", 0, &kPorts},
        {"PEER", "/Peer"},
        {"RULE DESCRIPTION", "/Description", 3, &kPlain, 16},
        {"VPC", "VpcId", 4},
        {"DESCRIPTION", "Description", 5, &kPlain, 16}},
       {},
       SecurityGroupLines},
      std::move(rules),
      std::move(revoked),
      {"ec2.NetworkAcl",
       "network ACLs",
       {{"ID", "NetworkAclId"},
        {"NAME", "Tags[Name]", 4, &kPlain, 10},
        {"IN/OUT", "/Egress", 0, &kDirection},
        {"RULE", "/RuleNumber", 0, &kAclNumber},
        {"ACTION", "/RuleAction", 0, &kState},
        {"PROTO", "/Protocol", 0, &kProtocol},
        {"PORTS", "/", 0, &kAclPorts},
        {"PEER", "/", 0, &kPeer},
        {"DEFAULT", "IsDefault", 6},
        {"SUBNETS", "Associations.SubnetId", 5, &kPlain, 24},
        {"VPC", "VpcId", 5}},
       {"Entries"}},
  };
}

}  // namespace

std::vector<TableSpec> FirewallTables() {
  std::vector<TableSpec> tables = {
      {"ec2.ManagedPrefixList",
       "prefix lists",
       {{"ID", "PrefixListId"},
        {"NAME", "PrefixListName", 1, &kPlain, 12},
        {"STATE", "State", 0, &kState},
        {"FAMILY", "AddressFamily", 2},
        {"VERSION", "Version", 3, &kNumber},
        {"MAX ENTRIES", "MaxEntries", 3, &kNumber},
        {"OWNER", "OwnerId", 4},
        {"WHY", "StateMessage", 5, &kPlain, 20}}},
      {"ec2.PrefixList",
       "prefix lists",
       {{"ID", "PrefixListId"}, {"NAME", "PrefixListName", 1, &kPlain, 12}, {"CIDR", "/"}},
       {"Cidrs"}},
      {"ec2.PrefixListEntry", "entries", {{"CIDR", "Cidr"}, {"DESCRIPTION", "Description", 1, &kPlain, 20}}},
      {"ec2.PrefixListAssociation", "associations", {{"RESOURCE", "ResourceId"}, {"OWNER", "ResourceOwner", 1}}},
      {"ec2.FlowLog",
       "flow logs",
       {{"ID", "FlowLogId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"STATE", "FlowLogStatus", 0, &kState},
        {"DELIVERY", "DeliverLogsStatus", 0, &kState},
        {"RESOURCE", "ResourceId", 1},
        {"TRAFFIC", "TrafficType", 2},
        {"EVERY", "MaxAggregationInterval", 4, &kSeconds},
        {"TO", "LogDestination", 5, &kPlain, 20},
        {"CREATED", "CreationTime", 6, &kAge},
        {"WHY", "DeliverLogsErrorMessage", 3, &kPlain, 20}}},
      {"ec2.NetworkInsightsPath",
       "paths",
       {{"ID", "NetworkInsightsPathId"},
        {"NAME", "Tags[Name]", 1, &kPlain, 12},
        {"SOURCE", "Source"},
        {"DESTINATION", "Destination"},
        {"ADDRESS", "DestinationIp", 2},
        {"PROTOCOL", "Protocol", 2},
        {"PORT", "DestinationPort", 2, &kNumber},
        {"CREATED", "CreatedDate", 3, &kAge}}},
      {"ec2.NetworkInsightsAnalysis",
       "analyses",
       {{"ID", "NetworkInsightsAnalysisId"},
        {"NAME", "Tags[Name]", 2, &kPlain, 12},
        {"STATE", "Status", 0, &kState},
        {"REACHABLE", "NetworkPathFound", 0, &kState},
        {"STOPPED BY", "Explanations.Component.Id", 1},
        {"PATH", "NetworkInsightsPathId", 3},
        {"STARTED", "StartDate", 4, &kAge},
        {"WHY", "Explanations.ExplanationCode", 2}}},
  };
  for (TableSpec& table : GroupTables()) tables.push_back(std::move(table));
  return tables;
}

}  // namespace brume::cli
