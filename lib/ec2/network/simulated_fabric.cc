#include "lib/ec2/network/simulated_fabric.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace brume::network {

absl::Status SimulatedFabric::SyncVpc(const VpcSpec& spec) {
  MutexLock lock(mutex_);
  vpcs_.insert(spec.vpc.id);
  std::set<std::string> listed;
  for (const PortSpec& port : spec.ports) listed.insert(TapName(port.eni.id));
  // A port that is prepared and not plugged yet is left to PlugPort, as a real fabric leaves its tap.
  for (auto& [tap, port] : ports_) {
    if (port.vpc == spec.vpc.id && !listed.contains(tap)) port.plugged = false;
  }
  return absl::OkStatus();
}

absl::Status SimulatedFabric::RemoveVpc(const VpcId& id) {
  MutexLock lock(mutex_);
  const bool used =
      std::any_of(ports_.begin(), ports_.end(), [&](const auto& e) { return e.second.plugged && e.second.vpc == id; });
  if (used) return absl::FailedPreconditionError(absl::StrCat(id.text(), " still has ports"));
  vpcs_.erase(id);
  peer_names_.erase(id);
  return absl::OkStatus();
}

absl::Status SimulatedFabric::ApplyGroup(const GroupSpec&) { return absl::OkStatus(); }

absl::Status SimulatedFabric::ApplyMembers(const GroupMembers&) { return absl::OkStatus(); }

absl::Status SimulatedFabric::RemoveGroup(const VpcId&, const SecurityGroupId&) { return absl::OkStatus(); }

absl::Status SimulatedFabric::ApplyPrefixList(const VpcId&, const PrefixListSpec&) { return absl::OkStatus(); }

absl::StatusOr<std::vector<PublicName>> SimulatedFabric::PublicNames(const VpcId& id) {
  MutexLock lock(mutex_);
  if (!vpcs_.contains(id)) return absl::NotFoundError(absl::StrCat(id.text(), " is not on the host"));
  std::vector<PublicName> names;
  for (const auto& [tap, port] : ports_) {
    if (port.plugged && port.vpc == id) names.insert(names.end(), port.public_names.begin(), port.public_names.end());
  }
  return names;
}

absl::Status SimulatedFabric::SetPeerNames(const VpcId& id, const std::vector<PublicName>& names) {
  MutexLock lock(mutex_);
  if (!vpcs_.contains(id)) return absl::NotFoundError(absl::StrCat(id.text(), " is not on the host"));
  peer_names_[id] = names;
  return absl::OkStatus();
}

std::vector<PublicName> SimulatedFabric::NamesIn(const VpcId& id) {
  MutexLock lock(mutex_);
  std::vector<PublicName> names = peer_names_[id];
  for (const auto& [tap, port] : ports_) {
    if (!port.plugged || port.vpc != id) continue;
    names.insert(names.end(), port.public_names.begin(), port.public_names.end());
    if (port.tag_name.has_value()) names.push_back(*port.tag_name);
  }
  return names;
}

absl::Status SimulatedFabric::PreparePort(const PortSpec& spec) {
  MutexLock lock(mutex_);
  ports_.try_emplace(TapName(spec.eni.id), Port{.vpc = spec.eni.vpc_id});
  return absl::OkStatus();
}

absl::Status SimulatedFabric::PlugPort(const PortSpec& spec) {
  MutexLock lock(mutex_);
  const auto it = ports_.find(TapName(spec.eni.id));
  if (it == ports_.end()) {
    return absl::NotFoundError(absl::StrCat("no tap was prepared for ", spec.eni.id.text()));
  }
  it->second.plugged = true;
  it->second.public_names = PublicNamesOf(spec);
  it->second.tag_name.reset();
  if (!spec.tag_hostname.empty() && spec.eni.private_ip.has_value()) {
    it->second.tag_name = {*spec.eni.private_ip, spec.tag_hostname};
  }
  return absl::OkStatus();
}

absl::Status SimulatedFabric::UnplugPort(const NetworkInterface& eni) {
  MutexLock lock(mutex_);
  ports_.erase(TapName(eni.id));
  return absl::OkStatus();
}

absl::StatusOr<bool> SimulatedFabric::Probe(const NetworkInterface& eni, absl::Duration) {
  MutexLock lock(mutex_);
  const auto it = ports_.find(TapName(eni.id));
  return it != ports_.end() && it->second.plugged;
}

absl::StatusOr<std::vector<PortCounters>> SimulatedFabric::Counters(const VpcId& id) {
  MutexLock lock(mutex_);
  if (!vpcs_.contains(id)) return absl::NotFoundError(absl::StrCat(id.text(), " is not on the host"));
  std::vector<PortCounters> counters;
  for (const auto& [tap, port] : ports_) {
    if (port.plugged && port.vpc == id) counters.push_back({.tap = tap});
  }
  return counters;
}

absl::StatusOr<UniqueFd> SimulatedFabric::Listen(const VpcId& id, Ipv4 address, uint16_t port) {
  return absl::UnimplementedError(
      absl::StrCat("a simulated network has no sockets: ", address.text(), ":", port, " in ", id.text()));
}

absl::StatusOr<UniqueFd> SimulatedFabric::Listen(const VpcId& id, const Ipv6& address, uint16_t port) {
  return absl::UnimplementedError(
      absl::StrCat("a simulated network has no sockets: [", address.text(), "]:", port, " in ", id.text()));
}

absl::StatusOr<FabricInventory> SimulatedFabric::List() {
  MutexLock lock(mutex_);
  FabricInventory inventory;
  inventory.vpcs.assign(vpcs_.begin(), vpcs_.end());
  for (const auto& [tap, port] : ports_) inventory.taps.push_back(tap);
  return inventory;
}

}  // namespace brume::network
