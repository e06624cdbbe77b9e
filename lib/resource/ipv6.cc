#include "lib/resource/ipv6.h"

#include <arpa/inet.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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
  std::pair<int, int> longest = {0, 0};
  for (int start = 0; start < kGroups;) {
    int end = start;
    while (end < kGroups && groups[end] == 0) ++end;
    if (end - start > longest.second && end - start > 1) longest = {start, end - start};
    start = end + 1;
  }
  return longest;
}

}  // namespace

absl::StatusOr<CidrIpv6> CidrIpv6::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  CidrIpv6 cidr;
  if (slash == absl::string_view::npos || !ParseLength(text.substr(slash + 1), &cidr.prefix_length)) {
    return Malformed(text);
  }
  const std::string address(text.substr(0, slash));
  // inet_pton would read up to a NUL.
  if (address.find('\0') != std::string::npos) return Malformed(text);
  if (inet_pton(AF_INET6, address.c_str(), cidr.base.data()) != 1) return Malformed(text);
  ClearHostBits(cidr.base, cidr.prefix_length);
  return cidr;
}

std::string CidrIpv6::text() const {
  if (IsMapped(base)) {
    const uint32_t value = uint32_t{base[12]} << 24 | uint32_t{base[13]} << 16 | uint32_t{base[14]} << 8 | base[15];
    return absl::StrCat("::ffff:", Ipv4{value}.text(), "/", prefix_length);
  }
  std::array<uint16_t, kGroups> groups;
  for (int i = 0; i < kGroups; ++i) groups[i] = static_cast<uint16_t>(base[2 * i] << 8 | base[2 * i + 1]);
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
  return absl::StrCat(text, "/", prefix_length);
}

}  // namespace brume
