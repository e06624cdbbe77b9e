#include "lib/ec2/network/tables/interface_ipv6_table.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/ipv6_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

struct Ipv6Row {
  int64_t seq = 0;
  EniId eni_id;
  Ipv6 address;
};

const auto& InterfaceIpv6Addresses() {
  static const auto table = store::DescribeTable<Ipv6Row>(
      "interface_ipv6_addresses", "IPv6 address", store::Assigned("seq", &Ipv6Row::seq),
      store::Fixed("eni_id", &Ipv6Row::eni_id), store::FixedEncoded<Ipv6Text<Ipv6>>("address", &Ipv6Row::address));
  return table;
}

}  // namespace

std::vector<store::TableDescription> InterfaceIpv6Table::Describe() { return {InterfaceIpv6Addresses().Describe()}; }

absl::Status InterfaceIpv6Table::Insert(const EniId& eni, const Ipv6& address) {
  const absl::Status inserted =
      InterfaceIpv6Addresses().Insert(connection_, {.seq = 0, .eni_id = eni, .address = address});
  if (!store::Violates(inserted, "interface_ipv6_addresses.address")) return inserted;
  return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", address.text(), " is in use."));
}

absl::Status InterfaceIpv6Table::Delete(const EniId& eni, const Ipv6& address) {
  return connection_.Run("DELETE FROM interface_ipv6_addresses WHERE eni_id = ? AND address = ?", eni, address.text());
}

absl::Status InterfaceIpv6Table::Load(const std::string& ids, std::vector<NetworkInterface>& interfaces) {
  return connection_.Query(
      absl::StrCat("SELECT wanted.key, ", InterfaceIpv6Addresses().columns(),
                   " FROM json_each(?) AS wanted CROSS JOIN interface_ipv6_addresses ON eni_id = wanted.value "
                   "ORDER BY seq"),
      [&](store::Row& row) {
        int64_t index = 0;
        row.Read(index);
        interfaces[static_cast<size_t>(index)].ipv6.push_back(InterfaceIpv6Addresses().Read(row).address);
      },
      ids);
}

absl::StatusOr<bool> InterfaceIpv6Table::IsTaken(const Ipv6& address) {
  ASSIGN_OR_RETURN(const std::optional<EniId> owner, Find(address));
  return owner.has_value();
}

absl::StatusOr<std::optional<EniId>> InterfaceIpv6Table::Find(const Ipv6& address) {
  ASSIGN_OR_RETURN(
      std::optional<Ipv6Row> row,
      InterfaceIpv6Addresses().First(connection_, "interface_ipv6_addresses WHERE address = ?", address.text()));
  return row.has_value() ? std::optional(std::move(row->eni_id)) : std::nullopt;
}

absl::StatusOr<std::vector<Ipv6>> InterfaceIpv6Table::MembersOf(const SecurityGroupId& group) {
  ASSIGN_OR_RETURN(
      const std::vector<Ipv6Row> rows,
      InterfaceIpv6Addresses().Select(connection_,
                                      "interface_ipv6_addresses WHERE eni_id IN (SELECT eni_id FROM interface_groups "
                                      "WHERE group_id = ?) ORDER BY seq",
                                      group));
  std::vector<Ipv6> members;
  members.reserve(rows.size());
  for (const Ipv6Row& row : rows) members.push_back(row.address);
  return members;
}

}  // namespace brume::network
