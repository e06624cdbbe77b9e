#include "lib/ec2/network/linux/linux_fabric.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/host_network.h"
#include "lib/ec2/network/linux/netns.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {

// One VPC; its lock is held while its namespace is opened, never while work is done in it.
struct LinuxFabric::Entry {
  Mutex mutex;
  std::shared_ptr<VpcNetwork> network ABSL_GUARDED_BY(mutex);
};

LinuxFabric::LinuxFabric(LinuxFabricOptions options, std::unique_ptr<ChangeWatch> watch,
                         std::unique_ptr<HostNetwork> host)
    : options_(std::move(options)), watch_(std::move(watch)), host_(std::move(host)) {}

LinuxFabric::~LinuxFabric() = default;

absl::StatusOr<std::unique_ptr<LinuxFabric>> MakeLinuxFabric(LinuxFabricOptions options) {
  // A relative path would mean another directory to dnsmasq.
  std::error_code error;
  options.state_dir = std::filesystem::absolute(options.state_dir, error);
  if (error) return absl::ErrnoToStatus(error.value(), "cannot tell the current directory");
  if (options.public_pool.size() < 16) {
    return absl::InvalidArgumentError(absl::StrCat("public pool ", options.public_pool.text(), " is too small"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<HostNetwork> host,
                   HostNetwork::Open({.directory = options.state_dir + "/net",
                                      .uplink = options.uplink,
                                      .pass_firewalls = options.pass_firewalls,
                                      .public_pool = options.public_pool,
                                      .tap_owner = {options.tap_owner, options.tap_group}}));
  ASSIGN_OR_RETURN(std::unique_ptr<ChangeWatch> watch, ChangeWatch::Start());
  RETURN_IF_ERROR(host->WatchChanges(*watch));
  return std::unique_ptr<LinuxFabric>(new LinuxFabric(std::move(options), std::move(watch), std::move(host)));
}

std::string LinuxFabric::Directory(const VpcId& id) const {
  return absl::StrCat(options_.state_dir, "/net/", id.text());
}

std::shared_ptr<LinuxFabric::Entry> LinuxFabric::EntryOf(const VpcId& id) {
  MutexLock lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[id];
  if (entry == nullptr) entry = std::make_shared<Entry>();
  return entry;
}

absl::StatusOr<std::shared_ptr<VpcNetwork>> LinuxFabric::Network(const VpcId& id, bool create) {
  const std::shared_ptr<Entry> entry = EntryOf(id);
  MutexLock lock(entry->mutex);
  if (entry->network == nullptr) {
    VpcNetworkOptions options{.directory = Directory(id),
                              .public_pool = options_.public_pool,
                              .dns_upstream = {},
                              .max_connections = options_.max_connections_per_port,
                              .max_flows = options_.max_flows,
                              .shaping = options_.shaping};
    if (options_.uplink != "none") options.dns_upstream = options_.dns_upstream;
    ASSIGN_OR_RETURN(std::shared_ptr<VpcNetwork> network, VpcNetwork::Open(id, *host_, std::move(options), create));
    RETURN_IF_ERROR(network->WatchChanges(*watch_));
    entry->network = std::move(network);
  }
  return entry->network;
}

absl::Status LinuxFabric::SyncVpc(const VpcSpec& spec) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(spec.vpc.id, /*create=*/true));
  return network->Sync(spec);
}

absl::Status LinuxFabric::RemoveVpc(const VpcId& id) { return Remove(id, /*with_taps=*/false); }

absl::Status LinuxFabric::Remove(const VpcId& id, bool with_taps) {
  const absl::StatusOr<std::shared_ptr<VpcNetwork>> network = Network(id, /*create=*/false);
  if (absl::IsNotFound(network.status())) {
    // Half made or half removed: what is outside the namespace may be there.
    RETURN_IF_ERROR(Dnsmasq(Directory(id)).Stop());
    RETURN_IF_ERROR(host_->Disconnect(id));
    RETURN_IF_ERROR(RemoveNamespace(NamespacePath(id)));
  } else {
    RETURN_IF_ERROR(network.status());
    RETURN_IF_ERROR((*network)->Remove(with_taps));
  }
  {
    MutexLock lock(mutex_);
    entries_.erase(id);
  }
  // Its sockets would keep the namespace.
  watch_->Remove(id);
  std::error_code error;
  std::filesystem::remove_all(Directory(id), error);
  return error ? absl::ErrnoToStatus(error.value(), absl::StrCat("cannot remove ", Directory(id))) : absl::OkStatus();
}

std::vector<FabricPart> LinuxFabric::Parts() {
  std::vector<FabricPart> parts = {std::nullopt};
  MutexLock lock(mutex_);
  for (const auto& [id, entry] : entries_) parts.push_back(id);
  return parts;
}

absl::StatusOr<std::vector<Damage>> LinuxFabric::InspectPart(const FabricPart& part) {
  if (!part.has_value()) return host_->Inspect();
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(*part);
    if (found == entries_.end()) return std::vector<Damage>();
    entry = found->second;
  }
  std::shared_ptr<VpcNetwork> network;
  {
    MutexLock lock(entry->mutex);
    network = entry->network;
  }
  if (network == nullptr) return std::vector<Damage>();
  absl::StatusOr<std::vector<Damage>> found = network->Inspect();
  if (absl::IsUnavailable(found.status())) return std::vector<Damage>();  // removed at this moment
  return found;
}

void LinuxFabric::ListenForChanges(ChangeListener listener) { watch_->SetListener(std::move(listener)); }

absl::Status LinuxFabric::SyncHost() { return host_->Restore(); }

absl::Status LinuxFabric::ApplyGroup(const GroupSpec& spec) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(spec.group.vpc_id, /*create=*/false));
  return network->ApplyGroup(spec);
}

absl::Status LinuxFabric::ApplyMembers(const GroupMembers& members) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(members.vpc, /*create=*/false));
  return network->ApplyMembers(members);
}

absl::Status LinuxFabric::RemoveGroup(const VpcId& vpc, const SecurityGroupId& group) {
  const absl::StatusOr<std::shared_ptr<VpcNetwork>> network = Network(vpc, /*create=*/false);
  if (absl::IsNotFound(network.status())) return absl::OkStatus();
  RETURN_IF_ERROR(network.status());
  return (*network)->RemoveGroup(group);
}

absl::Status LinuxFabric::ApplyPrefixList(const VpcId& vpc, const PrefixListSpec& spec) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(vpc, /*create=*/false));
  return network->ApplyPrefixList(spec);
}

absl::StatusOr<std::vector<PublicName>> LinuxFabric::PublicNames(const VpcId& id) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->PublicNames();
}

absl::Status LinuxFabric::SetPeerNames(const VpcId& id, const std::vector<PublicName>& names) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->SetPeerNames(names);
}

absl::Status LinuxFabric::PreparePort(const PortSpec& spec) {
  const std::string tap = TapName(spec.eni.id);
  const absl::StatusOr<std::shared_ptr<VpcNetwork>> network = Network(spec.eni.vpc_id, /*create=*/false);
  if (network.ok()) {
    ASSIGN_OR_RETURN(const bool plugged, (*network)->HasTap(tap));
    if (plugged) return absl::OkStatus();
  } else if (!absl::IsNotFound(network.status())) {
    return network.status();
  }
  return host_->CreateTap(tap, spec.shape.queues > 1);
}

absl::Status LinuxFabric::PlugPort(const PortSpec& spec) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(spec.eni.vpc_id, /*create=*/false));
  return network->Plug(spec);
}

absl::Status LinuxFabric::UnplugPort(const NetworkInterface& eni) {
  const absl::StatusOr<std::shared_ptr<VpcNetwork>> network = Network(eni.vpc_id, /*create=*/false);
  if (absl::IsNotFound(network.status())) return host_->DeleteTap(TapName(eni.id));
  RETURN_IF_ERROR(network.status());
  return (*network)->Unplug(eni);
}

absl::StatusOr<bool> LinuxFabric::Probe(const NetworkInterface& eni, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(eni.vpc_id, /*create=*/false));
  ASSIGN_OR_RETURN(const std::optional<VpcNetwork::Probe> probe, network->OpenProbe(eni));
  if (!probe.has_value()) return false;
  // Waits here and not on the VPC's thread: the socket stays in its namespace.
  return Ask(probe->socket, probe->question, timeout);
}

absl::StatusOr<std::vector<PortCounters>> LinuxFabric::Counters(const VpcId& id) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->Counters();
}

absl::StatusOr<std::vector<PortFlows>> LinuxFabric::TakeFlows(const VpcId& id) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->TakeFlows();
}

absl::StatusOr<UniqueFd> LinuxFabric::Listen(const VpcId& id, Ipv4 address, uint16_t port) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->Listen(address, port);
}

absl::StatusOr<UniqueFd> LinuxFabric::Listen(const VpcId& id, const Ipv6& address, uint16_t port) {
  ASSIGN_OR_RETURN(const std::shared_ptr<VpcNetwork> network, Network(id, /*create=*/false));
  return network->Listen(address, port);
}

absl::StatusOr<FabricInventory> LinuxFabric::List() {
  FabricInventory inventory;
  ASSIGN_OR_RETURN(inventory.vpcs, ListVpcNamespaces());
  ASSIGN_OR_RETURN(inventory.taps, host_->Taps());
  for (const VpcId& id : inventory.vpcs) {
    const absl::StatusOr<std::shared_ptr<VpcNetwork>> network = Network(id, /*create=*/false);
    if (absl::IsNotFound(network.status())) continue;  // half made: a name, and nothing behind it
    RETURN_IF_ERROR(network.status());
    const absl::StatusOr<std::vector<std::string>> taps = (*network)->Taps();
    if (absl::IsUnavailable(taps.status())) continue;  // removed at this moment
    RETURN_IF_ERROR(taps.status());
    inventory.taps.insert(inventory.taps.end(), taps->begin(), taps->end());
  }
  return inventory;
}

absl::Status LinuxFabric::RemoveEverything() {
  absl::Status first;
  ASSIGN_OR_RETURN(const std::vector<VpcId> ids, ListVpcNamespaces());
  for (const VpcId& id : ids) first.Update(Remove(id, /*with_taps=*/true));
  // VPCs whose namespace went without us left their files, and perhaps a process.
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(options_.state_dir + "/net", error)) {
    const absl::StatusOr<VpcId> id = VpcId::Parse(file.path().filename().string());
    if (id.ok()) first.Update(Dnsmasq(file.path().string()).Stop());
  }
  first.Update(host_->RemoveAll());
  return first;
}

absl::Status RemoveEverything(const LinuxFabricOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LinuxFabric> fabric, MakeLinuxFabric(options));
  return fabric->RemoveEverything();
}

}  // namespace brume::network
