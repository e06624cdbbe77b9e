// The router as guests see it, and where they ask for metadata and names beside it, at the addresses EC2 has.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
#pragma once

#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

inline constexpr Ipv4 kLinkLocalResolver{0xa9fea9fd};  // 169.254.169.253
inline constexpr Ipv4 kMetadataAddress{0xa9fea9fe};    // 169.254.169.254
inline constexpr Ipv6 kMetadataIpv6{{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}};  // fd00:ec2::254
inline constexpr Ipv6 kResolverIpv6{{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x53}};  // fd00:ec2::253

// Every tap's host side, so a guest's neighbour entry of its gateway outlives stop, start and restore.
inline constexpr char kRouterMac[] = "02:b0:00:00:00:01";

}  // namespace brume::network
