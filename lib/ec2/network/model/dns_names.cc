#include "lib/ec2/network/model/dns_names.h"

#include "absl/strings/str_cat.h"

namespace brume {

std::string PrivateDomain(const Settings& settings) {
  return settings.region == "us-east-1" ? "ec2.internal" : absl::StrCat(settings.region, ".compute.internal");
}

std::string PrivateDnsName(const NetworkInterface& eni, const Settings& settings) {
  const std::string host = Hostname(eni);
  return host.empty() ? "" : absl::StrCat(host, ".", PrivateDomain(settings));
}

std::string PublicHostname(const NetworkInterface& eni, absl::string_view region) {
  return eni.public_ip.has_value() && eni.public_name ? PublicDnsName(*eni.public_ip, region) : "";
}

}  // namespace brume
