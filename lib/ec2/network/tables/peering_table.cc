#include "lib/ec2/network/tables/peering_table.h"

#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Peerings() {
  using P = VpcPeering;
  static const auto table = store::DescribeTable<P>(
      "vpc_peering_connections", "VPC peering connection", store::Key("id", &P::id), store::Version(&P::version),
      store::Fixed("requester_vpc", &P::requester, &PeeringSide::vpc_id),
      store::Fixed("requester_base", &P::requester, &PeeringSide::cidr, &Cidr::base),
      store::Fixed("requester_bits", &P::requester, &PeeringSide::cidr, &Cidr::prefix_length),
      store::Column("requester_dns", &P::requester, &PeeringSide::dns),
      store::Fixed("accepter_vpc", &P::accepter, &PeeringSide::vpc_id),
      store::Fixed("accepter_base", &P::accepter, &PeeringSide::cidr, &Cidr::base),
      store::Fixed("accepter_bits", &P::accepter, &PeeringSide::cidr, &Cidr::prefix_length),
      store::Column("accepter_dns", &P::accepter, &PeeringSide::dns), store::Column("state", &P::state),
      store::Fixed("expires", &P::expires), store::Column("ended", &P::ended), store::Unmapped("seq"));
  return table;
}

}  // namespace

std::vector<store::TableDescription> PeeringTable::Describe() { return {Peerings().Describe()}; }

absl::Status PeeringTable::Insert(const VpcPeering& peering) { return Peerings().Insert(connection_, peering); }

absl::StatusOr<VpcPeering> PeeringTable::Get(const VpcPeeringConnectionId& id) {
  return Peerings().Get(connection_, id);
}

absl::StatusOr<std::vector<VpcPeering>> PeeringTable::List() {
  return Peerings().Select(connection_, "vpc_peering_connections ORDER BY seq");
}

absl::StatusOr<std::vector<VpcPeering>> PeeringTable::ListOf(const VpcId& vpc) {
  return Peerings().Select(
      connection_, "vpc_peering_connections WHERE requester_vpc = ? OR accepter_vpc = ? ORDER BY seq", vpc, vpc);
}

absl::Status PeeringTable::Update(VpcPeering& peering) { return Peerings().Update(connection_, peering); }

absl::Status PeeringTable::DeleteEnded(absl::Time before) {
  return connection_.Run("DELETE FROM vpc_peering_connections WHERE ended < ?", before);
}

}  // namespace brume::network
