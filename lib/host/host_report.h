// What DescribeHost shows; gathered by the daemon, which knows the parts.
#pragma once

#include <string>
#include <vector>

#include "lib/ec2/compute/hypervisor.h"

namespace brume::host {

struct HostCheck {
  std::string name;
  bool ok = true;
  std::string detail;
  std::string fix;  // empty = nothing to do
};

struct HostReport {
  std::string version;
  bool simulated = false;
  std::string ec2_url;  // of the Query API; empty = not served
  compute::HypervisorInfo hypervisor;
  std::vector<HostCheck> checks;
  // Found under our names without a row; left as they are.
  std::vector<HostCheck> orphans;
};

}  // namespace brume::host
