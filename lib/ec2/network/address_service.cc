#include "lib/ec2/network/address_service.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/network/tables/interface_address_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

// EC2 grants 5 before it is asked for more.
constexpr size_t kMaxAddresses = 5000;

absl::Status AddressNotFound(Ipv4 address) {
  return ec2::Error("InvalidAddress.NotFound", absl::StrCat("Address '", address.text(), "' not found."));
}

absl::StatusOr<ElasticAddress> Find(store::Connection& c, const AddressName& name) {
  if (name.id.has_value()) return AddressTable(c).Get(*name.id);
  const Ipv4 wanted = name.public_ip.value_or(Ipv4{});
  ASSIGN_OR_RETURN(const std::optional<ElasticAddress> found, AddressTable(c).FindByAddress(wanted));
  if (!found.has_value()) return AddressNotFound(wanted);
  return *found;
}

// The interface that a request means.
absl::StatusOr<NetworkInterface> FindTarget(store::Connection& c, const AddressTarget& target) {
  if (!target.eni.has_value()) return OnlyInterfaceOf(c, target.instance.value_or(InstanceId()));
  ASSIGN_OR_RETURN(NetworkInterface eni, NetworkTable(c).GetInterface(*target.eni));
  if (!target.instance.has_value() || eni.instance_id == *target.instance) return eni;
  return ec2::Error("InvalidParameterCombination",
                    absl::StrCat("The network interface '", eni.id.text(), "' is not attached to instance '",
                                 target.instance->text(), "'"));
}

// The private address that is meant: the first where the request names none.
absl::StatusOr<Ipv4> ChoosePrivateAddress(const NetworkInterface& eni, std::optional<Ipv4> wanted) {
  if (eni.ipv6_native()) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The network interface '", eni.id.text(),
                                   "' is in an IPv6-only subnet and has no address for an Elastic IP address"));
  }
  if (!wanted.has_value()) return *eni.private_ip;
  const std::vector<Ipv4> own = PrivateAddresses(eni);
  if (std::find(own.begin(), own.end(), *wanted) != own.end()) return *wanted;
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Private IP address ", wanted->text(), " is not assigned to the network interface '",
                                 eni.id.text(), "'"));
}

// nullopt takes it away.
absl::Status SetPublicIpOf(store::Connection& c, NetworkInterface& eni, Ipv4 private_ip,
                           std::optional<Ipv4> public_ip) {
  if (private_ip == eni.private_ip) return NetworkTable(c).SetPublicIp(eni, public_ip);
  return InterfaceAddressTable(c).SetPublicIp(eni.vpc_id, private_ip, public_ip);
}

absl::Status CheckGateway(store::Connection& c, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::optional<InternetGateway> gateway, RoutingTable(c).GatewayOf(vpc));
  if (gateway.has_value()) return absl::OkStatus();
  return ec2::Error("Gateway.NotAttached",
                    absl::StrCat("Network ", vpc.text(), " is not attached to any internet gateway"));
}

absl::Status AlreadyAssociated(absl::string_view resource, const AddressAssociation& association) {
  return ec2::Error(
      "Resource.AlreadyAssociated",
      absl::StrCat("resource ", resource, " is already associated with associate-id ", association.id.text()));
}

// Of all with as many statements as of one.
absl::StatusOr<std::vector<AddressView>> ViewAll(store::Connection& c, std::vector<ElasticAddress> rows) {
  std::vector<AllocationId> ids;
  for (const ElasticAddress& row : rows) ids.push_back(row.id);
  ASSIGN_OR_RETURN(const std::vector<AddressAssociation> associations, AddressTable(c).ListAssociationsOf(ids));
  std::map<AllocationId, const AddressAssociation*> by_address;
  std::vector<EniId> enis;
  for (const AddressAssociation& association : associations) {
    by_address[association.allocation_id] = &association;
    enis.push_back(association.eni_id);
  }
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, NetworkTable(c).FindInterfaces(enis));
  std::map<EniId, InstanceId> instances;
  for (const NetworkInterface& eni : interfaces) instances.emplace(eni.id, eni.instance_id);
  ASSIGN_OR_RETURN(std::vector<AddressView> views, tagging::WithTags(c, std::move(rows), &AddressView::address));
  for (AddressView& view : views) {
    const auto association = by_address.find(view.address.id);
    if (association == by_address.end()) continue;
    view.association = *association->second;
    view.instance_id = instances[view.association->eni_id];
  }
  return views;
}

absl::StatusOr<AddressView> View(store::Connection& c, ElasticAddress address) {
  ASSIGN_OR_RETURN(std::vector<AddressView> views, ViewAll(c, {std::move(address)}));
  return std::move(views.front());
}

}  // namespace

AddressService::AddressService(store::Database& database, const Settings& settings, Random& random,
                               AttachedInstances instances, Hooks hooks)
    : database_(database),
      settings_(settings),
      random_(random),
      instances_(std::move(instances)),
      hooks_(std::move(hooks)) {}

void AddressService::Wake(const std::vector<Changed>& changed) {
  for (const Changed& each : changed) hooks_.wake_port(each.vpc, each.eni);
}

absl::StatusOr<ElasticAddress> AddressService::Allocate(std::optional<Ipv4> wanted, const TagMap& tags) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<ElasticAddress> {
    AddressTable addresses(c);
    ASSIGN_OR_RETURN(const std::vector<ElasticAddress> all, addresses.List());
    if (all.size() >= kMaxAddresses) {
      return QuotaReached("AddressLimitExceeded", "addresses", kMaxAddresses);
    }
    ElasticAddress made{.id = AllocationId::New(random_), .public_ip = {}};
    if (wanted.has_value()) {
      RETURN_IF_ERROR(CheckPublicIp(c, settings_, *wanted));
      made.public_ip = *wanted;
    } else {
      ASSIGN_OR_RETURN(made.public_ip, AllocatePublicIp(c, settings_, random_));
    }
    RETURN_IF_ERROR(addresses.Insert(made));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return made;
  });
}

absl::Status AddressService::EndAssociation(store::Connection& c, const AddressAssociation& association,
                                            bool give_another, std::vector<Changed>& changed) {
  NetworkTable networks(c);
  ASSIGN_OR_RETURN(NetworkInterface eni, networks.GetInterface(association.eni_id));
  RETURN_IF_ERROR(CheckOwn(eni));
  RETURN_IF_ERROR(AddressTable(c).DeleteAssociation(association.id));
  RETURN_IF_ERROR(SetPublicIpOf(c, eni, association.private_ip, std::nullopt));
  changed.push_back({eni.vpc_id, eni.id});
  const bool is_first = association.private_ip == eni.private_ip;
  if (!give_another || !eni.auto_public_ip || !is_first) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<InstanceId> live, instances_.list_live(c));
  if (std::find(live.begin(), live.end(), eni.instance_id) == live.end()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Ipv4 another, AllocatePublicIp(c, settings_, random_));
  return networks.SetPublicIp(eni, another);
}

absl::StatusOr<AddressAssociation> AddressService::Associate(const AddressName& name, const AddressTarget& target) {
  std::vector<Changed> changed;
  ASSIGN_OR_RETURN(
      AddressAssociation made, database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<AddressAssociation> {
        changed.clear();
        AddressTable addresses(c);
        ASSIGN_OR_RETURN(const ElasticAddress address, Find(c, name));
        ASSIGN_OR_RETURN(NetworkInterface eni, FindTarget(c, target));
        RETURN_IF_ERROR(CheckOwn(eni));
        ASSIGN_OR_RETURN(const Ipv4 private_ip, ChoosePrivateAddress(eni, target.private_ip));
        RETURN_IF_ERROR(CheckGateway(c, eni.vpc_id));
        ASSIGN_OR_RETURN(const std::optional<AddressAssociation> of_address, addresses.AssociationOf(address.id));
        if (of_address.has_value()) {
          if (of_address->eni_id == eni.id && of_address->private_ip == private_ip) return *of_address;
          if (!target.allow_reassociation) return AlreadyAssociated(address.id.text(), *of_address);
          RETURN_IF_ERROR(EndAssociation(c, *of_address, /*give_another=*/true, changed));
          // It may have led to another address of the same interface.
          ASSIGN_OR_RETURN(eni, NetworkTable(c).GetInterface(eni.id));
        }
        ASSIGN_OR_RETURN(const std::optional<AddressAssociation> of_eni, addresses.AssociationOf(eni.id, private_ip));
        if (of_eni.has_value()) {
          if (!target.allow_reassociation) return AlreadyAssociated(eni.id.text(), *of_eni);
          RETURN_IF_ERROR(EndAssociation(c, *of_eni, /*give_another=*/false, changed));
          ASSIGN_OR_RETURN(eni, NetworkTable(c).GetInterface(eni.id));
        }
        AddressAssociation association{.id = AddressAssociationId::New(random_),
                                       .allocation_id = address.id,
                                       .eni_id = eni.id,
                                       .private_ip = private_ip};
        RETURN_IF_ERROR(addresses.InsertAssociation(association));
        RETURN_IF_ERROR(SetPublicIpOf(c, eni, private_ip, address.public_ip));
        changed.push_back({eni.vpc_id, eni.id});
        return association;
      }));
  Wake(changed);
  return made;
}

absl::StatusOr<AddressTargetView> AddressService::Of(const AddressTarget& target) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<AddressTargetView> {
    ASSIGN_OR_RETURN(const NetworkInterface eni, FindTarget(c, target));
    ASSIGN_OR_RETURN(const Ipv4 private_ip, ChoosePrivateAddress(eni, target.private_ip));
    ASSIGN_OR_RETURN(const std::optional<AddressAssociation> present,
                     AddressTable(c).AssociationOf(eni.id, private_ip));
    AddressTargetView view{.eni = eni.id, .instance = eni.instance_id, .present = std::nullopt};
    if (present.has_value()) view.present = present->allocation_id;
    return view;
  });
}

absl::Status AddressService::Disassociate(
    const std::function<absl::StatusOr<AddressAssociation>(store::Connection&)>& find) {
  std::vector<Changed> changed;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    changed.clear();
    ASSIGN_OR_RETURN(const AddressAssociation association, find(c));
    return EndAssociation(c, association, /*give_another=*/true, changed);
  }));
  Wake(changed);
  return absl::OkStatus();
}

absl::Status AddressService::Disassociate(const AddressAssociationId& id) {
  return Disassociate([&](store::Connection& c) { return AddressTable(c).GetAssociation(id); });
}

absl::Status AddressService::Disassociate(Ipv4 public_ip) {
  return Disassociate([&](store::Connection& c) -> absl::StatusOr<AddressAssociation> {
    ASSIGN_OR_RETURN(const ElasticAddress address, Find(c, {.id = {}, .public_ip = public_ip}));
    ASSIGN_OR_RETURN(const std::optional<AddressAssociation> found, AddressTable(c).AssociationOf(address.id));
    if (found.has_value()) return *found;
    return ec2::Error("InvalidAssociationID.NotFound",
                      absl::StrCat("The address '", public_ip.text(), "' is associated with nothing"));
  });
}

absl::Status AddressService::SetAutoPublicIp(const EniId& id, bool wanted) {
  std::vector<Changed> changed;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    changed.clear();
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(NetworkInterface eni, networks.GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    if (wanted && eni.ipv6_native()) {
      return ec2::Error("InvalidParameterCombination",
                        absl::StrCat("The network interface '", id.text(), "' has no IPv4 address to make public"));
    }
    eni.auto_public_ip = wanted;
    if (!wanted && !eni.elastic()) eni.public_ip.reset();
    if (wanted && !eni.public_ip && eni.device_index == 0 && !eni.instance_id.empty()) {
      ASSIGN_OR_RETURN(const std::vector<InstanceId> live, instances_.list_live(c));
      if (std::find(live.begin(), live.end(), eni.instance_id) != live.end()) {
        ASSIGN_OR_RETURN(eni.public_ip, AllocatePublicIp(c, settings_, random_));
      }
    }
    changed.push_back({eni.vpc_id, eni.id});
    return networks.SetAttachment(eni);
  }));
  Wake(changed);
  return absl::OkStatus();
}

absl::Status AddressService::Release(const AddressName& name) {
  return database_.Write([&](store::Connection& c) -> absl::Status {
    AddressTable addresses(c);
    ASSIGN_OR_RETURN(const ElasticAddress address, Find(c, name));
    ASSIGN_OR_RETURN(const std::optional<AddressAssociation> association, addresses.AssociationOf(address.id));
    if (association.has_value()) {
      return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", address.public_ip.text(), " is in use. (",
                                                               association->id.text(), ")"));
    }
    if (!address.domain_name.empty()) {
      return ec2::Error("InvalidAddress.Locked",
                        absl::StrCat("Address ", address.public_ip.text(), " is locked to the account as the name '",
                                     address.domain_name, "' has it. ResetAddressAttribute unlocks it"));
    }
    return addresses.Delete(address.id);
  });
}

absl::StatusOr<ElasticAddress> AddressService::SetDomainName(const AllocationId& id, const std::string& domain_name) {
  ASSIGN_OR_RETURN(ElasticAddress changed,
                   database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<ElasticAddress> {
                     AddressTable addresses(c);
                     ASSIGN_OR_RETURN(ElasticAddress address, addresses.Get(id));
                     address.domain_name = domain_name;
                     RETURN_IF_ERROR(addresses.SetDomainName(id, domain_name));
                     return address;
                   }));
  hooks_.wake_vpcs();
  return changed;
}

absl::StatusOr<std::vector<AddressView>> AddressService::List(absl::Span<const AddressName> names,
                                                              const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<AddressView>> {
    AddressTable addresses(c);
    std::vector<ElasticAddress> rows;
    for (const AddressName& name : names) {
      ASSIGN_OR_RETURN(rows.emplace_back(), Find(c, name));
    }
    if (names.empty() && tags.has_value()) {
      ASSIGN_OR_RETURN(const std::vector<AllocationId> tagged, tagging::TaggedIds<AllocationId>(c, *tags));
      ASSIGN_OR_RETURN(rows, addresses.FindMany(tagged));
    } else if (names.empty()) {
      ASSIGN_OR_RETURN(rows, addresses.List());
    }
    return ViewAll(c, std::move(rows));
  });
}

absl::StatusOr<AddressView> AddressService::Of(const AddressAssociationId& id) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<AddressView> {
    ASSIGN_OR_RETURN(const AddressAssociation association, AddressTable(c).GetAssociation(id));
    ASSIGN_OR_RETURN(ElasticAddress address, AddressTable(c).Get(association.allocation_id));
    return View(c, std::move(address));
  });
}

absl::StatusOr<AddressView> AddressService::Of(const AddressName& name) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<AddressView> {
    ASSIGN_OR_RETURN(ElasticAddress address, Find(c, name));
    return View(c, std::move(address));
  });
}

}  // namespace brume::network
