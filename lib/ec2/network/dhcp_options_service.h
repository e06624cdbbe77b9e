// Sets of DHCP options and the VPCs that have them. Source of behaviour: EC2 API reference, CreateDhcpOptions,
// AssociateDhcpOptions, DeleteDhcpOptions; Amazon VPC user guide, DHCP option sets.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/random.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::network {

struct DhcpOptionsView {
  DhcpOptions options;
  TagMap tags;
};

// Thread-safe.
class DhcpOptionsService {
 public:
  // `wake` is called with a VPC that has another set, after the commit.
  DhcpOptionsService(store::Database& database, Random& random, std::function<void(const VpcId&)> wake);

  // Error: ResourceLimitExceeded.
  absl::StatusOr<DhcpOptionsView> Create(const DhcpValues& values, const TagMap& tags);
  // Errors: InvalidDhcpOptionsID.NotFound; DependencyViolation while a VPC has it.
  absl::Status Delete(const DhcpOptionsId& id);
  // Unset: the VPC has none. Errors: InvalidDhcpOptionID.NotFound, InvalidVpcID.NotFound.
  absl::Status Associate(const std::optional<DhcpOptionsId>& id, const VpcId& vpc);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: InvalidDhcpOptionID.NotFound.
  absl::StatusOr<std::vector<DhcpOptionsView>> List(absl::Span<const DhcpOptionsId> ids,
                                                    const std::optional<tagging::TagQuery>& tags = {});

 private:
  store::Database& database_;
  Random& random_;
  const std::function<void(const VpcId&)> wake_;
};

// Inside a transaction of the caller's.

// The default set, made where it is not there, with the domain that private names have.
absl::StatusOr<DhcpOptions> EnsureDefaultDhcpOptions(store::Connection& connection, absl::string_view private_domain,
                                                     Random& random);
// Gives a default set that is there the domain that private names have now.
absl::Status UpdateDefaultDhcpOptions(store::Connection& connection, absl::string_view private_domain);
// What DHCP tells the VPC's guests.
absl::StatusOr<DhcpLease> ReadDhcpLease(store::Connection& connection, const Vpc& vpc);

}  // namespace brume::network
