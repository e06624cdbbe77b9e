#include "daemon/adapters.h"

#include <pwd.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/guest_users.h"
#include "daemon/state_directory.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "lib/ec2/network/linux/host_flow_log_files.h"
#include "lib/ec2/network/linux/linux_fabric.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/network/simulated_flow_log_files.h"
#include "lib/ec2/storage/qcow2/host_backup_files.h"
#include "lib/ec2/storage/qcow2/host_block_files.h"
#include "lib/ec2/storage/qcow2/host_export_files.h"
#include "lib/ec2/storage/qcow2/host_import_files.h"
#include "lib/ec2/storage/qcow2/qcow2_disks.h"
#include "lib/ec2/storage/simulated_backup_files.h"
#include "lib/ec2/storage/simulated_block_files.h"
#include "lib/ec2/storage/simulated_disks.h"
#include "lib/ec2/storage/simulated_export_files.h"
#include "lib/ec2/storage/simulated_import_files.h"

namespace brume::daemon {
namespace {

std::string LibvirtUri(const Config& config) {
  return config.libvirt_uri.empty() ? compute::EmbeddedUri(config.state_dir) : config.libvirt_uri;
}

// The host's own name servers, less those on loopback, which no guest's query can reach.
std::vector<std::string> HostNameServers() {
  std::vector<std::string> servers;
  for (const char* path : {"/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"}) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      absl::string_view rest = line;
      if (!absl::ConsumePrefix(&rest, "nameserver ")) continue;
      const absl::StatusOr<Ipv4> address = Ipv4::Parse(absl::StripAsciiWhitespace(rest));
      constexpr uint32_t kLoopbackByte = 127;
      if (address.ok() && address->value >> 24 != kLoopbackByte) servers.push_back(address->text());
    }
    if (!servers.empty()) break;
  }
  return servers;
}

network::LinuxFabricOptions FabricOptions(const Config& config, const GuestsOwner& user) {
  return {.state_dir = config.state_dir,
          .uplink = config.uplink,
          .pass_firewalls = config.pass_firewalls,
          .public_pool = config.settings.public_pool,
          .dns_upstream = config.dns_upstream.empty() ? HostNameServers() : config.dns_upstream,
          .max_connections_per_port = config.max_connections_per_interface,
          .shaping = network::DetectShaping(),
          .tap_owner = user.uid,
          .tap_group = user.gid};
}

absl::StatusOr<Adapters> MakeRealAdapters(const Config& config) {
  if (geteuid() != 0) {
    return absl::FailedPreconditionError("brumed must run as root to make guests and networks; --simulate needs none");
  }
  ASSIGN_OR_RETURN(const GuestsOwner user, FindGuestsOwner(config.qemu_user));
  const UserIdRange& guest_user_ids = config.guest_user_ids;
  RETURN_IF_ERROR(CheckGuestUserIds(guest_user_ids));
  if (guest_user_ids.Contains(user.uid) || guest_user_ids.Contains(user.gid)) {
    return absl::FailedPreconditionError("compute.qemu_user is one of compute.guest_user_ids");
  }
  Adapters adapters;
  adapters.strange_user_ids = FindUserIdsInUse(guest_user_ids, config.state_dir);
  ASSIGN_OR_RETURN(adapters.hypervisor,
                   compute::NewLibvirtHypervisor({.uri = LibvirtUri(config),
                                                  .state_dir = config.state_dir,
                                                  .qemu_user = config.qemu_user,
                                                  .acceleration = config.acceleration,
                                                  .console_log_limit_bytes = config.console_log_kib * 1024,
                                                  .disk_statistics_period = config.disk_period}));
  ASSIGN_OR_RETURN(adapters.fabric, network::MakeLinuxFabric(FabricOptions(config, user)));
  adapters.flow_log_files = std::make_unique<network::HostFlowLogFiles>(network::HostFlowLogOptions{
      .directories =
          config.export_dirs.empty() ? std::vector<std::string>{config.state_dir + "/export"} : config.export_dirs});
  ASSIGN_OR_RETURN(adapters.disks, storage::OpenQcow2Disks({.state_dir = config.state_dir,
                                                            .import_dirs = config.import_dirs,
                                                            .qemu_uid = user.uid,
                                                            .qemu_gid = user.gid}));
  ASSIGN_OR_RETURN(adapters.import_files,
                   storage::OpenHostImportFiles({.state_dir = config.state_dir,
                                                 .import_dirs = config.import_dirs,
                                                 .keyring_dir = config.keyring_dir,
                                                 .worker_uid = user.uid,
                                                 .worker_gid = user.gid,
                                                 .fetch = {.private_urls = config.import_urls}}));
  ASSIGN_OR_RETURN(adapters.export_files, storage::OpenHostExportFiles({.state_dir = config.state_dir,
                                                                        .export_dirs = config.export_dirs,
                                                                        .worker_uid = user.uid,
                                                                        .worker_gid = user.gid}));
  ASSIGN_OR_RETURN(adapters.block_files,
                   storage::OpenHostBlockFiles({.state_dir = config.state_dir, .reader = {user.uid, user.gid}}));
  ASSIGN_OR_RETURN(adapters.backup_files, storage::OpenHostBackupFiles(config.state_dir));
  return adapters;
}

absl::StatusOr<Adapters> MakeSimulatedAdapters(const Config& config) {
  log::Warn("THIS BRUME SIMULATES: no guest, network or disk is real");
  Adapters adapters;
  ASSIGN_OR_RETURN(adapters.hypervisor,
                   compute::NewLibvirtHypervisor({.uri = "test:///default", .state_dir = config.state_dir}));
  adapters.fabric = std::make_unique<network::SimulatedFabric>();
  adapters.flow_log_files = std::make_unique<network::SimulatedFlowLogFiles>();
  adapters.disks = std::make_unique<storage::SimulatedDisks>();
  adapters.import_files = std::make_unique<storage::SimulatedImportFiles>();
  adapters.export_files = std::make_unique<storage::SimulatedExportFiles>();
  adapters.block_files = std::make_unique<storage::SimulatedBlockFiles>([] { return absl::Now(); });
  adapters.backup_files = std::make_unique<storage::SimulatedBackupFiles>();
  adapters.status.threads = 1;  // they are for waiting, and no answer is waited for here
  return adapters;
}

}  // namespace

absl::StatusOr<GuestsOwner> FindGuestsOwner(const std::string& name) {
  std::string buffer(16384, '\0');
  passwd entry = {};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("the user ", name,
                                                      " that guests run as does not exist: run packaging/install-deps "
                                                      "--run, or set compute.qemu_user"));
  }
  return GuestsOwner{found->pw_uid, found->pw_gid};
}

absl::StatusOr<Adapters> MakeAdapters(const Config& config) {
  return config.simulate ? MakeSimulatedAdapters(config) : MakeRealAdapters(config);
}

ListenInVpc<Ipv4> ListenByIpv4(const Config& config, network::Fabric& fabric) {
  if (config.simulate) return nullptr;
  return [&fabric](const VpcId& vpc, Ipv4 address, uint16_t port) { return fabric.Listen(vpc, address, port); };
}

ListenInVpc<const Ipv6&> ListenByIpv6(const Config& config, network::Fabric& fabric) {
  if (config.simulate) return nullptr;
  return [&fabric](const VpcId& vpc, const Ipv6& address, uint16_t port) { return fabric.Listen(vpc, address, port); };
}

ListenInVpc<const std::variant<Ipv4, Ipv6>&> ListenByBoth(const Config& config, network::Fabric& fabric) {
  if (config.simulate) return nullptr;
  return [&fabric](const VpcId& vpc, const std::variant<Ipv4, Ipv6>& address, uint16_t port) {
    return std::visit([&](const auto& each) { return fabric.Listen(vpc, each, port); }, address);
  };
}

absl::Status RemoveHostState(const Config& config) {
  ASSIGN_OR_RETURN(const UniqueFd claim, ClaimStateDirectory(config.state_dir));
  ASSIGN_OR_RETURN(const Adapters adapters, MakeRealAdapters(config));
  ASSIGN_OR_RETURN(const std::vector<InstanceId> guests, adapters.hypervisor->List());
  if (!guests.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(guests.size(), " guests run on this host (", guests.front().text(), " …); stop them first"));
  }
  return network::RemoveEverything(FabricOptions(config, {}));
}

}  // namespace brume::daemon
