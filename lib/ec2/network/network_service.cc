#include "lib/ec2/network/network_service.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/value_table.h"

namespace brume::network {
namespace {

constexpr int kMaxVpcPrefixLength = 24;  // so that a subnet is a /28 at least, EC2's smallest
// What was made once is not made again, as its owner may have deleted it: set to "made".
constexpr char kVpcValue[] = "network.default_vpc", kSubnetValue[] = "network.default_subnet.";
constexpr char kMade[] = "made";

absl::StatusOr<std::optional<Vpc>> EnsureVpc(store::Connection& connection, const Settings& settings, Random& random) {
  NetworkTable networks(connection);
  ASSIGN_OR_RETURN(std::optional<Vpc> vpc, networks.DefaultVpc());
  store::ValueTable values(connection);
  ASSIGN_OR_RETURN(const std::optional<std::string> made, values.Get(kVpcValue));
  if (vpc.has_value() && vpc->cidr != settings.default_vpc_cidr) {
    log::Warn("the default VPC {} keeps {}; the configured {} would apply to a new one only", vpc->id.text(),
              vpc->cidr.text(), settings.default_vpc_cidr.text());
  }
  if (!vpc.has_value() && !made.has_value()) {
    if (settings.default_vpc_cidr.prefix_length > kMaxVpcPrefixLength) {
      return absl::InvalidArgumentError(absl::StrCat("the default VPC's range ", settings.default_vpc_cidr.text(),
                                                     " is too small: it must be a /", kMaxVpcPrefixLength,
                                                     " or larger"));
    }
    ASSIGN_OR_RETURN(vpc, InsertDefaultVpc(connection, settings, random));
    log::Info("default VPC {} made with {}", vpc->id.text(), vpc->cidr.text());
  }
  if (!made.has_value()) RETURN_IF_ERROR(values.Set(kVpcValue, kMade));
  return vpc;
}

// Of each zone once: also of one that the configuration has named since.
absl::Status EnsureSubnets(store::Connection& connection, const Vpc& vpc, const Settings& settings, Random& random) {
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc.id));
  store::ValueTable values(connection);
  for (const std::string& zone : settings.zones) {
    const std::string name = absl::StrCat(kSubnetValue, vpc.id.text(), ".", zone);
    ASSIGN_OR_RETURN(const std::optional<std::string> made, values.Get(name));
    if (made.has_value()) continue;
    const bool there = std::any_of(subnets.begin(), subnets.end(), [&](const Subnet& subnet) {
      return subnet.default_for_az && subnet.availability_zone == zone;
    });
    if (!there) {
      ASSIGN_OR_RETURN(const std::optional<Subnet> subnet, InsertDefaultSubnet(connection, vpc, zone, random));
      if (!subnet.has_value()) {
        // The other zones still work; a launch into this one says that it has no default subnet.
        log::Warn("the default VPC {} has no room left for a default subnet of zone {}", vpc.id.text(), zone);
        continue;
      }
    }
    RETURN_IF_ERROR(values.Set(name, kMade));
  }
  return absl::OkStatus();
}

}  // namespace

NetworkService::NetworkService(store::Database& database, const Settings& settings, Random& random)
    : database_(database), settings_(settings), random_(random) {}

absl::Status NetworkService::EnsureDefaults() {
  return database_.Write([&](store::Connection& connection) -> absl::Status {
    // Private names have the domain of the configured region.
    RETURN_IF_ERROR(UpdateDefaultDhcpOptions(connection, PrivateDomain(settings_)));
    ASSIGN_OR_RETURN(const std::optional<Vpc> vpc, EnsureVpc(connection, settings_, random_));
    return vpc.has_value() ? EnsureSubnets(connection, *vpc, settings_, random_) : absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Vpc>> NetworkService::ListVpcs() {
  return database_.ReadFor([](store::Connection& connection) { return NetworkTable(connection).ListVpcs(); });
}

absl::StatusOr<std::vector<VpcView>> NetworkService::DescribeVpcs(absl::Span<const VpcId> ids,
                                                                  const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<VpcView>> {
    NetworkTable networks(connection);
    ASSIGN_OR_RETURN(std::vector<Vpc> vpcs,
                     tagging::ChooseRows<VpcId>(
                         connection, ids, tags, [&](const VpcId& id) { return networks.GetVpc(id); },
                         [&] { return networks.ListVpcs(); }));
    std::vector<VpcId> chosen;
    for (const Vpc& vpc : vpcs) chosen.push_back(vpc.id);
    ASSIGN_OR_RETURN(const std::vector<VpcCidr> cidrs, networks.ListCidrsOf(chosen));
    ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> ipv6, networks.ListIpv6CidrsOf(chosen));
    ASSIGN_OR_RETURN(std::vector<VpcView> views, tagging::WithTags(connection, std::move(vpcs), &VpcView::vpc));
    for (VpcView& view : views) {
      std::copy_if(cidrs.begin(), cidrs.end(), std::back_inserter(view.cidrs),
                   [&](const VpcCidr& cidr) { return cidr.vpc_id == view.vpc.id; });
      std::copy_if(ipv6.begin(), ipv6.end(), std::back_inserter(view.ipv6_cidrs),
                   [&](const VpcIpv6Cidr& cidr) { return cidr.vpc_id == view.vpc.id; });
    }
    return views;
  });
}

absl::StatusOr<std::vector<SubnetView>> NetworkService::ListSubnets(absl::Span<const SubnetId> ids,
                                                                    const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::vector<SubnetView>> {
    NetworkTable networks(connection);
    ASSIGN_OR_RETURN(std::vector<Subnet> subnets,
                     tagging::ChooseRows<SubnetId>(
                         connection, ids, tags, [&](const SubnetId& id) { return networks.GetSubnet(id); },
                         [&] { return networks.ListSubnets(std::nullopt); }));
    ASSIGN_OR_RETURN(std::vector<SubnetView> views,
                     tagging::WithTags(connection, std::move(subnets), &SubnetView::subnet));
    for (SubnetView& view : views) {
      ASSIGN_OR_RETURN(view.available_addresses, CountFreeAddresses(connection, view.subnet));
    }
    return views;
  });
}

absl::StatusOr<Vpc> GetVpc(store::Connection& connection, const VpcId& id) {
  return NetworkTable(connection).GetVpc(id);
}

absl::StatusOr<std::vector<Vpc>> ListVpcs(store::Connection& connection) { return NetworkTable(connection).ListVpcs(); }

absl::StatusOr<std::vector<Cidr>> ListFurtherRanges(store::Connection& connection, const VpcId& id) {
  ASSIGN_OR_RETURN(const std::vector<VpcCidr> rows, NetworkTable(connection).ListCidrsOf({&id, 1}));
  std::vector<Cidr> ranges;
  for (const VpcCidr& row : rows) ranges.push_back(row.cidr);
  return ranges;
}

absl::StatusOr<std::vector<CidrIpv6>> ListIpv6Ranges(store::Connection& connection, const VpcId& id) {
  return Ipv6RangesOf(connection, id);
}

absl::StatusOr<std::optional<Vpc>> FindDefaultVpc(store::Connection& connection) {
  return NetworkTable(connection).DefaultVpc();
}

absl::StatusOr<Subnet> GetSubnet(store::Connection& connection, const SubnetId& id) {
  return NetworkTable(connection).GetSubnet(id);
}

absl::StatusOr<std::vector<Subnet>> ListSubnets(store::Connection& connection, const VpcId& vpc) {
  return NetworkTable(connection).ListSubnets(vpc);
}

absl::StatusOr<std::vector<AttachedPort>> ListAttachedPorts(store::Connection& connection) {
  return NetworkTable(connection).ListAttachedPorts();
}

absl::StatusOr<int64_t> CountFreeAddresses(store::Connection& connection, const Subnet& subnet) {
  if (subnet.ipv6_native()) return 0;
  ASSIGN_OR_RETURN(const int64_t used, NetworkTable(connection).CountAddresses(subnet.id));
  return AvailableAddresses(*subnet.cidr, used);
}

absl::Status NeedIpv4(const Subnet& subnet, absl::string_view what) {
  if (!subnet.ipv6_native()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    absl::StrCat("The subnet '", subnet.id.text(), "' is an IPv6-only subnet, which has no ", what));
}

absl::StatusOr<Ipv4> AllocatePrivateIp(store::Connection& connection, const Subnet& subnet, Random& random,
                                       absl::Span<const Ipv4> others) {
  RETURN_IF_ERROR(NeedIpv4(subnet, "private IPv4 addresses"));
  NetworkTable networks(connection);
  absl::Status failed;
  const std::optional<Ipv4> address = ChooseAddress(*subnet.cidr, random, [&](Ipv4 candidate) {
    if (std::find(others.begin(), others.end(), candidate) != others.end()) return true;
    const absl::StatusOr<bool> taken = networks.PrivateIpTaken(subnet.vpc_id, candidate);
    if (!taken.ok()) failed = taken.status();
    return !taken.ok() || !*taken;
  });
  RETURN_IF_ERROR(failed);
  if (!address.has_value()) {
    return ec2::Error(
        "InsufficientFreeAddressesInSubnet",
        absl::StrCat("The subnet '", subnet.id.text(), "' (", subnet.cidr->text(), ") has no free address left"));
  }
  return *address;
}

absl::Status CheckPrivateIp(store::Connection& connection, const Subnet& subnet, Ipv4 wanted) {
  RETURN_IF_ERROR(NeedIpv4(subnet, "private IPv4 addresses"));
  if (!subnet.cidr->Contains(wanted)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Address ", wanted.text(), " is not in the range ", subnet.cidr->text(),
                                   " of subnet '", subnet.id.text(), "'"));
  }
  if (!IsAssignable(*subnet.cidr, wanted)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Address ", wanted.text(), " is reserved: the first four addresses of subnet '",
                                   subnet.id.text(), "' and its last are not given to instances"));
  }
  ASSIGN_OR_RETURN(const bool taken, NetworkTable(connection).PrivateIpTaken(subnet.vpc_id, wanted));
  if (taken) return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", wanted.text(), " is in use."));
  return absl::OkStatus();
}

absl::Status CheckPublicIp(store::Connection& connection, const Settings& settings, Ipv4 wanted) {
  const Cidr& pool = settings.public_pool;
  if (wanted.value < pool.base.value + 2 || wanted >= pool.last()) {
    return ec2::Error(
        "InvalidParameterValue",
        absl::StrCat("Address ", wanted.text(), " is none of the public addresses of this host, ", pool.text()));
  }
  ASSIGN_OR_RETURN(const bool taken, NetworkTable(connection).PublicIpTaken(wanted));
  if (taken) return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", wanted.text(), " is in use."));
  return absl::OkStatus();
}

absl::StatusOr<Ipv4> AllocatePublicIp(store::Connection& connection, const Settings& settings, Random& random) {
  const Cidr& pool = settings.public_pool;
  NetworkTable networks(connection);
  absl::Status failed;
  std::optional<Ipv4> address;
  // The pool's base names the pool, base + 1 is the host's own address in it, and the last would be a broadcast.
  if (pool.size() > 3) {
    address = ChooseAddressBetween(Ipv4{pool.base.value + 2}, Ipv4{pool.last().value - 1}, random, [&](Ipv4 candidate) {
      const absl::StatusOr<bool> taken = networks.PublicIpTaken(candidate);
      if (!taken.ok()) failed = taken.status();
      return !taken.ok() || !*taken;
    });
  }
  RETURN_IF_ERROR(failed);
  if (!address.has_value()) {
    return ec2::Error("InsufficientAddressCapacity",
                      absl::StrCat("The public address pool ", pool.text(), " has no free address left"));
  }
  return *address;
}

}  // namespace brume::network
