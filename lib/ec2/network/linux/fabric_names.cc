#include "lib/ec2/network/linux/fabric_names.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace brume::network {
namespace {

constexpr size_t kVethDigits = 10, kPeeringDigits = 13;

std::string LastDigits(const std::string& id, size_t max_length) {
  const size_t start = id.find('-') + 1;
  return id.substr(id.size() - std::min(max_length, id.size() - start));
}

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string HostVethName(const VpcId& id) { return kHostVethPrefix + LastDigits(id.text(), kVethDigits); }

std::string PeeringLinkName(const VpcPeeringConnectionId& id) {
  return kPeeringPrefix + LastDigits(id.text(), kPeeringDigits);
}

bool IsTapName(absl::string_view link) {
  return absl::StartsWith(link, "bm") && (link.size() == 15 || link.size() == 10) && IsHex(link.substr(2));
}

bool IsPeeringLinkName(absl::string_view link) {
  return absl::StartsWith(link, kPeeringPrefix) && (link.size() == 15 || link.size() == 10) && IsHex(link.substr(2));
}

bool IsHostVethName(absl::string_view link) {
  return absl::StartsWith(link, kHostVethPrefix) && (link.size() == 13 || link.size() == 11) && IsHex(link.substr(3));
}

std::string ShaperLinkName(absl::string_view tap) { return absl::StrCat(kShaperPrefix, tap.substr(2)); }

bool IsShaperLinkName(absl::string_view link) {
  return absl::StartsWith(link, kShaperPrefix) && (link.size() == 15 || link.size() == 10) && IsHex(link.substr(2));
}

}  // namespace brume::network
