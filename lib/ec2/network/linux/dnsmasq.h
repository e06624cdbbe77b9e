// The dnsmasq that serves one VPC with DHCP and DNS. It outlives brumed and is found again.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/linux/dnsmasq_config.h"

namespace brume::network {

// All methods but Stop are called on a thread in the VPC's namespace, which the process inherits. Not thread-safe.
class Dnsmasq {
 public:
  // Keeps its files in `directory`, which it makes and Stop removes.
  explicit Dnsmasq(const std::string& directory) : paths_(directory) {}

  // It runs with this configuration and these hosts: found, told to read again, started or started anew.
  // `spec.user` is chosen here.
  absl::Status Apply(DnsmasqSpec spec, const HostEntries& hosts);
  // Changes the hosts only, after Apply. Starts it when it died.
  absl::Status SetHosts(const HostEntries& hosts);
  // Whether it runs in the namespace of the calling thread.
  bool Serves() { return Running() && IsHere(); }
  // Ends it and removes its files. OK when there is none.
  absl::Status Stop();

 private:
  // Fills process_ from the pid file when that names a living dnsmasq of ours.
  void Adopt();
  bool Running();
  // Whether process_ lives in the namespace of the calling thread.
  bool IsHere() const;
  absl::Status Start();
  absl::Status End();
  // True when one of the files changed.
  absl::StatusOr<bool> WriteHosts(const HostEntries& hosts);

  const DnsmasqPaths paths_;
  std::string domain_;
  UniqueFd process_;  // a pidfd
  int pid_ = 0;
};

}  // namespace brume::network
