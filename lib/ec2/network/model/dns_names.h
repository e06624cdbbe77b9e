// The names that the resolver of a VPC gives to its guests.
#pragma once

#include <string>

#include "lib/resource/ipv4.h"
#include "lib/resource/settings.h"

namespace brume {

// "ec2.internal" in us-east-1, "REGION.compute.internal" elsewhere.
std::string PrivateDomain(const Settings& settings);

// "ip-172-31-0-4.ec2.internal".
std::string PrivateDnsName(Ipv4 address, const Settings& settings);

}  // namespace brume
