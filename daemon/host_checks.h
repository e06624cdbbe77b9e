// Checks of `brume doctor` on what others set up on this host: its firewall, its devices. Only looked at: nobody else's
// rules or files are changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/network/linux/shaping_support.h"
#include "lib/host/host_report.h"

namespace brume::daemon {

// Whether rules, as `nft list table` or `iptables -S` print them, accept what comes from the links bmv… and what goes
// there. Conditions beside the link are not judged.
bool AcceptsGuests(absl::string_view rules);

// Whether another program's firewall drops what guests send to the uplink; Docker's and ufw's do.
host::HostCheck CheckFirewall();

// Whether the user guests run as may open /dev/kvm; nothing to say where there is none. udev gives it to the group kvm;
// a machine without udev leaves it to root.
std::optional<host::HostCheck> CheckKvmDevice(const std::string& qemu_user, const std::string& device = "/dev/kvm");

// Whether guests' packets can be carried by the kernel rather than by QEMU.
bool HasVhostNet(const std::string& device = "/dev/vhost-net");

// How guests' packets are carried, and whether the kernel has what limits their bandwidth needs. `limited`: by
// network.bandwidth.
host::HostCheck CheckGuestNetwork(bool vhost_net, const network::ShapingSupport& shaping, bool limited);

}  // namespace brume::daemon
