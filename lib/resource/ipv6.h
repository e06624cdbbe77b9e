// IPv6 addresses and ranges. Pure; RFC 4291, RFC 5952.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"

namespace brume {

struct Ipv6 {
  std::array<uint8_t, 16> bytes = {};  // network byte order

  // Any form of RFC 4291, without a zone. Error: InvalidParameterValue.
  static absl::StatusOr<Ipv6> Parse(absl::string_view text);
  // The one form that RFC 5952 recommends: "2001:db8::1".
  std::string text() const;
  friend auto operator<=>(const Ipv6&, const Ipv6&) = default;
};

struct CidrIpv6 {
  std::array<uint8_t, 16> base = {};  // host bits are zero
  int prefix_length = 0;

  // "2001:db8::/32". Host bits that are set are cleared, as EC2 does with rules. Error: InvalidParameterValue.
  static absl::StatusOr<CidrIpv6> Parse(absl::string_view text);
  // The one form that RFC 5952 recommends: "2001:db8::/32", "::ffff:192.0.2.0/120".
  std::string text() const;
  Ipv6 first() const { return Ipv6{base}; }
  Ipv6 last() const;
  bool Contains(const Ipv6& address) const { return address >= first() && address <= last(); }
  bool Contains(const CidrIpv6& other) const { return Contains(other.first()) && Contains(other.last()); }
  bool Overlaps(const CidrIpv6& other) const { return first() <= other.last() && other.first() <= last(); }
  // The range of this size, at most 64 bits long, that is the `number`th inside; `number` is below their count.
  CidrIpv6 Part(int length, uint64_t number) const;
  friend auto operator<=>(const CidrIpv6&, const CidrIpv6&) = default;
};

// The address whose last 64 bits are `host`, in a range of 64 bits or fewer.
Ipv6 AddressIn(const CidrIpv6& range, uint64_t host);
// The router's in a subnet, which nobody else gets.
inline Ipv6 RouterAddress(const CidrIpv6& subnet) { return AddressIn(subnet, 1); }
// EC2 keeps the first four addresses of a subnet and its last.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
bool IsAssignable(const CidrIpv6& subnet, const Ipv6& address);
// An address of `subnet` for which `is_free` holds, at random; none when a few tries found none.
std::optional<Ipv6> ChooseAddress(const CidrIpv6& subnet, Random& random,
                                  const std::function<bool(const Ipv6&)>& is_free);

// fc00::/7: the addresses of RFC 4193, which mean nothing beyond the host.
bool IsUniqueLocal(const CidrIpv6& range);
// A MAC address for the interface that owns `address` and none of IPv4: locally administered, the same for the same
// arguments. `attempt`: of one that another interface has already, the next.
std::string MacAddressFor(const Ipv6& address, int attempt = 0);
// The link-local address that a card makes of its MAC ("02:b0:0a:00:01:04"), by RFC 4291, appendix A.
Ipv6 LinkLocalFor(absl::string_view mac);
// The reverse; none where the address is not made so.
std::optional<std::string> MacOfLinkLocal(const Ipv6& address);

}  // namespace brume
