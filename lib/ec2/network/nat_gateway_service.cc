#include "lib/ec2/network/nat_gateway_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/address_table.h"
#include "lib/ec2/network/choose_rows.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/nat_gateway_table.h"
#include "lib/ec2/network/network_table.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/routing_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// EC2 grants 5 in a zone before it is asked for more.
constexpr size_t kMaxGateways = 100;
constexpr absl::Duration kShownFor = absl::Hours(1);
constexpr char kRequester[] = "amazon-nat-gateway";

bool HasEnded(const NatGateway& gateway) {
  return gateway.state == NatGatewayState::kFailed || gateway.state == NatGatewayState::kDeleted;
}

void Fail(NatGateway& gateway, absl::string_view code, std::string message, absl::Time now) {
  gateway.state = NatGatewayState::kFailed;
  gateway.failure_code = std::string(code);
  gateway.failure_message = std::move(message);
  gateway.ended = now;
}

// A number that no gateway of the VPC has which the host may still know.
int FreeNumber(const std::vector<NatGateway>& present) {
  std::set<int> numbers;
  for (const NatGateway& each : present) {
    if (!HasEnded(each)) numbers.insert(each.number);
  }
  int number = 1;
  while (numbers.contains(number)) ++number;
  return number;
}

// The elastic address that a public gateway is to have; the gateway fails where it cannot have it.
absl::Status TakeAddress(store::Connection& c, const AllocationId& id, NatGateway& gateway, absl::Time now) {
  AddressTable addresses(c);
  ASSIGN_OR_RETURN(const ElasticAddress address, addresses.Get(id));
  gateway.allocation_id = id;
  gateway.public_ip = address.public_ip;
  ASSIGN_OR_RETURN(const auto internet_gateway, RoutingTable(c).GatewayOf(gateway.vpc_id));
  ASSIGN_OR_RETURN(const std::optional<AddressAssociation> association, addresses.AssociationOf(id));
  if (!internet_gateway.has_value()) {
    Fail(gateway, "Gateway.NotAttached",
         absl::StrCat("Network ", gateway.vpc_id.text(), " has no Internet gateway attached"), now);
  } else if (association.has_value()) {
    Fail(gateway, "Resource.AlreadyAssociated",
         absl::StrCat("Elastic IP address [", id.text(), "] is already associated (", association->id.text(), ")"),
         now);
  }
  return absl::OkStatus();
}

absl::Status GiveInterface(store::Connection& c, const Subnet& subnet, std::optional<Ipv4> wanted, Random& random,
                           NatGateway& gateway) {
  InterfaceSpec spec;
  spec.subnet = subnet;
  spec.type = InterfaceType::kNatGateway;
  spec.requester_id = kRequester;
  spec.private_ip = wanted;
  spec.description = absl::StrCat("Interface for NAT Gateway ", gateway.id.text());
  spec.source_dest_check = false;
  spec.attachment.emplace().time = gateway.created;
  ASSIGN_OR_RETURN(NetworkInterface eni, MakeInterface(c, spec, random));
  gateway.eni_id = eni.id;
  gateway.private_ip = eni.private_ip;
  if (!gateway.public_ip.has_value()) return absl::OkStatus();
  AddressAssociation association;
  association.id = AddressAssociationId::New(random);
  association.allocation_id = gateway.allocation_id;
  association.eni_id = eni.id;
  association.private_ip = eni.private_ip;
  RETURN_IF_ERROR(AddressTable(c).InsertAssociation(association));
  return NetworkTable(c).SetPublicIp(eni, gateway.public_ip);
}

absl::StatusOr<NatGatewayView> ViewOf(store::Connection& c, NatGateway gateway) {
  NatGatewayView view;
  ASSIGN_OR_RETURN(view.tags, tagging::GetTags(c, gateway.id.text()));
  // The address of one that has ended, or failed as it was another's, is none of its own.
  if (!gateway.allocation_id.empty() && !HasEnded(gateway)) {
    ASSIGN_OR_RETURN(const auto association, AddressTable(c).AssociationOf(gateway.allocation_id));
    if (association.has_value()) view.association_id = association->id;
  }
  view.gateway = std::move(gateway);
  return view;
}

}  // namespace

absl::Status SettleNatGateways(store::Connection& connection, const VpcId& vpc, const std::set<NatGatewayId>& carried,
                               absl::Time now) {
  NatGatewayTable gateways(connection);
  ASSIGN_OR_RETURN(const std::vector<NatGateway> present, gateways.ListOf(vpc));
  for (NatGateway gateway : present) {
    const bool stands = carried.contains(gateway.id);
    if (gateway.state == NatGatewayState::kPending && stands) {
      gateway.state = NatGatewayState::kAvailable;
    } else if (gateway.state == NatGatewayState::kDeleting && !stands) {
      gateway.state = NatGatewayState::kDeleted;
      gateway.ended = now;
      RETURN_IF_ERROR(RemoveInterface(connection, gateway.eni_id));
    } else {
      continue;
    }
    RETURN_IF_ERROR(gateways.Set(gateway));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HasUnsettledNatGateways(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<NatGateway> present, NatGatewayTable(connection).ListOf(vpc));
  return std::any_of(present.begin(), present.end(), [](const NatGateway& each) {
    return each.state == NatGatewayState::kPending || each.state == NatGatewayState::kDeleting;
  });
}

NatGatewayService::NatGatewayService(store::Database& database, Random& random, const Clock& clock,
                                     std::function<void(const VpcId&)> wake)
    : database_(database), random_(random), clock_(clock), wake_(std::move(wake)) {}

absl::StatusOr<NatGatewayView> NatGatewayService::Create(const NewNatGateway& wanted) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(NatGatewayView view, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<NatGatewayView> {
    NatGatewayTable gateways(c);
    RETURN_IF_ERROR(gateways.DeleteEnded(now - kShownFor));
    ASSIGN_OR_RETURN(std::optional<NatGateway> before, gateways.FindByToken(wanted.client_token));
    if (before.has_value()) {
      if (before->parameters_digest == wanted.parameters_digest) return ViewOf(c, *std::move(before));
      return ec2::ErrorAnd(absl::StrCat("The client token is '", wanted.client_token, "'."), ec2::kTokenReused);
    }
    ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(c).GetSubnet(wanted.subnet_id));
    ASSIGN_OR_RETURN(const std::vector<NatGateway> present, gateways.ListOf(subnet.vpc_id));
    const auto alive = [](const NatGateway& each) { return !HasEnded(each); };
    if (std::count_if(present.begin(), present.end(), alive) >= static_cast<std::ptrdiff_t>(kMaxGateways)) {
      return QuotaReached("NatGatewayLimitExceeded", "NAT gateways of a VPC", kMaxGateways);
    }
    NatGateway made;
    made.id = NatGatewayId::New(random_);
    made.vpc_id = subnet.vpc_id;
    made.subnet_id = subnet.id;
    made.number = FreeNumber(present);
    made.is_public = wanted.is_public;
    made.created = now;
    made.client_token = wanted.client_token;
    made.parameters_digest = wanted.parameters_digest;
    if (wanted.allocation_id.has_value()) RETURN_IF_ERROR(TakeAddress(c, *wanted.allocation_id, made, now));
    if (made.lives()) RETURN_IF_ERROR(GiveInterface(c, subnet, wanted.private_ip, random_, made));
    RETURN_IF_ERROR(gateways.Insert(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), wanted.tags));
    return ViewOf(c, std::move(made));
  }));
  if (view.gateway.state == NatGatewayState::kPending) wake_(view.gateway.vpc_id);
  return view;
}

absl::Status NatGatewayService::Delete(const NatGatewayId& id) {
  const absl::Time now = clock_.Now();
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    NatGatewayTable gateways(c);
    ASSIGN_OR_RETURN(NatGateway gateway, gateways.Get(id));
    if (HasEnded(gateway) && gateway.ended + kShownFor < now) return id.NotFound();
    vpc = gateway.vpc_id;
    if (gateway.state == NatGatewayState::kFailed) {
      gateway.state = NatGatewayState::kDeleted;
      gateway.ended = now;
    } else if (gateway.lives()) {
      gateway.state = NatGatewayState::kDeleting;
    } else {
      return absl::OkStatus();
    }
    return gateways.Set(gateway);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<NatGatewayView>> NatGatewayService::List(absl::Span<const NatGatewayId> ids,
                                                                    const std::optional<tagging::TagQuery>& tags) {
  const absl::Time now = clock_.Now();
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<NatGatewayView>> {
    NatGatewayTable gateways(c);
    ASSIGN_OR_RETURN(
        std::vector<NatGateway> rows,
        ChooseRows<NatGatewayId>(
            c, ids, tags, [&](const NatGatewayId& id) { return gateways.Get(id); }, [&] { return gateways.List(); }));
    std::vector<NatGatewayView> views;
    for (NatGateway& row : rows) {
      const bool hidden = HasEnded(row) && row.ended + kShownFor < now;
      if (hidden && !ids.empty()) return row.id.NotFound();
      if (hidden) continue;
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf(c, std::move(row)));
    }
    return views;
  });
}

}  // namespace brume::network
