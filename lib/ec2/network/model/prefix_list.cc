#include "lib/ec2/network/model/prefix_list.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::StatusOr<AnyCidr> ParseAnyCidr(absl::string_view text, bool ipv6) {
  if (ipv6) {
    if (const absl::StatusOr<CidrIpv6> range = CidrIpv6::Parse(text); range.ok()) return AnyCidr(*range);
  } else if (const absl::StatusOr<Cidr> range = Cidr::Parse(text); range.ok()) {
    return AnyCidr(*range);
  }
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The CIDR (", absl::CHexEscape(text.substr(0, 64)), ") is not a valid ",
                                 ipv6 ? "IPv6" : "IPv4", " CIDR block, which are those of the prefix list"));
}

}  // namespace brume
