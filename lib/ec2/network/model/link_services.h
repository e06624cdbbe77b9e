// Where guests ask for metadata and names beside their router, at the addresses EC2 has.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
#pragma once

#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

inline constexpr Ipv4 kMetadataAddress{0xa9fea9fe};  // 169.254.169.254
inline constexpr Ipv6 kMetadataIpv6{{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}};  // fd00:ec2::254
inline constexpr Ipv6 kResolverIpv6{{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x53}};  // fd00:ec2::253

}  // namespace brume::network
