// The names that the resolver of a VPC gives to its guests.
#pragma once

#include <string>

#include "lib/ec2/network/model/network.h"
#include "lib/resource/settings.h"

namespace brume {

// "ec2.internal" in us-east-1, "REGION.compute.internal" elsewhere.
std::string PrivateDomain(const Settings& settings);

// "ip-172-31-0-4.ec2.internal", or with the instance's id where it is named by that; empty where it has no name.
std::string PrivateDnsName(const NetworkInterface& eni, const Settings& settings);

// "ec2-198-18-0-5.compute-1.amazonaws.com"; empty without a public address, and where the VPC gives it no name.
std::string PublicHostname(const NetworkInterface& eni, absl::string_view region);

}  // namespace brume
