#include "lib/ec2/network/network_acl_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

// EC2's quotas: 200 ACLs of a VPC, and 20 rules of a direction, of which it grants 40 when asked.
constexpr size_t kMaxAcls = 200, kMaxEntries = 40;

absl::Status EntryNotFound(const NetworkAclId& id, bool egress, int number) {
  return ec2::Error("InvalidNetworkAclEntry.NotFound",
                    absl::StrCat("The network ACL '", id.text(), "' has no ", egress ? "egress" : "ingress",
                                 " rule with the number ", number));
}

absl::StatusOr<NetworkAclView> Read(store::Connection& c, NetworkAcl acl) {
  NetworkAclTable acls(c);
  NetworkAclView view;
  ASSIGN_OR_RETURN(view.entries, acls.ListEntries(acl.id));
  ASSIGN_OR_RETURN(view.associations, acls.ListAssociations(acl.id));
  view.acl = std::move(acl);
  return view;
}

}  // namespace

absl::Status NormaliseEntry(NetworkAclEntry& entry) {
  if (entry.number < 1 || entry.number >= kLastAclEntry) {
    return ec2::Error(
        "InvalidParameterValue",
        absl::StrCat("Value (", entry.number, ") for parameter ruleNumber is invalid: it is 1 to ", kLastAclEntry - 1));
  }
  // The same as for a rule of a security group.
  SecurityGroupRule rule;
  rule.protocol = entry.protocol;
  rule.from_port = entry.from_port;
  rule.to_port = entry.to_port;
  rule.cidr_ipv6 = entry.cidr_ipv6;
  if (!entry.cidr_ipv6.has_value()) rule.cidr = entry.cidr;
  RETURN_IF_ERROR(NormaliseRule(rule));
  entry.from_port = rule.from_port;
  entry.to_port = rule.to_port;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<NetworkAclView>> ReadAcls(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(std::vector<NetworkAcl> rows, NetworkAclTable(connection).List(vpc));
  std::vector<NetworkAclView> views;
  views.reserve(rows.size());
  for (NetworkAcl& acl : rows) {
    ASSIGN_OR_RETURN(views.emplace_back(), Read(connection, std::move(acl)));
  }
  return views;
}

NetworkAclService::NetworkAclService(store::Database& database, Random& random, std::function<void(const VpcId&)> wake)
    : database_(database), random_(random), wake_(std::move(wake)) {}

absl::Status NetworkAclService::Change(
    const NetworkAclId& id, const std::function<absl::Status(store::Connection&, const NetworkAcl&)>& change) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const NetworkAcl acl, NetworkAclTable(c).Get(id));
    vpc = acl.vpc_id;
    return change(c, acl);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<NetworkAclView> NetworkAclService::Create(const VpcId& vpc, const TagMap& tags,
                                                         const idempotency::CallToken& token) {
  // Nothing has it yet, so the host need not know.
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<NetworkAclView> {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const auto before, idempotency::FindMade<NetworkAclId>(c, token));
    if (before.has_value()) {
      ASSIGN_OR_RETURN(NetworkAcl acl, acls.Get(*before));
      ASSIGN_OR_RETURN(NetworkAclView made, Read(c, std::move(acl)));
      ASSIGN_OR_RETURN(made.tags, tagging::GetTags(c, before->text()));
      return made;
    }
    RETURN_IF_ERROR(NetworkTable(c).GetVpc(vpc).status());
    ASSIGN_OR_RETURN(const std::vector<NetworkAcl> present, acls.List(vpc));
    if (present.size() >= kMaxAcls) return QuotaReached("NetworkAclLimitExceeded", "network ACLs of a VPC", kMaxAcls);
    NetworkAclView made;
    made.acl = {.id = NetworkAclId::New(random_), .vpc_id = vpc, .is_default = false};
    made.tags = tags;
    RETURN_IF_ERROR(acls.Insert(made.acl));
    RETURN_IF_ERROR(tagging::SetTags(c, made.acl.id.text(), tags));
    RETURN_IF_ERROR(idempotency::KeepToken(c, token, made.acl.id.text()));
    return made;
  });
}

absl::Status NetworkAclService::Delete(const NetworkAclId& id) {
  return Change(id, [&](store::Connection& c, const NetworkAcl& acl) -> absl::Status {
    if (acl.is_default) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("cannot delete default network ACL ", id.text(), " of ", acl.vpc_id.text()));
    }
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const std::vector<NetworkAclAssociation> used, acls.ListAssociations(id));
    if (used.empty()) return acls.Delete(id);
    return ec2::Error("DependencyViolation",
                      absl::StrCat("The networkAcl '", id.text(), "' has dependencies and cannot be deleted. (",
                                   used.front().subnet_id.text(), ")"));
  });
}

absl::Status NetworkAclService::AddEntry(NetworkAclEntry entry) {
  RETURN_IF_ERROR(NormaliseEntry(entry));
  return Change(entry.acl_id, [&](store::Connection& c, const NetworkAcl&) -> absl::Status {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const std::vector<NetworkAclEntry> present, acls.ListEntries(entry.acl_id));
    size_t count = 0;
    for (const NetworkAclEntry& other : present) {
      if (other.egress != entry.egress) continue;
      ++count;
      if (other.number != entry.number) continue;
      return ec2::Error("NetworkAclEntryAlreadyExists",
                        absl::StrCat("The network acl entry identified by ", entry.number, " already exists in ",
                                     entry.acl_id.text(), "."));
    }
    if (count >= kMaxEntries) {
      return QuotaReached("NetworkAclEntryLimitExceeded", "rules of a network ACL in one direction", kMaxEntries);
    }
    return acls.InsertEntry(entry);
  });
}

absl::Status NetworkAclService::ReplaceEntry(NetworkAclEntry entry) {
  RETURN_IF_ERROR(NormaliseEntry(entry));
  return Change(entry.acl_id, [&](store::Connection& c, const NetworkAcl&) -> absl::Status {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const auto present, acls.FindEntry(entry.acl_id, entry.egress, entry.number));
    if (!present.has_value()) return EntryNotFound(entry.acl_id, entry.egress, entry.number);
    return acls.SetEntry(entry);
  });
}

absl::Status NetworkAclService::RemoveEntry(const NetworkAclId& id, bool egress, int number) {
  return Change(id, [&](store::Connection& c, const NetworkAcl&) -> absl::Status {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const auto present, acls.FindEntry(id, egress, number));
    if (!present.has_value()) return EntryNotFound(id, egress, number);
    return acls.DeleteEntry(id, egress, number);
  });
}

absl::StatusOr<NetworkAclAssociation> NetworkAclService::GetAssociation(const NetworkAclAssociationId& id) {
  return database_.ReadFor([&](store::Connection& c) { return NetworkAclTable(c).GetAssociation(id); });
}

absl::StatusOr<NetworkAclAssociation> NetworkAclService::ReplaceAssociation(const NetworkAclAssociationId& id,
                                                                            const NetworkAclId& acl) {
  NetworkAclAssociation made;
  RETURN_IF_ERROR(Change(acl, [&](store::Connection& c, const NetworkAcl& row) -> absl::Status {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(const NetworkAclAssociation before, acls.GetAssociation(id));
    ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(c).GetSubnet(before.subnet_id));
    if (subnet.vpc_id != row.vpc_id) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("The network ACL '", acl.text(), "' and the subnet '",
                                                              subnet.id.text(), "' belong to different networks"));
    }
    made = before;
    if (before.acl_id == acl) return absl::OkStatus();
    made.id = NetworkAclAssociationId::New(random_);
    made.acl_id = acl;
    RETURN_IF_ERROR(acls.DeleteAssociation(id));
    return acls.InsertAssociation(made);
  }));
  return made;
}

absl::StatusOr<std::vector<NetworkAclView>> NetworkAclService::List(absl::Span<const NetworkAclId> ids,
                                                                    const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<NetworkAclView>> {
    NetworkAclTable acls(c);
    ASSIGN_OR_RETURN(std::vector<NetworkAcl> rows,
                     tagging::ChooseRows<NetworkAclId>(
                         c, ids, tags, [&](const NetworkAclId& id) { return acls.Get(id); },
                         [&] { return acls.List(std::nullopt); }));
    ASSIGN_OR_RETURN(std::vector<TagMap> own_tags, tagging::TagsOfRows(c, rows));
    std::vector<NetworkAclView> views;
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSIGN_OR_RETURN(views.emplace_back(), Read(c, std::move(rows[i])));
      views.back().tags = std::move(own_tags[i]);
    }
    return views;
  });
}

}  // namespace brume::network
