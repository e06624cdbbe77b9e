// What DescribeHost shows; gathered by the daemon, which knows the parts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

struct BackupOrder {
  std::string directory;
  int keep = 0;  // 0 = all
  bool with_key = false;
};

struct BackupReport {
  std::string id, directory, state, message;
  int64_t total_bytes = 0, done_bytes = 0, copied_bytes = 0, files = 0;
};

// Thread-safe.
struct BackupFunctions {
  std::function<absl::StatusOr<std::string>(const BackupOrder& order)> start;  // the backup's id
  std::function<std::optional<BackupReport>()> describe;                       // the one started last
  std::function<void()> cancel;
};

// What the daemon, which knows the parts, does for the host's actions.
struct HostFunctions {
  DescribeFunction describe;
  RebuildFunction rebuild;
  BackupFunctions backups = {};
};

}  // namespace brume::host
