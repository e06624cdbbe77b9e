#include "lib/resource/ipv4.h"

#include <array>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

bool ParseSmall(absl::string_view text, uint32_t max, uint32_t* value) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, value) && *value <= max;
}

std::array<unsigned, 4> Bytes(Ipv4 address) {
  return {address.value >> 24, (address.value >> 16) & 255, (address.value >> 8) & 255, address.value & 255};
}

}  // namespace

absl::StatusOr<Ipv4> Ipv4::Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  Ipv4 address;
  bool good = parts.size() == 4;
  for (size_t i = 0; good && i < 4; ++i) {
    uint32_t byte = 0;
    good = ParseSmall(parts[i], 255, &byte);
    address.value = address.value << 8 | byte;
  }
  if (!good) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", text, ") is not a valid IPv4 address"));
  }
  return address;
}

std::string Ipv4::text() const {
  const auto b = Bytes(*this);
  return absl::StrCat(b[0], ".", b[1], ".", b[2], ".", b[3]);
}

absl::StatusOr<Cidr> Cidr::Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  uint32_t length = 0;
  absl::StatusOr<Ipv4> base;
  if (parts.size() == 2 && ParseSmall(parts[1], 32, &length)) base = Ipv4::Parse(parts[0]);
  if (!base.ok()) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Value (", text, ") is not a valid CIDR block; write it like 10.0.0.0/16"));
  }
  Cidr cidr{*base, static_cast<int>(length)};
  cidr.base.value &= cidr.netmask().value;
  return cidr;
}

std::string Cidr::text() const { return absl::StrCat(base.text(), "/", prefix_length); }

bool IsAssignable(const Cidr& subnet, Ipv4 address) {
  return subnet.Contains(address) && address.value >= subnet.base.value + kReservedAtStart && address != subnet.last();
}

int64_t AvailableAddresses(const Cidr& subnet, int64_t used) {
  return static_cast<int64_t>(subnet.size()) - kReservedAtStart - 1 - used;
}

std::optional<Ipv4> ChooseAddress(const Cidr& subnet, Random& random, const std::function<bool(Ipv4)>& is_free) {
  if (AvailableAddresses(subnet, 0) <= 0) return std::nullopt;
  return ChooseAddressBetween(Ipv4{subnet.base.value + kReservedAtStart}, Ipv4{subnet.last().value - 1}, random,
                              is_free);
}

std::optional<Ipv4> ChooseAddressBetween(Ipv4 first, Ipv4 last, Random& random,
                                         const std::function<bool(Ipv4)>& is_free) {
  if (last < first) return std::nullopt;
  const uint64_t count = uint64_t{last.value} - first.value + 1;
  constexpr int kRandomTries = 16;
  for (int i = 0; i < kRandomTries; ++i) {
    const Ipv4 candidate{static_cast<uint32_t>(first.value + random.Below(count))};
    if (is_free(candidate)) return candidate;
  }
  const uint64_t start = random.Below(count);
  for (uint64_t i = 0; i < count; ++i) {
    const Ipv4 candidate{static_cast<uint32_t>(first.value + (start + i) % count)};
    if (is_free(candidate)) return candidate;
  }
  return std::nullopt;
}

std::string MacAddressFor(Ipv4 address) {
  const auto b = Bytes(address);
  return absl::StrFormat("02:b0:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]);
}

std::string PrivateHostname(Ipv4 address) {
  const auto b = Bytes(address);
  return absl::StrCat("ip-", b[0], "-", b[1], "-", b[2], "-", b[3]);
}

std::string PublicDomain(absl::string_view region) {
  return absl::StrCat(region == "us-east-1" ? "compute-1" : absl::StrCat(region, ".compute"), ".amazonaws.com");
}

std::string PublicDnsName(Ipv4 address, absl::string_view region) {
  const auto b = Bytes(address);
  return absl::StrCat("ec2-", b[0], "-", b[1], "-", b[2], "-", b[3], ".", PublicDomain(region));
}

}  // namespace brume
