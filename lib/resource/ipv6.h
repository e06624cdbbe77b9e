// IPv6 ranges, which rules of security groups name. Pure; RFC 4291, RFC 5952.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume {

struct CidrIpv6 {
  std::array<uint8_t, 16> base = {};  // host bits are zero
  int prefix_length = 0;

  // "2001:db8::/32". Host bits that are set are cleared, as EC2 does with rules. Error: InvalidParameterValue.
  static absl::StatusOr<CidrIpv6> Parse(absl::string_view text);
  // The one form that RFC 5952 recommends: "2001:db8::/32", "::ffff:192.0.2.0/120".
  std::string text() const;
  friend auto operator<=>(const CidrIpv6&, const CidrIpv6&) = default;
};

}  // namespace brume
