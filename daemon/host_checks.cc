#include "daemon/host_checks.h"

#include <unistd.h>

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/libvirt/embed.h"
#include "lib/ec2/network/linux/other_firewalls.h"

namespace brume::daemon {
namespace {

using host::HostCheck;

// The rules of iptables' older kind, which nft does not show; empty where the kernel has none.
absl::StatusOr<std::string> LegacyRules() {
  std::ifstream file("/proc/net/ip_tables_names");
  const std::string tables{std::istreambuf_iterator<char>(file), {}};
  if (!absl::StrContains(tables, "filter")) return "";
  return RunChecked({"iptables-legacy", "-S"});
}

// The first chain that drops what guests send and get; empty when none does.
absl::StatusOr<std::string> FindObstacle() {
  ASSIGN_OR_RETURN(const std::string json, RunChecked({"nft", "-j", "list", "chains"}));
  ASSIGN_OR_RETURN(const std::vector<network::ForwardChain> chains, network::ForwardChains(json));
  for (const network::ForwardChain& chain : chains) {
    ASSIGN_OR_RETURN(const std::string rules,
                     RunChecked({"nft", "-j", "list", "chain", chain.family, chain.table, chain.name}));
    ASSIGN_OR_RETURN(const bool drops, network::DropsTheRest(chain, rules));
    if (!drops) continue;
    ASSIGN_OR_RETURN(const std::string table, RunChecked({"nft", "list", "table", chain.family, chain.table}));
    if (!AcceptsGuests(table)) return chain.text();
  }
  ASSIGN_OR_RETURN(const std::string legacy, LegacyRules());
  const bool drops = absl::StrContains(legacy, "-P FORWARD DROP") || absl::StrContains(legacy, "-P FORWARD REJECT");
  return drops && !AcceptsGuests(legacy) ? "iptables-legacy filter FORWARD" : "";
}

}  // namespace

bool AcceptsGuests(absl::string_view rules) {
  bool in = false, out = false;
  for (const absl::string_view line : absl::StrSplit(rules, '\n')) {
    if (!absl::StrContains(absl::AsciiStrToLower(line), "accept")) continue;
    in |= absl::StrContains(line, "iifname \"bmv*\"") || absl::StrContains(line, "-i bmv+");
    out |= absl::StrContains(line, "oifname \"bmv*\"") || absl::StrContains(line, "-o bmv+");
  }
  return in && out;
}

HostCheck CheckFirewall() {
  const absl::StatusOr<std::string> obstacle = FindObstacle();
  if (!obstacle.ok()) {
    return {"firewall", false, absl::StrCat("cannot be read: ", obstacle.status().message()),
            "install the package nftables, and iptables where its rules are of the older kind"};
  }
  if (obstacle->empty()) return {"firewall", true, "no chain drops what guests send to the uplink", ""};
  return {"firewall", false, absl::StrCat("guests cannot reach the uplink: the chain ", *obstacle, " drops it"),
          "set network.pass_firewalls = true and start brumed again, or let that firewall accept the links bmv+: "
          "iptables -I DOCKER-USER -i bmv+ -j ACCEPT, and the same with -o (FORWARD in place of DOCKER-USER without "
          "Docker)"};
}

std::optional<HostCheck> CheckKvmDevice(const std::string& qemu_user, const std::string& device) {
  if (access(device.c_str(), F_OK) != 0) return std::nullopt;
  const absl::StatusOr<compute::QemuUser> user = compute::FindQemuUser(qemu_user);
  if (!user.ok()) {
    return HostCheck{"kvm device", false, std::string(user.status().message()), "run packaging/install-deps --run"};
  }
  // Asked of the kernel, with the user's groups: an access list may grant what the mode does not show.
  const absl::Status opened =
      RunChecked({"setpriv", absl::StrCat("--reuid=", user->uid), absl::StrCat("--regid=", user->gid), "--init-groups",
                  "--", "test", "-r", device, "-a", "-w", device})
          .status();
  if (opened.ok()) return HostCheck{"kvm device", true, absl::StrCat(qemu_user, " may open ", device), ""};
  return HostCheck{"kvm device", false, absl::StrCat(qemu_user, " may not open ", device),
                   absl::StrCat("chgrp kvm ", device, " && chmod 0660 ", device, ", with ", qemu_user,
                                " in the group kvm; then start brumed again")};
}

bool HasVhostNet(const std::string& device) { return access(device.c_str(), R_OK | W_OK) == 0; }

host::HostCheck CheckGuestNetwork(bool vhost_net, const network::ShapingSupport& shaping, bool limited) {
  const std::string carried = vhost_net ? "packets of KVM guests are carried by the kernel (vhost-net), in a queue for "
                                          "each vCPU"
                                        : "packets are carried by QEMU, as there is no /dev/vhost-net";
  if (!limited) return {"guest network", true, absl::StrCat(carried, "; no bandwidth is limited"), ""};
  if (shaping.receive && shaping.send) {
    return {"guest network", true, absl::StrCat(carried, "; bandwidth is limited by instance type"), ""};
  }
  const char* lacks = shaping.receive ? "what guests send is not limited, as the kernel lacks ifb, ingress or mirred"
                                      : "bandwidth is not limited, as the kernel lacks the qdisc tbf";
  return {
      "guest network", false, absl::StrCat(carried, "; ", lacks),
      "modprobe sch_tbf sch_ingress cls_u32 act_mirred ifb and start brumed again, or set network.bandwidth to off"};
}

}  // namespace brume::daemon
