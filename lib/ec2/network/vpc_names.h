// The names that a VPC's resolver gives. Inside transactions of the network's services.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/network/fabric.h"
#include "lib/resource/settings.h"
#include "lib/store/connection.h"

namespace brume::network {

// "web.lab.example" of the tag Name = "Web" in the domain "lab.example". Empty unless the tag is a label as machines'
// names are; nothing of it but its case is changed. Pure.
std::string TagHostname(absl::string_view name_tag, absl::string_view domain);

// The specification of an interface, with its names.
absl::StatusOr<PortSpec> ReadPortSpec(store::Connection& connection, const NetworkInterface& eni,
                                      const Settings& settings);

// Of all elastic addresses that were given one; see VpcSpec.
absl::StatusOr<std::map<Ipv4, std::string>> ReadReverseNames(store::Connection& connection);

// The peers whose ports' public names the VPC's resolver knows, as their side of the peering connection says.
absl::StatusOr<std::vector<VpcId>> ListNamingPeers(store::Connection& connection, const VpcId& vpc);
// The peers whose resolvers know those of this VPC.
absl::StatusOr<std::vector<VpcId>> ListPeersKnowingNames(store::Connection& connection, const VpcId& vpc);

}  // namespace brume::network
