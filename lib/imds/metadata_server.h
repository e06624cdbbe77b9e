// The metadata service's HTTP listeners, one in each VPC's namespace.
//
// A peer is known by its source address, which the VPC's anti-spoofing makes trustworthy. One thread reads and writes,
// another answers, which takes a few reads of the store: a request of each VPC that has any in turn, so that a VPC
// whose guests ask without end makes no other wait for more than one of its answers. Nor do its guests take connections
// of others (bounded per peer and per VPC, the longest idle one gives way) or the daemon's memory.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/imds/role_credentials.h"
#include "lib/resource/ids.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::imds {

struct MetadataServerOptions {
  size_t header_bytes = 8192;
  // From a request's first byte to its answer's last.
  absl::Duration request_timeout = absl::Seconds(5);
  // Between requests of one connection.
  absl::Duration idle_timeout = absl::Seconds(30);
  size_t connections = 16384;  // of all VPCs together
  size_t connections_per_vpc = 512;
  size_t connections_per_peer = 32;
  // Empty: no role lets EC2 take it on.
  RoleCredentialsSource credentials = {};
};

// Thread-safe.
class MetadataServer {
 public:
  MetadataServer(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                 const Clock& clock, MetadataServerOptions options = {});
  // Stops.
  ~MetadataServer();

  // Reads or makes the token key and begins to serve. Errors: the store's.
  absl::Status Start();
  // Closes every listener and connection. Idempotent.
  void Stop();

  // Serves the VPC on `listener`, a listening TCP socket made inside its namespace; an earlier one of the VPC is
  // closed. Before Start it waits for it. Error: InvalidArgument when the socket does not listen.
  absl::Status AddVpc(const VpcId& vpc, UniqueFd listener);
  // Closes its listener and connections. OK when there is none.
  void RemoveVpc(const VpcId& vpc);
  // The same by IPv6, which only instances with HttpProtocolIpv6 are answered by.
  absl::Status AddVpcIpv6(const VpcId& vpc, UniqueFd listener);
  void RemoveVpcIpv6(const VpcId& vpc);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace brume::imds
