#include "lib/ec2/network/api/private_dns_name.h"

#include "absl/strings/str_cat.h"
#include "lib/ec2/network/network_reconciler.h"

namespace brume::ec2 {

std::string PrivateDnsName(Ipv4 address, const Settings& settings) {
  return absl::StrCat(PrivateHostname(address), ".", network::PrivateDomain(settings));
}

}  // namespace brume::ec2
