#include "lib/ec2/network/tables/interface_address_table.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

struct AddressRow {
  int64_t seq = 0;
  EniId eni_id;
  VpcId vpc_id;
  Ipv4 private_ip;
  std::optional<Ipv4> public_ip;
};

const auto& InterfaceAddresses() {
  static const auto table = store::DescribeTable<AddressRow>(
      "interface_addresses", "private address", store::Assigned("seq", &AddressRow::seq),
      store::Fixed("eni_id", &AddressRow::eni_id), store::Fixed("vpc_id", &AddressRow::vpc_id),
      store::Fixed("private_ip", &AddressRow::private_ip), store::Column("public_ip", &AddressRow::public_ip));
  return table;
}

}  // namespace

std::vector<store::TableDescription> InterfaceAddressTable::Describe() { return {InterfaceAddresses().Describe()}; }

absl::Status InterfaceAddressTable::Insert(const NetworkInterface& eni, const SecondaryAddress& address) {
  ASSIGN_OR_RETURN(const bool taken, NetworkTable(connection_).PrivateIpTaken(eni.vpc_id, address.private_ip));
  if (taken) return AddressInUse(address.private_ip);
  return InterfaceAddresses().Insert(connection_, {.seq = 0,
                                                   .eni_id = eni.id,
                                                   .vpc_id = eni.vpc_id,
                                                   .private_ip = address.private_ip,
                                                   .public_ip = address.public_ip});
}

absl::Status InterfaceAddressTable::Delete(const VpcId& vpc, Ipv4 private_ip) {
  return connection_.Run("DELETE FROM interface_addresses WHERE vpc_id = ? AND private_ip = ?", vpc, private_ip);
}

absl::Status InterfaceAddressTable::SetPublicIp(const VpcId& vpc, Ipv4 private_ip, std::optional<Ipv4> public_ip) {
  const absl::Status set = connection_.Run(
      "UPDATE interface_addresses SET public_ip = ? WHERE vpc_id = ? AND private_ip = ?", public_ip, vpc, private_ip);
  return store::Violates(set, "interface_addresses.public_ip") ? AddressInUse(public_ip.value_or(Ipv4{})) : set;
}

absl::Status InterfaceAddressTable::Load(const std::string& ids, std::vector<NetworkInterface>& interfaces) {
  return connection_.Query(
      "SELECT wanted.key, private_ip, public_ip FROM json_each(?) AS wanted "
      "CROSS JOIN interface_addresses ON eni_id = wanted.value ORDER BY seq",
      [&](store::Row& row) {
        int64_t index = 0;
        SecondaryAddress address;
        row.Read(index, address.private_ip, address.public_ip);
        interfaces[static_cast<size_t>(index)].secondary.push_back(std::move(address));
      },
      ids);
}

absl::StatusOr<std::optional<EniId>> InterfaceAddressTable::Find(const VpcId& vpc, Ipv4 private_ip) {
  ASSIGN_OR_RETURN(std::optional<AddressRow> row,
                   InterfaceAddresses().First(connection_, "interface_addresses WHERE vpc_id = ? AND private_ip = ?",
                                              vpc, private_ip));
  return row.has_value() ? std::optional(std::move(row->eni_id)) : std::nullopt;
}

// From the addresses to the interfaces: few interfaces have secondary ones, and a launch counts.
absl::StatusOr<int64_t> InterfaceAddressTable::CountIn(const SubnetId& subnet) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT count(*) FROM interface_addresses CROSS JOIN network_interfaces AS eni ON eni.id = eni_id "
      "WHERE subnet_id = ?",
      [&](store::Row& row) { row.Read(count); }, subnet));
  return count;
}

}  // namespace brume::network
