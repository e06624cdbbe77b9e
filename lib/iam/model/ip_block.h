// Blocks of IPv4 and IPv6 addresses, as policies write them: "203.0.113.0/24", "2001:db8::/32", "203.0.113.7".
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::iam {

class IpBlock {
 public:
  // Bits behind the prefix may be set; they are not looked at. Error: InvalidArgument.
  static absl::StatusOr<IpBlock> Parse(absl::string_view text);

  // False for what is not an address, and for one of the other family.
  bool Contains(absl::string_view address) const;

 private:
  bool v6_ = false;
  int prefix_bits_ = 0;
  std::array<uint8_t, 16> bytes_ = {};  // an IPv4 address has four
};

}  // namespace brume::iam
