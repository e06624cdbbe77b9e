// What other areas ask of the network about the interfaces of instances on this host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/network/model/network.h"

namespace brume::network {

// What an instance's type gives each of its ports.
struct PortShape {
  int64_t bandwidth_mbit = 0;  // a second, each way; 0 = no limit
  int queues = 1;              // of its network card
  friend bool operator==(const PortShape&, const PortShape&) = default;
};

// The network's part in an instance's life. Each call is idempotent, blocking and thread-safe; the interface's row is
// committed before.
class PortService {
 public:
  virtual ~PortService() = default;

  // Makes what the hypervisor opens. Error: Unavailable while the VPC's namespace is not ready yet.
  virtual absl::Status PreparePort(const NetworkInterface& eni) = 0;
  // Lets the interface's packets through, once its guest is made. Error: as above.
  virtual absl::Status PlugPort(const NetworkInterface& eni) = 0;
  virtual absl::Status UnplugPort(const NetworkInterface& eni) = 0;
};

// What passed an interface since it was made, in the guest's words: `in` is what it received.
struct PortCounters {
  std::string tap;
  int64_t bytes_in = 0, bytes_out = 0;
  int64_t packets_in = 0, packets_out = 0;
};

// Changes nothing. Blocking and thread-safe.
class PortMeter {
 public:
  virtual ~PortMeter() = default;

  // Whether the guest behind the port answers ARP within `timeout`.
  virtual absl::StatusOr<bool> Probe(const NetworkInterface& eni, absl::Duration timeout) = 0;
  // Of all ports that are in the VPC's namespace, in one go. NotFound when there is none.
  virtual absl::StatusOr<std::vector<PortCounters>> Counters(const VpcId& id) = 0;
};

}  // namespace brume::network
