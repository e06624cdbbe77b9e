#include "lib/resource/ipv6.h"

#include <arpa/inet.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ipv4.h"

namespace brume {
namespace {

constexpr int kBits = 128;
constexpr int kGroups = 8;

absl::Status Malformed(absl::string_view text) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("Value (", text.substr(0, 100),
                                                          ") is not a valid IPv6 CIDR block; write it like "
                                                          "2001:db8::/32"));
}

bool ParseLength(absl::string_view text, int* length) {
  // SimpleAtoi takes blanks and signs too.
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return absl::SimpleAtoi(text, length) && *length <= kBits;
}

void ClearHostBits(std::array<uint8_t, 16>& bytes, int prefix_length) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int kept = prefix_length - static_cast<int>(i) * 8;
    if (kept >= 8) continue;
    bytes[i] &= kept <= 0 ? 0 : static_cast<uint8_t>(0xff << (8 - kept));
  }
}

// IPv4 addresses as IPv6 ones: ::ffff:0:0/96.
bool IsMapped(const std::array<uint8_t, 16>& bytes) {
  for (int i = 0; i < 10; ++i) {
    if (bytes[i] != 0) return false;
  }
  return bytes[10] == 0xff && bytes[11] == 0xff;
}

// The longest run of two zero groups or more, the first of equal ones: its start and length; length 0 for none.
std::pair<int, int> ZeroRun(const std::array<uint16_t, kGroups>& groups) {
  std::pair<int, int> longest_run = {0, 0};
  for (int start = 0; start < kGroups;) {
    int end = start;
    while (end < kGroups && groups[end] == 0) ++end;
    if (end - start > longest_run.second && end - start > 1) longest_run = {start, end - start};
    start = end + 1;
  }
  return longest_run;
}

// Reads what inet_pton takes, and no more: it would read up to a NUL.
bool ParseBytes(absl::string_view text, std::array<uint8_t, 16>& bytes) {
  const std::string address(text);
  return address.find('\0') == std::string::npos && inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
}

}  // namespace

absl::StatusOr<Ipv6> Ipv6::Parse(absl::string_view text) {
  Ipv6 address;
  if (ParseBytes(text, address.bytes)) return address;
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", text.substr(0, 100), ") is not a valid IPv6 address"));
}

std::string Ipv6::text() const {
  if (IsMapped(bytes)) {
    const uint32_t value = uint32_t{bytes[12]} << 24 | uint32_t{bytes[13]} << 16 | uint32_t{bytes[14]} << 8 | bytes[15];
    return absl::StrCat("::ffff:", Ipv4{value}.text());
  }
  std::array<uint16_t, kGroups> groups;
  for (int i = 0; i < kGroups; ++i) groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  const auto [run, length] = ZeroRun(groups);
  std::string text;
  for (int i = 0; i < kGroups; ++i) {
    if (length > 0 && i == run) {
      text += "::";
      i += length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    absl::StrAppend(&text, absl::Hex(groups[i]));
  }
  return text;
}

absl::StatusOr<CidrIpv6> CidrIpv6::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  CidrIpv6 cidr;
  if (slash == absl::string_view::npos || !ParseLength(text.substr(slash + 1), &cidr.prefix_length)) {
    return Malformed(text);
  }
  if (!ParseBytes(text.substr(0, slash), cidr.base)) return Malformed(text);
  ClearHostBits(cidr.base, cidr.prefix_length);
  return cidr;
}

std::string CidrIpv6::text() const { return absl::StrCat(first().text(), "/", prefix_length); }

Ipv6 CidrIpv6::last() const {
  Ipv6 last{base};
  for (size_t i = 0; i < last.bytes.size(); ++i) {
    const int kept = prefix_length - static_cast<int>(i) * 8;
    if (kept < 8) last.bytes[i] |= kept <= 0 ? 0xff : static_cast<uint8_t>(0xff >> kept);
  }
  return last;
}

CidrIpv6 CidrIpv6::Part(int length, uint64_t number) const {
  CidrIpv6 part{base, length};
  // The number's last bit is bit `length` of the address, counted from 1.
  const uint64_t bits = number << (64 - length);
  for (int i = 0; i < 8; ++i) part.base[i] |= static_cast<uint8_t>(bits >> (56 - 8 * i));
  return part;
}

Ipv6 AddressIn(const CidrIpv6& range, uint64_t host) {
  Ipv6 address{range.base};
  for (int i = 0; i < 8; ++i) address.bytes[8 + i] = static_cast<uint8_t>(host >> (56 - 8 * i));
  return address;
}

bool IsAssignable(const CidrIpv6& subnet, const Ipv6& address) {
  return subnet.Contains(address) && address >= AddressIn(subnet, kReservedAtStart) && address != subnet.last();
}

std::optional<Ipv6> ChooseAddress(const CidrIpv6& subnet, Random& random,
                                  const std::function<bool(const Ipv6&)>& is_free) {
  // Of 2^64: the first is free unless somebody counts through them all.
  constexpr int kTries = 64;
  for (int i = 0; i < kTries; ++i) {
    const Ipv6 candidate = AddressIn(subnet, random.Below(~uint64_t{0}));
    if (IsAssignable(subnet, candidate) && is_free(candidate)) return candidate;
  }
  return std::nullopt;
}

bool IsUniqueLocal(const CidrIpv6& range) { return range.prefix_length >= 7 && (range.base[0] & 0xfe) == 0xfc; }

std::string MacAddressFor(const Ipv6& address, int attempt) {
  // FNV-1a, of which 40 bits are taken.
  uint64_t hash = 0xcbf29ce484222325 ^ static_cast<uint64_t>(attempt);
  for (const uint8_t octet : address.bytes) hash = (hash ^ octet) * 0x100000001b3;
  // 06, where those of IPv4 have 02, so that none is of both.
  return absl::StrFormat("06:%02x:%02x:%02x:%02x:%02x", hash >> 32 & 0xff, hash >> 24 & 0xff, hash >> 16 & 0xff,
                         hash >> 8 & 0xff, hash & 0xff);
}

Ipv6 LinkLocalFor(absl::string_view mac) {
  std::array<uint8_t, 6> octets = {};
  size_t count = 0;
  for (const absl::string_view part : absl::StrSplit(mac, ':')) {
    uint32_t octet = 0;
    if (count < octets.size() && absl::SimpleHexAtoi(part, &octet)) octets[count++] = static_cast<uint8_t>(octet);
  }
  Ipv6 address;
  address.bytes = {
      0xfe,      0x80,      0,    0,    0,         0,         0,        0, static_cast<uint8_t>(octets[0] ^ 2),
      octets[1], octets[2], 0xff, 0xfe, octets[3], octets[4], octets[5]};
  return address;
}

std::optional<std::string> MacOfLinkLocal(const Ipv6& address) {
  const auto& b = address.bytes;
  std::string mac = absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]);
  return LinkLocalFor(mac) == address ? std::optional(std::move(mac)) : std::nullopt;
}

}  // namespace brume
