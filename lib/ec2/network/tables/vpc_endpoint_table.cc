#include "lib/ec2/network/tables/vpc_endpoint_table.h"

#include "lib/base/status_macros.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Endpoints() {
  using E = VpcEndpoint;
  static const auto table =
      store::DescribeTable<E>("vpc_endpoints", "VPC endpoint", store::Key("id", &E::id), store::Version(&E::version),
                              store::Fixed("vpc_id", &E::vpc_id), store::Fixed("service", &E::service),
                              store::Column("state", &E::state), store::Fixed("ip_address_type", &E::ip_address_type),
                              store::Column("private_dns", &E::private_dns), store::Column("policy", &E::policy),
                              store::Fixed("created", &E::created), store::Fixed("client_token", &E::client_token),
                              store::Fixed("parameters_digest", &E::parameters_digest), store::Unmapped("seq"));
  return table;
}

struct EndpointGroupRow {
  VpcEndpointId endpoint_id;
  SecurityGroupId group_id;
};
const auto& EndpointGroups() {
  static const auto table = store::DescribeTable<EndpointGroupRow>(
      "vpc_endpoint_groups", "group of the VPC endpoint", store::Key("endpoint_id", &EndpointGroupRow::endpoint_id),
      store::Key("group_id", &EndpointGroupRow::group_id));
  return table;
}

const auto& EndpointInterfaces() {
  using I = VpcEndpointInterface;
  static const auto table =
      store::DescribeTable<I>("vpc_endpoint_interfaces", "interface of the VPC endpoint",
                              store::Key("eni_id", &I::eni_id), store::Fixed("endpoint_id", &I::endpoint_id),
                              store::Fixed("subnet_id", &I::subnet_id), store::Column("leaving", &I::leaving));
  return table;
}

}  // namespace

std::vector<store::TableDescription> VpcEndpointTable::Describe() {
  return {Endpoints().Describe(), EndpointGroups().Describe(), EndpointInterfaces().Describe()};
}

absl::Status VpcEndpointTable::Insert(const VpcEndpoint& endpoint) { return Endpoints().Insert(connection_, endpoint); }

absl::StatusOr<VpcEndpoint> VpcEndpointTable::Get(const VpcEndpointId& id) { return Endpoints().Get(connection_, id); }

absl::StatusOr<std::vector<VpcEndpoint>> VpcEndpointTable::List() {
  return Endpoints().Select(connection_, "vpc_endpoints ORDER BY seq");
}

absl::StatusOr<std::vector<VpcEndpoint>> VpcEndpointTable::ListOf(const VpcId& vpc) {
  return Endpoints().Select(connection_, "vpc_endpoints WHERE vpc_id = ? ORDER BY seq", vpc);
}

absl::StatusOr<std::optional<VpcEndpoint>> VpcEndpointTable::FindByToken(const std::string& client_token) {
  if (client_token.empty()) return std::optional<VpcEndpoint>();
  return Endpoints().First(connection_, "vpc_endpoints WHERE client_token = ?", client_token);
}

absl::Status VpcEndpointTable::Update(VpcEndpoint& endpoint) { return Endpoints().Update(connection_, endpoint); }

absl::Status VpcEndpointTable::Delete(const VpcEndpointId& id) {
  return connection_.Run("DELETE FROM vpc_endpoints WHERE id = ?", id);
}

absl::StatusOr<std::vector<SecurityGroupId>> VpcEndpointTable::GroupsOf(const VpcEndpointId& id) {
  ASSIGN_OR_RETURN(
      const std::vector<EndpointGroupRow> rows,
      EndpointGroups().Select(connection_, "vpc_endpoint_groups WHERE endpoint_id = ? ORDER BY group_id", id));
  std::vector<SecurityGroupId> groups;
  groups.reserve(rows.size());
  for (const EndpointGroupRow& row : rows) groups.push_back(row.group_id);
  return groups;
}

absl::Status VpcEndpointTable::SetGroups(const VpcEndpointId& id, const std::vector<SecurityGroupId>& groups) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM vpc_endpoint_groups WHERE endpoint_id = ?", id));
  for (const SecurityGroupId& group : groups) RETURN_IF_ERROR(EndpointGroups().Put(connection_, {id, group}));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<VpcEndpointId>> VpcEndpointTable::FindByGroup(const SecurityGroupId& group) {
  ASSIGN_OR_RETURN(const std::optional<EndpointGroupRow> row,
                   EndpointGroups().First(
                       connection_, "vpc_endpoint_groups WHERE group_id = ? ORDER BY endpoint_id LIMIT 1", group));
  return row.has_value() ? std::optional(row->endpoint_id) : std::nullopt;
}

absl::StatusOr<std::vector<VpcEndpointInterface>> VpcEndpointTable::InterfacesOf(const VpcEndpointId& id) {
  return EndpointInterfaces().Select(connection_,
                                     "vpc_endpoint_interfaces WHERE endpoint_id = ? ORDER BY subnet_id, eni_id", id);
}

absl::Status VpcEndpointTable::PutInterface(const VpcEndpointInterface& interface) {
  return EndpointInterfaces().Put(connection_, interface);
}

absl::Status VpcEndpointTable::DeleteInterface(const EniId& eni) {
  return connection_.Run("DELETE FROM vpc_endpoint_interfaces WHERE eni_id = ?", eni);
}

}  // namespace brume::network
