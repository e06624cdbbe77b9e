// What the sets of flow_rules.h counted, as flows. Pure but for ReadFlowCounts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/nft.h"

namespace brume::network {

struct FlowCounts {
  // By set, of each stage: what its elements counted.
  std::map<FlowKey, std::vector<CountedElement>> before, after;
  std::vector<CountedElement> skipped;
};

// Of a family that packets are counted in no longer.
absl::StatusOr<FlowCounts> ReadFlowCounts(Nft& nft, FlowFamily family);

// Flows by tap, and the taps of which some flow was not counted.
struct FlowsByTap {
  std::map<std::string, std::vector<Flow>> flows;
  std::vector<std::string> skipped;
};
FlowsByTap FlowsOf(const FlowCounts& counts);

}  // namespace brume::network
