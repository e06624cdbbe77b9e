#include "lib/ec2/network/linux/fabric_names.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace brume::network {
namespace {

constexpr size_t kVethDigits = 10;

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string HostVethName(const VpcId& id) {
  const std::string& text = id.text();
  const size_t start = text.find('-') + 1;
  const size_t digits = std::min(kVethDigits, text.size() - start);
  return kHostVethPrefix + text.substr(text.size() - digits);
}

bool IsTapName(absl::string_view link) {
  return absl::StartsWith(link, "bm") && (link.size() == 15 || link.size() == 10) && IsHex(link.substr(2));
}

bool IsHostVethName(absl::string_view link) {
  return absl::StartsWith(link, kHostVethPrefix) && (link.size() == 13 || link.size() == 11) && IsHex(link.substr(3));
}

}  // namespace brume::network
