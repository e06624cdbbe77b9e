// The dnsmasq that serves one VPC with DHCP and DNS, as long as there is somebody to serve: a VPC without ports has
// none. It outlives brumed and is found again.
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

  // It runs with this configuration, these options of leases and these names: found, told to read again, started or
  // started anew; ended where `names` has no host. Leases that stand keep what they were told until they are renewed.
  // `spec.user` is chosen here. InvalidArgument, and nothing is changed, where a text is no name of a domain.
  absl::Status Apply(DnsmasqSpec spec, const DhcpLease& lease, const Names& names);
  // Changes the names only, after Apply. Starts it when it died, ends it with the last host. InvalidArgument as above.
  absl::Status SetNames(const Names& names);
  // Whether it runs in the namespace of the calling thread, or has nobody to serve.
  bool Serves() { return !wanted_ || (Running() && IsHere()); }
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
  absl::StatusOr<bool> WriteNames(const Names& names);
  // It reads what was `changed`, or starts, or ends.
  absl::Status ReadAgain(bool changed);

  const DnsmasqPaths paths_;
  std::string domain_;
  bool wanted_ = false;  // there are hosts
  UniqueFd process_;     // a pidfd
  int pid_ = 0;
};

}  // namespace brume::network
