#include "lib/ec2/network/nat_gateway_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/network/tables/interface_address_table.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// EC2 grants 5 in a zone before it is asked for more.
constexpr size_t kMaxGateways = 100;
constexpr size_t kMaxGatewayAddresses = 8;
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

constexpr char kAssociated[] = "Resource.AlreadyAssociated";

std::string AssociatedText(const AddressAssociation& association) {
  return absl::StrCat("Elastic IP address [", association.allocation_id.text(), "] is already associated (",
                      association.id.text(), ")");
}

// The elastic address that a public gateway is to have; the gateway fails where it cannot have it, or one of
// `secondary`.
absl::Status TakeAddress(store::Connection& c, const AllocationId& id, const std::vector<AllocationId>& secondary,
                         NatGateway& gateway, absl::Time now) {
  AddressTable addresses(c);
  ASSIGN_OR_RETURN(const ElasticAddress address, addresses.Get(id));
  gateway.allocation_id = id;
  gateway.public_ip = address.public_ip;
  ASSIGN_OR_RETURN(const auto internet_gateway, RoutingTable(c).GatewayOf(gateway.vpc_id));
  if (!internet_gateway.has_value()) {
    Fail(gateway, "Gateway.NotAttached",
         absl::StrCat("Network ", gateway.vpc_id.text(), " has no Internet gateway attached"), now);
    return absl::OkStatus();
  }
  std::vector<AllocationId> all = {id};
  all.insert(all.end(), secondary.begin(), secondary.end());
  for (const AllocationId& each : all) {
    RETURN_IF_ERROR(addresses.Get(each).status());
    ASSIGN_OR_RETURN(const std::optional<AddressAssociation> association, addresses.AssociationOf(each));
    if (association.has_value() && gateway.lives()) Fail(gateway, kAssociated, AssociatedText(*association), now);
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
  RETURN_IF_ERROR(NeedIpv4(subnet, "room for a NAT gateway"));
  spec.description = absl::StrCat("Interface for NAT Gateway ", gateway.id.text());
  spec.source_dest_check = false;
  spec.attachment.emplace().time = gateway.created;
  ASSIGN_OR_RETURN(NetworkInterface eni, MakeInterface(c, spec, random));
  gateway.eni_id = eni.id;
  gateway.private_ip = *eni.private_ip;
  if (!gateway.public_ip.has_value()) return absl::OkStatus();
  AddressAssociation association;
  association.id = AddressAssociationId::New(random);
  association.allocation_id = gateway.allocation_id;
  association.eni_id = eni.id;
  association.private_ip = gateway.private_ip;
  RETURN_IF_ERROR(AddressTable(c).InsertAssociation(association));
  return NetworkTable(c).SetPublicIp(eni, gateway.public_ip);
}

absl::Status CheckLives(const NatGateway& gateway, bool is_public) {
  if (!gateway.lives()) {
    return ec2::Error("IncorrectState", absl::StrCat("The NAT gateway '", gateway.id.text(), "' is ",
                                                     kNatGatewayStateNames.Of(gateway.state)));
  }
  if (gateway.is_public == is_public) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The NAT gateway '", gateway.id.text(), "' is ",
                                 gateway.is_public ? "public: AssociateNatGatewayAddress gives it addresses"
                                                   : "private: AssignPrivateNatGatewayAddress gives it addresses"));
}

// One beside those that the gateway's interface has.
absl::StatusOr<SecondaryAddress> AddAddress(store::Connection& c, const NetworkInterface& eni, Ipv4 private_ip,
                                            const AllocationId& allocation, Random& random) {
  SecondaryAddress added{.private_ip = private_ip};
  AddressTable addresses(c);
  if (!allocation.empty()) {
    ASSIGN_OR_RETURN(const ElasticAddress address, addresses.Get(allocation));
    ASSIGN_OR_RETURN(const std::optional<AddressAssociation> association, addresses.AssociationOf(allocation));
    if (association.has_value()) return ec2::Error(kAssociated, AssociatedText(*association));
    added.public_ip = address.public_ip;
    added.allocation_id = allocation;
    added.association_id = AddressAssociationId::New(random);
  }
  RETURN_IF_ERROR(InterfaceAddressTable(c).Insert(eni, added));
  if (allocation.empty()) return added;
  RETURN_IF_ERROR(addresses.InsertAssociation(
      {.id = added.association_id, .allocation_id = allocation, .eni_id = eni.id, .private_ip = private_ip}));
  return added;
}

absl::StatusOr<std::vector<SecondaryAddress>> AddTo(store::Connection& c, const NatGateway& gateway,
                                                    const NatAddressRequest& wanted, Random& random) {
  ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(c).GetInterface(gateway.eni_id));
  ASSIGN_OR_RETURN(const Subnet subnet, NetworkTable(c).GetSubnet(gateway.subnet_id));
  const size_t count =
      gateway.is_public ? wanted.allocation_ids.size() : wanted.private_ips.size() + wanted.private_count;
  if (1 + eni.secondary.size() + count > kMaxGatewayAddresses) {
    return ec2::Error("PrivateIpAddressLimitExceeded",
                      absl::StrCat("Number of addresses will exceed limit: '", gateway.id.text(), "' has ",
                                   1 + eni.secondary.size(), ", and at most ", kMaxGatewayAddresses, " are allowed"));
  }
  std::vector<SecondaryAddress> added;
  for (size_t i = 0; i < count; ++i) {
    Ipv4 address;
    if (i < wanted.private_ips.size()) {
      address = wanted.private_ips[i];
      RETURN_IF_ERROR(CheckPrivateIp(c, subnet, address));
    } else {
      ASSIGN_OR_RETURN(address, AllocatePrivateIp(c, subnet, random));
    }
    const AllocationId allocation = gateway.is_public ? wanted.allocation_ids[i] : AllocationId();
    ASSIGN_OR_RETURN(added.emplace_back(), AddAddress(c, eni, address, allocation, random));
  }
  return added;
}

absl::StatusOr<NatGatewayView> ViewOf(store::Connection& c, NatGateway gateway, TagMap tags) {
  NatGatewayView view;
  view.tags = std::move(tags);
  // The address of one that has ended, or failed as it was another's, is not its own.
  if (!gateway.allocation_id.empty() && !HasEnded(gateway)) {
    ASSIGN_OR_RETURN(const auto association, AddressTable(c).AssociationOf(gateway.allocation_id));
    if (association.has_value()) view.association_id = association->id;
  }
  if (!gateway.eni_id.empty() && !HasEnded(gateway)) {
    ASSIGN_OR_RETURN(NetworkInterface eni, NetworkTable(c).GetInterface(gateway.eni_id));
    view.secondary = std::move(eni.secondary);
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
    RETURN_IF_ERROR(gateways.Update(gateway));
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
      ASSIGN_OR_RETURN(TagMap tags, tagging::GetTags(c, before->id.text()));
      if (before->parameters_digest == wanted.parameters_digest) return ViewOf(c, *std::move(before), std::move(tags));
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
    if (wanted.allocation_id.has_value()) {
      RETURN_IF_ERROR(TakeAddress(c, *wanted.allocation_id, wanted.secondary.allocation_ids, made, now));
    }
    if (made.lives()) {
      RETURN_IF_ERROR(GiveInterface(c, subnet, wanted.private_ip, random_, made));
      RETURN_IF_ERROR(AddTo(c, made, wanted.secondary, random_).status());
    }
    RETURN_IF_ERROR(gateways.Insert(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), wanted.tags));
    return ViewOf(c, std::move(made), wanted.tags);
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
    return gateways.Update(gateway);
  }));
  wake_(vpc);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SecondaryAddress>> NatGatewayService::AddAddresses(const NatGatewayId& id,
                                                                              const NatAddressRequest& wanted) {
  VpcId vpc;
  ASSIGN_OR_RETURN(std::vector<SecondaryAddress> added,
                   database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SecondaryAddress>> {
                     ASSIGN_OR_RETURN(const NatGateway gateway, NatGatewayTable(c).Get(id));
                     RETURN_IF_ERROR(CheckLives(gateway, !wanted.allocation_ids.empty()));
                     vpc = gateway.vpc_id;
                     return AddTo(c, gateway, wanted, random_);
                   }));
  wake_(vpc);
  return added;
}

absl::StatusOr<std::vector<SecondaryAddress>> NatGatewayService::Remove(const NatGatewayId& id, bool is_public,
                                                                        const std::vector<FindAddress>& finds) {
  VpcId vpc;
  ASSIGN_OR_RETURN(std::vector<SecondaryAddress> removed,
                   database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<std::vector<SecondaryAddress>> {
                     std::vector<SecondaryAddress> gone;
                     ASSIGN_OR_RETURN(const NatGateway gateway, NatGatewayTable(c).Get(id));
                     RETURN_IF_ERROR(CheckLives(gateway, is_public));
                     vpc = gateway.vpc_id;
                     for (const FindAddress& find : finds) {
                       ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(c).GetInterface(gateway.eni_id));
                       ASSIGN_OR_RETURN(const SecondaryAddress address, find(eni));
                       if (is_public) RETURN_IF_ERROR(AddressTable(c).DeleteAssociation(address.association_id));
                       RETURN_IF_ERROR(InterfaceAddressTable(c).Delete(vpc, address.private_ip));
                       gone.push_back(address);
                     }
                     return gone;
                   }));
  wake_(vpc);
  return removed;
}

absl::StatusOr<std::vector<SecondaryAddress>> NatGatewayService::RemoveElastic(
    const NatGatewayId& id, absl::Span<const AddressAssociationId> associations) {
  std::vector<FindAddress> finds;
  for (const AddressAssociationId& wanted : associations) {
    finds.push_back([&](const NetworkInterface& eni) -> absl::StatusOr<SecondaryAddress> {
      for (const SecondaryAddress& each : eni.secondary) {
        if (each.association_id == wanted) return each;
      }
      if (eni.association_id != wanted) return wanted.NotFound();
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The association '", wanted.text(), "' is of the NAT gateway's first address, ",
                                     "which stays as long as the gateway"));
    });
  }
  return Remove(id, /*is_public=*/true, finds);
}

absl::StatusOr<std::vector<SecondaryAddress>> NatGatewayService::RemovePrivate(const NatGatewayId& id,
                                                                               absl::Span<const Ipv4> addresses) {
  std::vector<FindAddress> finds;
  for (const Ipv4 wanted : addresses) {
    finds.push_back([&id, wanted](const NetworkInterface& eni) -> absl::StatusOr<SecondaryAddress> {
      for (const SecondaryAddress& each : eni.secondary) {
        if (each.private_ip == wanted) return each;
      }
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The address ", wanted.text(),
                                     eni.private_ip == wanted ? " is the first one of '" : " is not assigned to '",
                                     id.text(), eni.private_ip == wanted ? "', which cannot be unassigned" : "'"));
    });
  }
  return Remove(id, /*is_public=*/false, finds);
}

absl::StatusOr<std::vector<NatGatewayView>> NatGatewayService::List(absl::Span<const NatGatewayId> ids,
                                                                    const std::optional<tagging::TagQuery>& tags) {
  const absl::Time now = clock_.Now();
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<NatGatewayView>> {
    NatGatewayTable gateways(c);
    ASSIGN_OR_RETURN(
        std::vector<NatGateway> rows,
        tagging::ChooseRows<NatGatewayId>(
            c, ids, tags, [&](const NatGatewayId& id) { return gateways.Get(id); }, [&] { return gateways.List(); }));
    ASSIGN_OR_RETURN(std::vector<TagMap> own_tags, tagging::TagsOfRows(c, rows));
    std::vector<NatGatewayView> views;
    for (size_t i = 0; i < rows.size(); ++i) {
      NatGateway& row = rows[i];
      const bool hidden = HasEnded(row) && row.ended + kShownFor < now;
      if (hidden && !ids.empty()) return row.id.NotFound();
      if (hidden) continue;
      ASSIGN_OR_RETURN(views.emplace_back(), ViewOf(c, std::move(row), std::move(own_tags[i])));
    }
    return views;
  });
}

}  // namespace brume::network
