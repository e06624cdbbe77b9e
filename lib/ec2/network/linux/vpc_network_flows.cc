// Counting flows for flow logs. Part of VpcNetwork, in a file of its own.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/flow_counts.h"
#include "lib/ec2/network/linux/vpc_network.h"

namespace brume::network {

absl::StatusOr<std::string> VpcNetwork::SyncFlows(const std::map<std::string, PortRules>& ports, bool wanted) {
  if (!wanted) return synced_ && !counts_flows_ ? std::string() : NoFlows();
  ASSIGN_OR_RETURN(const bool changed, nft_->ChangedByOthers());
  const bool stands = synced_ && counts_flows_ && !changed;
  return stands ? ChangeFlowPorts(FlowPortsOf(rules_.ports), FlowPortsOf(ports))
                : WholeFlows(FlowPortsOf(ports), options_.max_flows);
}

void VpcNetwork::NoteFlowPorts(const std::map<std::string, PortRules>& ports, bool wanted) {
  if (!counts_flows_ || !wanted) flow_family_ = FlowFamily::kA;
  counts_flows_ = wanted;
  if (!wanted) counted_ports_.clear();
  for (const auto& [tap, port] : ports) {
    if (wanted && port.log_flows) counted_ports_[tap] = port;
  }
}

absl::StatusOr<std::vector<PortFlows>> VpcNetwork::TakeFlows() {
  return OnThread([&] { return DoTakeFlows(); });
}

absl::StatusOr<std::vector<PortFlows>> VpcNetwork::DoTakeFlows() {
  RETURN_IF_ERROR(NeedSync());
  std::vector<PortFlows> taken;
  if (!counts_flows_) return taken;
  const FlowFamily past = flow_family_;
  RETURN_IF_ERROR(nft_->Run(UseFamily(OtherFamily(past))));
  flow_family_ = OtherFamily(past);
  ASSIGN_OR_RETURN(const FlowCounts counts, ReadFlowCounts(*nft_, past));
  RETURN_IF_ERROR(nft_->Run(EmptyFamily(past)));
  FlowsByTap found = FlowsOf(counts);
  for (const auto& [tap, port] : std::exchange(counted_ports_, {})) {
    PortFlows& flows = taken.emplace_back();
    flows.eni = port.eni;
    flows.subnet = port.subnet;
    flows.flows = std::move(found.flows[tap]);
    for (const std::string& skipped : found.skipped) flows.skipped |= skipped == tap;
  }
  NoteFlowPorts(rules_.ports, /*wanted=*/true);
  return taken;
}

}  // namespace brume::network
