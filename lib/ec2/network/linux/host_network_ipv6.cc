// The host's side of IPv6. Part of HostNetwork, in a file of its own.
//
//   host: bmv… (the pool's second address) ── uplink :VPC
//
// Each VPC's range is a route through its veth. Neither end asks who its neighbour is.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/ipv6_links.h"
#include "lib/ec2/network/linux/small_files.h"
#include "lib/ec2/network/linux/sysctl.h"

namespace brume::network {
namespace {

constexpr char kUplinkNone[] = "none", kUplinkAuto[] = "auto";
constexpr char kHostForwardIpv6[] = "ipv6/conf/all/forwarding";

Ipv6 HostAddress(const CidrIpv6& pool) { return AddressIn({pool.base, 64}, 1); }

std::string SettingsFile(const std::string& directory) { return directory + "/ipv6_forwarding.before"; }

}  // namespace

std::string HostIpv6Rules(const std::string& uplink, const std::vector<CidrIpv6>& ranges) {
  if (ranges.empty() || uplink == kUplinkNone) return "";
  const std::string out = uplink == kUplinkAuto ? "" : absl::StrCat("oifname \"", uplink, "\" ");
  std::string text = absl::StrCat(
      "add set inet brume_host ipv6_ranges { type ipv6_addr; flags interval; }\n"
      "add set inet brume_host ipv6_local { type ipv6_addr; flags interval; }\n"
      // Before the rule that drops what no other knows.
      "insert rule inet brume_host forward iifname \"bmv*\" ip6 saddr @ipv6_ranges goto leaving\n"
      "add rule inet brume_host nat_out ip6 saddr @ipv6_local ",
      out, "masquerade\n");
  for (const CidrIpv6& range : ranges) {
    absl::StrAppend(&text, "add element inet brume_host ipv6_ranges { ", range.text(), " }\n");
    if (IsUniqueLocal(range)) {
      absl::StrAppend(&text, "add element inet brume_host ipv6_local { ", range.text(), " }\n");
    }
  }
  return text;
}

bool HostNetwork::IsOfUnknownVpc(const Ipv6Route& route) const {
  return route.link != 0 && std::none_of(attachments_.begin(), attachments_.end(),
                                         [&](const auto& each) { return each.second.link == route.link; });
}

std::string HostNetwork::Rules(const std::vector<Ipv6Route>& present) const {
  std::vector<CidrIpv6> ranges;
  for (const auto& [vpc, attachment] : attachments_) {
    ranges.insert(ranges.end(), attachment.ipv6.ranges.begin(), attachment.ipv6.ranges.end());
  }
  for (const Ipv6Route& route : present) {
    if (IsOfUnknownVpc(route)) ranges.push_back(route.destination);
  }
  return HostRuleset(options_.uplink, options_.public_pool) + HostIpv6Rules(options_.uplink, ranges);
}

std::vector<Ipv6Route> HostNetwork::WantedIpv6Routes() const {
  std::vector<Ipv6Route> routes;
  for (const auto& [vpc, attachment] : attachments_) {
    if (attachment.ipv6.ranges.empty()) continue;
    const Ipv6Route rest{.destination = attachment.ipv6.pool, .kind = RouteKind::kUnreachable};
    if (std::find(routes.begin(), routes.end(), rest) == routes.end()) routes.push_back(rest);
    for (const CidrIpv6& range : attachment.ipv6.ranges) {
      routes.push_back({.destination = range,
                        .link = attachment.link,
                        .gateway = kVpcGatewayIpv6,
                        .source = HostAddress(attachment.ipv6.pool)});
    }
  }
  return routes;
}

absl::StatusOr<std::string> HostNetwork::ConnectIpv6(const VpcId& vpc, const Ipv6Attachment& wanted) {
  return thread_->Run([&]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Attachment attachment, Find(vpc));
    const std::string name = HostVethName(vpc);
    ASSIGN_OR_RETURN(const std::optional<Link> link, links_->FindLink(name));
    if (!link.has_value()) return absl::InternalError(absl::StrCat("link ", name, " is missing"));
    if (wanted.ranges.empty()) {
      RETURN_IF_ERROR(DisableIpv6(name));
    } else {
      RETURN_IF_ERROR(EnableIpv6(name));
      RETURN_IF_ERROR(ipv6_->AddAddress(link->index, {HostAddress(wanted.pool), 128}, /*on_link=*/false));
      RETURN_IF_ERROR(ipv6_->SetNeighbour(link->index, kVpcGatewayIpv6, wanted.vpc_mac));
    }
    attachments_[vpc].ipv6 = wanted;
    // The pool and the MAC matter to those that have ranges.
    const bool is_new = wanted != attachment.ipv6 && !(wanted.ranges.empty() && attachment.ipv6.ranges.empty());
    if (is_new) RETURN_IF_ERROR(EnsureShared());
    return link->mac;
  });
}

absl::Status HostNetwork::EnsureIpv6Shared(const std::vector<Ipv6Route>& present) {
  const std::vector<Ipv6Route> wanted = WantedIpv6Routes();
  const bool others =
      std::any_of(present.begin(), present.end(), [&](const Ipv6Route& route) { return IsOfUnknownVpc(route); });
  if (wanted.empty() && others) return absl::OkStatus();
  for (const Ipv6Route& route : wanted) {
    if (std::find(present.begin(), present.end(), route) == present.end()) RETURN_IF_ERROR(ipv6_->SetRoute(route));
  }
  for (const Ipv6Route& route : present) {
    const bool kept = std::any_of(wanted.begin(), wanted.end(), [&](const Ipv6Route& each) {
      return each.destination == route.destination && each.metric == route.metric;
    });
    if (!kept && !others) RETURN_IF_ERROR(ipv6_->DeleteRoute(route));
  }
  return wanted.empty() || options_.uplink == kUplinkNone ? RestoreIpv6Forwarding() : ForwardIpv6();
}

absl::Status HostNetwork::RemoveIpv6Shared() {
  ASSIGN_OR_RETURN(const std::vector<Ipv6Route> routes, ipv6_->Routes());
  for (const Ipv6Route& route : routes) RETURN_IF_ERROR(ipv6_->DeleteRoute(route));
  return RestoreIpv6Forwarding();
}

// A host that forwards takes no router's word any more, unless it is told to: it would lose its own way out.
absl::StatusOr<std::vector<std::string>> HostNetwork::DeafLinkSettings() {
  std::vector<std::string> deaf;
  ASSIGN_OR_RETURN(const std::vector<Link> links, links_->Links());
  for (const Link& link : links) {
    if (IsHostVethName(link.name) || IsTapName(link.name)) continue;
    const std::string setting = absl::StrCat("ipv6/conf/", link.name, "/accept_ra");
    const absl::StatusOr<std::string> value = ReadSysctl(setting);
    if (absl::IsNotFound(value.status())) continue;  // gone meanwhile, or without IPv6
    RETURN_IF_ERROR(value.status());
    if (*value == "1") deaf.push_back(setting);
  }
  return deaf;
}

absl::Status HostNetwork::ForwardIpv6() {
  ASSIGN_OR_RETURN(const std::string before, ReadSysctl(kHostForwardIpv6));
  const std::string file = SettingsFile(options_.directory);
  absl::StatusOr<std::string> kept = ReadFile(file);
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  // What somebody else has the host forward is not ours, nor is what its links hear.
  if (!kept.ok() && before == "1") return absl::OkStatus();
  std::vector<std::string> lines = {absl::StrCat(kHostForwardIpv6, " ", before)};
  if (kept.ok()) lines = absl::StrSplit(*kept, '\n', absl::SkipEmpty());
  ASSIGN_OR_RETURN(const std::vector<std::string> deaf, DeafLinkSettings());
  for (const std::string& setting : deaf) {
    const std::string line = setting + " 1";
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  // Written down first: after a crash between the two, putting back what already is does no harm.
  RETURN_IF_ERROR(ReplaceFile(file, absl::StrJoin(lines, "\n") + "\n").status());
  for (const std::string& setting : deaf) {
    const absl::Status written = WriteSysctl(setting, "2");
    if (!absl::IsNotFound(written)) RETURN_IF_ERROR(written);  // the link may be gone
  }
  return WriteSysctl(kHostForwardIpv6, "1");
}

absl::Status HostNetwork::RestoreIpv6Forwarding() {
  const std::string file = SettingsFile(options_.directory);
  const absl::StatusOr<std::string> before = ReadFile(file);
  if (absl::IsNotFound(before.status())) return absl::OkStatus();
  RETURN_IF_ERROR(before.status());
  for (const absl::string_view line : absl::StrSplit(*before, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> setting = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    const absl::Status written = WriteSysctl(setting.first, setting.second);
    if (!absl::IsNotFound(written)) RETURN_IF_ERROR(written);  // the link may be gone
  }
  if (unlink(file.c_str()) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove ", file));
  return absl::OkStatus();
}

absl::Status HostNetwork::InspectIpv6Here(std::vector<Damage>& damages) {
  const std::vector<Ipv6Route> wanted = WantedIpv6Routes();
  if (wanted.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Ipv6Route> present, ipv6_->Routes());
  for (const Ipv6Route& route : wanted) {
    if (std::find(present.begin(), present.end(), route) != present.end()) continue;
    damages.push_back({.vpc = {}, .what = absl::StrCat("the route to ", route.destination.text(), " is gone")});
  }
  if (options_.uplink == kUplinkNone) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string forwards, ReadSysctl(kHostForwardIpv6));
  if (forwards != "1") damages.push_back({.vpc = {}, .what = "the host does not forward IPv6"});
  const absl::StatusOr<std::string> kept = ReadFile(SettingsFile(options_.directory));
  if (absl::IsNotFound(kept.status())) return absl::OkStatus();  // it did so before
  RETURN_IF_ERROR(kept.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> deaf, DeafLinkSettings());
  for (const std::string& setting : deaf) {
    damages.push_back({.vpc = {}, .what = absl::StrCat(setting, " is 1: the link hears no router advertisement")});
  }
  return absl::OkStatus();
}

}  // namespace brume::network
