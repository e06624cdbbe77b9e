// What the modules reach the host by: the host's own, or simulated ones.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/config.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/status_monitor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/flow_log_files.h"
#include "lib/ec2/storage/backup_files.h"
#include "lib/ec2/storage/block_files.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/export_files.h"
#include "lib/ec2/storage/import_files.h"

namespace brume::daemon {

// What differs between a real host and a simulated one; everything above is the same.
struct Adapters {
  std::unique_ptr<compute::Hypervisor> hypervisor;
  std::unique_ptr<network::Fabric> fabric;
  std::unique_ptr<network::FlowLogFiles> flow_log_files;
  std::unique_ptr<storage::Disks> disks;
  std::unique_ptr<storage::ImportFiles> import_files;
  std::unique_ptr<storage::ExportFiles> export_files;
  std::unique_ptr<storage::BlockFiles> block_files;
  std::unique_ptr<storage::BackupFiles> backup_files;
  compute::StatusMonitorOptions status = {};
  // As compute::ComputeParts has them.
  std::set<int64_t> strange_user_ids = {};
};

// Whose the disks are that no guest has, and as whom image tools run; guests have users of their own (guest_users.h).
struct GuestsOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};
// FailedPrecondition when there is no such user.
absl::StatusOr<GuestsOwner> FindGuestsOwner(const std::string& name);

// As config.simulate says. FailedPrecondition, with what to do, where this host or this process cannot.
absl::StatusOr<Adapters> MakeAdapters(const Config& config);

// A TCP socket that listens inside a VPC's namespace; unset where guests are not real.
template <typename Address>
using ListenInVpc = std::function<absl::StatusOr<UniqueFd>(const VpcId& vpc, Address address, uint16_t port)>;
ListenInVpc<Ipv4> ListenByIpv4(const Config& config, network::Fabric& fabric);
ListenInVpc<const Ipv6&> ListenByIpv6(const Config& config, network::Fabric& fabric);
ListenInVpc<const std::variant<Ipv4, Ipv6>&> ListenByBoth(const Config& config, network::Fabric& fabric);

// Takes away what brumed keeps on the host between its lives: namespaces, taps, rules, routes. Refused with
// FailedPrecondition while a guest runs. For `brumed --remove-host-state`.
absl::Status RemoveHostState(const Config& config);

}  // namespace brume::daemon
