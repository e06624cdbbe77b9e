#include "lib/ec2/network/tables/network_acl_table.h"

#include <tuple>

#include "lib/ec2/network/tables/ipv6_text.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Acls() {
  static const auto table = store::DescribeTable<NetworkAcl>(
      "network_acls", "network ACL", store::Key("id", &NetworkAcl::id), store::Fixed("vpc_id", &NetworkAcl::vpc_id),
      store::Fixed("is_default", &NetworkAcl::is_default), store::Unmapped("seq"));
  return table;
}

const auto& AclEntries() {
  using Entry = NetworkAclEntry;
  static const auto table = store::DescribeTable<Entry>(
      "network_acl_entries", "rule of the network ACL", store::Key("acl_id", &Entry::acl_id),
      store::Key("egress", &Entry::egress), store::Key("number", &Entry::number), store::Column("allow", &Entry::allow),
      store::Column("protocol", &Entry::protocol), store::Column("from_port", &Entry::from_port),
      store::Column("to_port", &Entry::to_port), store::Column("cidr_base", &Entry::cidr, &Cidr::base),
      store::Column("prefix_length", &Entry::cidr, &Cidr::prefix_length),
      store::Encoded<OptionalIpv6Text>("cidr_ipv6", &Entry::cidr_ipv6));
  return table;
}

const auto& AclAssociations() {
  using Association = NetworkAclAssociation;
  static const auto table = store::DescribeTable<Association>(
      "network_acl_associations", "association of the network ACL", store::Key("id", &Association::id),
      store::Fixed("acl_id", &Association::acl_id), store::Fixed("subnet_id", &Association::subnet_id),
      store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> NetworkAclTable::Describe() {
  return {Acls().Describe(), AclEntries().Describe(), AclAssociations().Describe()};
}

absl::Status NetworkAclTable::Insert(const NetworkAcl& acl) { return Acls().Insert(connection_, acl); }

absl::StatusOr<NetworkAcl> NetworkAclTable::Get(const NetworkAclId& id) { return Acls().Get(connection_, id); }

absl::StatusOr<std::vector<NetworkAcl>> NetworkAclTable::List(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return Acls().Select(connection_, "network_acls ORDER BY seq");
  return Acls().Select(connection_, "network_acls WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::StatusOr<std::optional<NetworkAcl>> NetworkAclTable::DefaultOf(const VpcId& vpc) {
  return Acls().First(connection_, "network_acls WHERE vpc_id = ? AND is_default = 1", vpc);
}

absl::Status NetworkAclTable::Delete(const NetworkAclId& id) { return Acls().Delete(connection_, id); }

absl::Status NetworkAclTable::InsertEntry(const NetworkAclEntry& entry) {
  return AclEntries().Insert(connection_, entry);
}

absl::StatusOr<std::optional<NetworkAclEntry>> NetworkAclTable::FindEntry(const NetworkAclId& acl, bool egress,
                                                                          int number) {
  return AclEntries().Find(connection_, std::tie(acl, egress, number));
}

absl::Status NetworkAclTable::SetEntry(const NetworkAclEntry& entry) {
  return AclEntries().Overwrite(connection_, entry);
}

absl::Status NetworkAclTable::DeleteEntry(const NetworkAclId& acl, bool egress, int number) {
  return AclEntries().Delete(connection_, std::tie(acl, egress, number));
}

absl::StatusOr<std::vector<NetworkAclEntry>> NetworkAclTable::ListEntries(const NetworkAclId& acl) {
  return AclEntries().Select(connection_, "network_acl_entries WHERE acl_id = ? ORDER BY egress, number", acl);
}

absl::Status NetworkAclTable::InsertAssociation(const NetworkAclAssociation& association) {
  return AclAssociations().Insert(connection_, association);
}

absl::StatusOr<NetworkAclAssociation> NetworkAclTable::GetAssociation(const NetworkAclAssociationId& id) {
  return AclAssociations().Get(connection_, id);
}

absl::StatusOr<std::vector<NetworkAclAssociation>> NetworkAclTable::ListAssociations(const NetworkAclId& acl) {
  return AclAssociations().Select(connection_, "network_acl_associations WHERE acl_id = ? ORDER BY seq", acl);
}

absl::Status NetworkAclTable::DeleteAssociation(const NetworkAclAssociationId& id) {
  return AclAssociations().Delete(connection_, id);
}

}  // namespace brume::network
