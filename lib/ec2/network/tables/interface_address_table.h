// Rows of the private addresses that interfaces have beside their first. Inside transactions of its callers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/network.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class InterfaceAddressTable {
 public:
  explicit InterfaceAddressTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  // Behind those that the interface has. Error: InvalidIPAddress.InUse when any interface of the VPC has it.
  absl::Status Insert(const NetworkInterface& eni, const SecondaryAddress& address);
  absl::Status Delete(const VpcId& vpc, Ipv4 private_ip);  // OK when there is none
  // Error: InvalidIPAddress.InUse when another address has the public one.
  absl::Status SetPublicIp(const VpcId& vpc, Ipv4 private_ip, std::optional<Ipv4> public_ip);
  // Fills those of all interfaces, with one statement. `ids`: the interfaces', as JSON, in their order.
  absl::Status Load(const std::string& ids, std::vector<NetworkInterface>& interfaces);
  // The interface that has the address.
  absl::StatusOr<std::optional<EniId>> Find(const VpcId& vpc, Ipv4 private_ip);
  absl::StatusOr<int64_t> CountIn(const SubnetId& subnet);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
