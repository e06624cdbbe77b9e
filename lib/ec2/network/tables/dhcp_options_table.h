// Rows of sets of DHCP options. Inside transactions of its callers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/resource/ids.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::network {

class DhcpOptionsTable {
 public:
  explicit DhcpOptionsTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const DhcpOptions& options);
  absl::StatusOr<DhcpOptions> Get(const DhcpOptionsId& id);  // InvalidDhcpOptionID.NotFound
  absl::StatusOr<std::vector<DhcpOptions>> List();           // oldest first
  absl::StatusOr<std::optional<DhcpOptions>> Default();
  absl::Status Set(const DhcpOptions& options);
  absl::Status Delete(const DhcpOptionsId& id);  // with its tags; FailedPrecondition while a VPC has it
  // The VPCs that have it.
  absl::StatusOr<std::vector<VpcId>> VpcsWith(const DhcpOptionsId& id);

 private:
  store::Connection& connection_;
};

}  // namespace brume::network
