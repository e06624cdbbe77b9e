#include "lib/ec2/network/tables/address_table.h"

#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Addresses() {
  static const auto table = store::DescribeTable<ElasticAddress>(
      "addresses", "elastic address", store::Key("id", &ElasticAddress::id),
      store::Fixed("public_ip", &ElasticAddress::public_ip), store::Column("domain_name", &ElasticAddress::domain_name),
      store::Unmapped("seq"));
  return table;
}

const auto& AddressAssociations() {
  static const auto table = store::DescribeTable<AddressAssociation>(
      "address_associations", "association of an elastic address", store::Key("id", &AddressAssociation::id),
      store::Fixed("allocation_id", &AddressAssociation::allocation_id),
      store::Fixed("eni_id", &AddressAssociation::eni_id), store::Fixed("private_ip", &AddressAssociation::private_ip),
      store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> AddressTable::Describe() {
  return {Addresses().Describe(), AddressAssociations().Describe()};
}

absl::Status AddressTable::Insert(const ElasticAddress& address) { return Addresses().Insert(connection_, address); }

absl::StatusOr<ElasticAddress> AddressTable::Get(const AllocationId& id) { return Addresses().Get(connection_, id); }

absl::StatusOr<std::optional<ElasticAddress>> AddressTable::FindByAddress(Ipv4 address) {
  return Addresses().First(connection_, "addresses WHERE public_ip = ?", address);
}

absl::StatusOr<std::vector<ElasticAddress>> AddressTable::List() {
  return Addresses().Select(connection_, "addresses ORDER BY seq");
}

absl::StatusOr<std::vector<ElasticAddress>> AddressTable::FindMany(absl::Span<const AllocationId> ids) {
  return Addresses().Select(connection_, "addresses WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                            store::JsonArrayOfIds(ids));
}

absl::Status AddressTable::SetDomainName(const AllocationId& id, const std::string& domain_name) {
  return Addresses().Set(connection_, id, &ElasticAddress::domain_name, domain_name);
}

absl::StatusOr<std::vector<ElasticAddress>> AddressTable::ListNamed() {
  return Addresses().Select(connection_, "addresses WHERE domain_name <> '' ORDER BY seq");
}

absl::Status AddressTable::Delete(const AllocationId& id) { return Addresses().Delete(connection_, id); }

absl::Status AddressTable::InsertAssociation(const AddressAssociation& association) {
  return AddressAssociations().Insert(connection_, association);
}

absl::StatusOr<AddressAssociation> AddressTable::GetAssociation(const AddressAssociationId& id) {
  return AddressAssociations().Get(connection_, id);
}

absl::StatusOr<std::optional<AddressAssociation>> AddressTable::AssociationOf(const AllocationId& address) {
  return AddressAssociations().First(connection_, "address_associations WHERE allocation_id = ?", address);
}

absl::StatusOr<std::optional<AddressAssociation>> AddressTable::AssociationOf(const EniId& eni, Ipv4 private_ip) {
  return AddressAssociations().First(connection_, "address_associations WHERE eni_id = ? AND private_ip = ?", eni,
                                     private_ip);
}

absl::StatusOr<std::vector<AddressAssociation>> AddressTable::ListAssociationsOf(
    absl::Span<const AllocationId> addresses) {
  return AddressAssociations().Select(
      connection_, "address_associations WHERE allocation_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
      store::JsonArrayOfIds(addresses));
}

absl::Status AddressTable::DeleteAssociation(const AddressAssociationId& id) {
  return AddressAssociations().Delete(connection_, id);
}

}  // namespace brume::network
