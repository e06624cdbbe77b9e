#include "lib/ec2/network/tables/dhcp_options_table.h"

#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Sets() {
  static const auto table =
      store::DescribeTable<DhcpOptions>("dhcp_options", "set of DHCP options", store::Key("id", &DhcpOptions::id),
                                        store::Fixed("is_default", &DhcpOptions::is_default),
                                        store::Json("options", &DhcpOptions::values), store::Unmapped("seq"));
  return table;
}

VpcId ReadVpcId(store::Row& row) {
  VpcId id;
  row.Read(id);
  return id;
}

}  // namespace

std::vector<store::TableDescription> DhcpOptionsTable::Describe() { return {Sets().Describe()}; }

absl::Status DhcpOptionsTable::Insert(const DhcpOptions& options) { return Sets().Insert(connection_, options); }

absl::StatusOr<DhcpOptions> DhcpOptionsTable::Get(const DhcpOptionsId& id) { return Sets().Get(connection_, id); }

absl::StatusOr<std::vector<DhcpOptions>> DhcpOptionsTable::List() {
  return Sets().Select(connection_, "dhcp_options ORDER BY seq");
}

absl::StatusOr<std::optional<DhcpOptions>> DhcpOptionsTable::Default() {
  return Sets().First(connection_, "dhcp_options WHERE is_default = 1");
}

absl::Status DhcpOptionsTable::Set(const DhcpOptions& options) { return Sets().Overwrite(connection_, options); }

absl::Status DhcpOptionsTable::Delete(const DhcpOptionsId& id) { return Sets().Delete(connection_, id); }

absl::StatusOr<std::vector<VpcId>> DhcpOptionsTable::VpcsWith(const DhcpOptionsId& id) {
  return connection_.All("SELECT id FROM vpcs WHERE dhcp_options_id = ? ORDER BY seq", ReadVpcId, id);
}

}  // namespace brume::network
