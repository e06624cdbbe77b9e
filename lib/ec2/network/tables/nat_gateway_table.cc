#include "lib/ec2/network/tables/nat_gateway_table.h"

#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& NatGateways() {
  using G = NatGateway;
  static const auto table = store::DescribeTable<G>(
      "nat_gateways", "NAT gateway", store::Key("id", &G::id), store::Version(&G::version),
      store::Fixed("vpc_id", &G::vpc_id), store::Fixed("subnet_id", &G::subnet_id), store::Fixed("number", &G::number),
      store::Fixed("is_public", &G::is_public), store::Column("state", &G::state), store::Fixed("eni_id", &G::eni_id),
      store::Fixed("private_ip", &G::private_ip), store::Fixed("allocation_id", &G::allocation_id),
      store::Fixed("public_ip", &G::public_ip), store::Column("failure_code", &G::failure_code),
      store::Column("failure_message", &G::failure_message), store::Fixed("created", &G::created),
      store::Column("ended", &G::ended), store::Fixed("client_token", &G::client_token),
      store::Fixed("parameters_digest", &G::parameters_digest), store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> NatGatewayTable::Describe() { return {NatGateways().Describe()}; }

absl::Status NatGatewayTable::Insert(const NatGateway& gateway) { return NatGateways().Insert(connection_, gateway); }

absl::StatusOr<NatGateway> NatGatewayTable::Get(const NatGatewayId& id) { return NatGateways().Get(connection_, id); }

absl::StatusOr<std::vector<NatGateway>> NatGatewayTable::List() {
  return NatGateways().Select(connection_, "nat_gateways ORDER BY seq");
}

absl::StatusOr<std::vector<NatGateway>> NatGatewayTable::ListOf(const VpcId& vpc) {
  return NatGateways().Select(connection_, "nat_gateways WHERE vpc_id = ? ORDER BY seq", vpc);
}

absl::StatusOr<std::optional<NatGateway>> NatGatewayTable::FindByToken(const std::string& client_token) {
  if (client_token.empty()) return std::optional<NatGateway>();
  return NatGateways().First(connection_, "nat_gateways WHERE client_token = ?", client_token);
}

absl::Status NatGatewayTable::Update(NatGateway& gateway) { return NatGateways().Update(connection_, gateway); }

absl::Status NatGatewayTable::DeleteEnded(absl::Time before) {
  return connection_.Run("DELETE FROM nat_gateways WHERE ended < ?", before);
}

}  // namespace brume::network
