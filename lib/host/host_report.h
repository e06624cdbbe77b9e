// What DescribeHost shows; gathered by the daemon, which knows the parts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brume::host {

struct HostCheck {
  std::string name;
  bool ok = true;
  std::string detail;
  std::string fix;  // empty = nothing to do
};

// All empty while the hypervisor does not answer.
struct HypervisorReport {
  std::string uri;
  std::string version;       // "libvirt 9.0.0, QEMU 7.2.22"
  std::string acceleration;  // "kvm", "tcg", "simulated"
  // Why it is not KVM, in words for the administrator; empty when it is.
  std::string acceleration_note;
};

struct HostReport {
  std::string version;
  bool simulated = false;
  std::string ec2_url;  // of the Query API; empty = not served
  HypervisorReport hypervisor;
  std::vector<HostCheck> checks;
  // Found under our names without a row; left as they are.
  std::vector<HostCheck> orphans;
};

// Observes the host. Thread-safe.
using DescribeFunction = std::function<absl::StatusOr<HostReport>()>;

// Makes lost rows of disks again: what became of each. Thread-safe.
using RebuildFunction = std::function<absl::StatusOr<std::vector<HostCheck>>()>;

// What the daemon, which knows the parts, does for the host's actions.
struct HostFunctions {
  DescribeFunction describe;
  RebuildFunction rebuild;
};

}  // namespace brume::host
