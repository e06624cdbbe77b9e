// IPv4 addresses and ranges. Pure; RFC 791, RFC 4632.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"

namespace brume {

struct Ipv4 {
  uint32_t value = 0;  // host byte order

  // Dotted quad, no leading zeros. Error: InvalidParameterValue.
  static absl::StatusOr<Ipv4> Parse(absl::string_view text);
  std::string text() const;
  friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
};

struct Cidr {
  Ipv4 base;  // host bits are zero
  int prefix_length = 0;

  // "10.0.0.0/16". Host bits that are set are cleared, as EC2 does with rules. Error: InvalidParameterValue.
  static absl::StatusOr<Cidr> Parse(absl::string_view text);
  std::string text() const;
  uint64_t size() const { return uint64_t{1} << (32 - prefix_length); }
  Ipv4 last() const { return Ipv4{static_cast<uint32_t>(base.value + size() - 1)}; }
  // "255.255.240.0"
  Ipv4 netmask() const { return Ipv4{static_cast<uint32_t>(~(size() - 1))}; }
  bool Contains(Ipv4 address) const { return address >= base && address <= last(); }
  bool Contains(const Cidr& other) const { return Contains(other.base) && Contains(other.last()); }
  bool Overlaps(const Cidr& other) const { return base <= other.last() && other.base <= last(); }
  friend auto operator<=>(const Cidr&, const Cidr&) = default;
};

// EC2 keeps the first four addresses of a subnet (network, router, DNS, future) and the last.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
inline constexpr int kReservedAtStart = 4;
bool IsAssignable(const Cidr& subnet, Ipv4 address);
// How many addresses a subnet has for use when `used` are taken.
int64_t AvailableAddresses(const Cidr& subnet, int64_t used);
inline Ipv4 RouterAddress(const Cidr& subnet) { return Ipv4{subnet.base.value + 1}; }
inline Ipv4 DnsAddress(const Cidr& vpc) { return Ipv4{vpc.base.value + 2}; }

// An address of `subnet` for which `is_free` holds: a few random tries, then the first from a random start. None when
// all are taken.
std::optional<Ipv4> ChooseAddress(const Cidr& subnet, Random& random, const std::function<bool(Ipv4)>& is_free);

// The same over all addresses from `first` to `last`; none when last < first.
std::optional<Ipv4> ChooseAddressBetween(Ipv4 first, Ipv4 last, Random& random,
                                         const std::function<bool(Ipv4)>& is_free);

// The MAC address of the interface that owns `address`: locally administered, the same for the same address, so that a
// DHCP lease left over from an earlier owner of the address never stands in the way.
std::string MacAddressFor(Ipv4 address);

// EC2's "ip-10-0-1-4".
std::string PrivateHostname(Ipv4 address);

// Of public names: "compute-1.amazonaws.com", in regions other than us-east-1 "REGION.compute.amazonaws.com".
std::string PublicDomain(absl::string_view region);

// EC2's "ec2-198-18-0-5.compute-1.amazonaws.com"; in regions other than us-east-1 "….REGION.compute.amazonaws.com".
std::string PublicDnsName(Ipv4 address, absl::string_view region);

}  // namespace brume
