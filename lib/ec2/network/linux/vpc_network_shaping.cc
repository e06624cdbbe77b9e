// How fast ports may send and receive. Part of VpcNetwork, in a file of its own.
//
// What a guest receives waits at its tap (tbf). What it sends is led to a link of the kind ifb that the port has for
// that, waits there, and then comes in by the tap as it would have.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {
namespace {

constexpr int64_t kBytesPerMbit = 1'000'000 / 8;

}  // namespace

absl::Status VpcNetwork::Unshape(const Link& tap) {
  RETURN_IF_ERROR(control_->Clear(tap.index));
  ASSIGN_OR_RETURN(const std::optional<Link> shaper, links_->FindLink(ShaperLinkName(tap.name)));
  return shaper.has_value() ? links_->DeleteLink(shaper->index) : absl::OkStatus();
}

absl::Status VpcNetwork::Shape(const Link& tap, int64_t mbit) {
  if (options_.shaping.receive) RETURN_IF_ERROR(control_->SetRate(tap.index, mbit * kBytesPerMbit));
  if (!options_.shaping.send) return absl::OkStatus();
  const std::string name = ShaperLinkName(tap.name);
  ASSIGN_OR_RETURN(std::optional<Link> shaper, links_->FindLink(name));
  if (!shaper.has_value()) {
    RETURN_IF_ERROR(links_->AddIfb(name));
    ASSIGN_OR_RETURN(shaper, links_->FindLink(name));
  }
  if (!shaper.has_value()) return absl::InternalError(absl::StrCat("link ", name, " is missing"));
  RETURN_IF_ERROR(control_->SetRate(shaper->index, mbit * kBytesPerMbit));
  RETURN_IF_ERROR(links_->SetLink(shaper->index, /*up=*/true, ""));
  return control_->Redirect(tap.index, shaper->index);
}

// Whether all stands that Shape makes.
static bool IsShaped(const Link& tap, int64_t mbit, const ShapingSupport& support, const std::vector<Link>& links,
                     const std::map<int, Shaping>& shaping) {
  const auto of = [&](int link) {
    const auto found = shaping.find(link);
    return found == shaping.end() ? Shaping() : found->second;
  };
  const int64_t rate = mbit * kBytesPerMbit;
  if (support.receive && of(tap.index).bytes_per_second != rate) return false;
  if (!support.send) return true;
  for (const Link& link : links) {
    if (link.name != ShaperLinkName(tap.name)) continue;
    return link.up && of(link.index).bytes_per_second == rate && of(tap.index).redirected;
  }
  return false;
}

absl::Status VpcNetwork::SyncShaping(const std::vector<Link>& links) {
  const ShapingSupport& support = options_.shaping;
  if (!support.receive && !support.send) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto shaping, control_->List());
  for (const Link& link : links) {
    if (!IsTapName(link.name)) continue;
    const auto port = rules_.ports.find(link.name);
    const int64_t mbit = port == rules_.ports.end() ? 0 : port->second.bandwidth_mbit;
    if (mbit > 0 && !IsShaped(link, mbit, support, links, shaping)) RETURN_IF_ERROR(Shape(link, mbit));
    if (mbit == 0 && shaping.contains(link.index)) RETURN_IF_ERROR(Unshape(link));
  }
  // Of taps that are gone.
  for (const Link& link : links) {
    if (!IsShaperLinkName(link.name)) continue;
    bool used = false;
    for (const auto& [tap, port] : rules_.ports) used |= port.bandwidth_mbit > 0 && link.name == ShaperLinkName(tap);
    if (used) continue;
    // It may have gone with its tap's limit above.
    const absl::Status deleted = links_->DeleteLink(link.index);
    if (!absl::IsNotFound(deleted)) RETURN_IF_ERROR(deleted);
  }
  return absl::OkStatus();
}

absl::Status VpcNetwork::ChangeShaping(const Link& tap, const PortRules* before, const PortRules& after) {
  const int64_t was = before == nullptr ? 0 : before->bandwidth_mbit;
  if (after.bandwidth_mbit > 0 && was != after.bandwidth_mbit) return Shape(tap, after.bandwidth_mbit);
  return was > 0 && after.bandwidth_mbit == 0 ? Unshape(tap) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> VpcNetwork::InspectShaping(const std::vector<Link>& links) {
  std::vector<std::string> damages;
  bool limited = false;
  for (const auto& [tap, port] : rules_.ports) limited |= port.bandwidth_mbit > 0;
  if (!limited) return damages;
  ASSIGN_OR_RETURN(const auto shaping, control_->List());
  for (const Link& link : links) {
    const auto port = rules_.ports.find(link.name);
    if (port == rules_.ports.end() || port->second.bandwidth_mbit == 0) continue;
    if (IsShaped(link, port->second.bandwidth_mbit, options_.shaping, links, shaping)) continue;
    damages.push_back(absl::StrCat("the bandwidth of the tap ", link.name, " is not limited as it was"));
  }
  return damages;
}

}  // namespace brume::network
