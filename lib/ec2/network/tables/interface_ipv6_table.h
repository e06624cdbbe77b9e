// Rows of the IPv6 addresses of interfaces. Inside transactions of its callers.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class InterfaceIpv6Table {
 public:
  explicit InterfaceIpv6Table(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  // Behind those that the interface has. Error: InvalidIPAddress.InUse when any interface has it.
  absl::Status Insert(const EniId& eni, const Ipv6& address);
  absl::Status Delete(const EniId& eni, const Ipv6& address);  // OK when it has none such
  // Fills those of all interfaces, with one statement. `ids`: the interfaces', as JSON, in their order.
  absl::Status Load(const std::string& ids, std::vector<NetworkInterface>& interfaces);
  absl::StatusOr<bool> IsTaken(const Ipv6& address);
  // The interface that has the address.
  absl::StatusOr<std::optional<EniId>> Find(const Ipv6& address);
  // Of all interfaces of the group.
  absl::StatusOr<std::vector<Ipv6>> MembersOf(const SecurityGroupId& group);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
