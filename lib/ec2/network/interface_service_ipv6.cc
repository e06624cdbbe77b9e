// InterfaceService: IPv6 addresses.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/ipv6_ranges.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::network {
namespace {

// Of an interface without an instance: what the largest instance types let one have.
constexpr int kMaxIpv6OfInterface = 50;

}  // namespace

absl::Status InterfaceService::CheckIpv6Room(store::Connection& connection, const NetworkInterface& eni, size_t more) {
  int max_addresses = kMaxIpv6OfInterface;
  // As many as of IPv4: EC2's table has the same number for both.
  if (!eni.instance_id.empty()) {
    ASSIGN_OR_RETURN(max_addresses, instances_.max_addresses(connection, eni.instance_id));
  }
  if (eni.ipv6.size() + more <= static_cast<size_t>(max_addresses)) return absl::OkStatus();
  return ec2::Error("PrivateIpAddressLimitExceeded",
                    absl::StrCat("Number of IPv6 addresses will exceed limit: '", eni.id.text(), "' has ",
                                 eni.ipv6.size(), ", and at most ", max_addresses, " are allowed"));
}

absl::StatusOr<std::vector<Ipv6>> InterfaceService::AssignIpv6(const AssignIpv6Request& request) {
  std::vector<Ipv6> assigned;
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    assigned = {};
    NetworkTable networks(connection);
    InterfaceIpv6Table table(connection);
    ASSIGN_OR_RETURN(const NetworkInterface eni, networks.GetInterface(request.eni_id));
    RETURN_IF_ERROR(CheckOwn(eni));
    vpc = eni.vpc_id;
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(eni.subnet_id));
    const auto has = [&](const Ipv6& address) {
      return std::find(eni.ipv6.begin(), eni.ipv6.end(), address) != eni.ipv6.end();
    };
    const size_t present = std::count_if(request.addresses.begin(), request.addresses.end(), has);
    RETURN_IF_ERROR(CheckIpv6Room(connection, eni, request.addresses.size() - present + request.count));
    for (const Ipv6& address : request.addresses) {
      assigned.push_back(address);
      if (has(address)) continue;
      RETURN_IF_ERROR(CheckIpv6(connection, subnet, address));
      RETURN_IF_ERROR(table.Insert(eni.id, address));
    }
    for (int i = 0; i < request.count; ++i) {
      ASSIGN_OR_RETURN(const Ipv6 address, AllocateIpv6(connection, subnet, random_));
      RETURN_IF_ERROR(table.Insert(eni.id, address));
      assigned.push_back(address);
    }
    return absl::OkStatus();
  }));
  wakes_.vpc(vpc);
  return assigned;
}

absl::Status InterfaceService::UnassignIpv6(const EniId& id, absl::Span<const Ipv6> addresses) {
  VpcId vpc;
  RETURN_IF_ERROR(database_.Write([&](store::Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(id));
    RETURN_IF_ERROR(CheckOwn(eni));
    vpc = eni.vpc_id;
    for (const Ipv6& address : addresses) {
      if (std::find(eni.ipv6.begin(), eni.ipv6.end(), address) == eni.ipv6.end()) {
        return ec2::Error("InvalidParameterValue", absl::StrCat("Some of the specified addresses are not assigned to '",
                                                                id.text(), "': ", address.text()));
      }
      if (IsPrimary(eni, address)) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("The address ", address.text(), " is the primary one of '", id.text(),
                                       "', which cannot be unassigned"));
      }
      RETURN_IF_ERROR(InterfaceIpv6Table(connection).Delete(id, address));
    }
    ASSIGN_OR_RETURN(const NetworkInterface rest, NetworkTable(connection).GetInterface(id));
    if (rest.ipv6_native() && rest.ipv6.empty()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The network interface '", id.text(),
                                     "' is in an IPv6-only subnet: its last IPv6 address cannot be unassigned"));
    }
    return absl::OkStatus();
  }));
  wakes_.vpc(vpc);
  return absl::OkStatus();
}

}  // namespace brume::network
