// The metadata service as the daemon sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/iam/instance_session_service.h"
#include "lib/imds/metadata_server.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::imds {

// All that it refers to must outlive the module; the functions are called from several threads.
struct ImdsParts {
  store::Database& database;
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  // A TCP socket that listens inside the VPC's namespace. Unset where guests are not real, and none is served.
  std::function<absl::StatusOr<UniqueFd>(const VpcId& vpc, Ipv4 address, uint16_t port)> listen = {};
  // The same at an IPv6 address, of a VPC that has IPv6. Unset = nowhere.
  std::function<absl::StatusOr<UniqueFd>(const VpcId& vpc, const Ipv6& address, uint16_t port)> listen_ipv6 = {};
  // The instance's session of the role; nothing when the role does not let EC2 take it on.
  std::function<absl::StatusOr<std::optional<iam::InstanceSession>>(const SessionInstance& instance,
                                                                    const Identity& role)>
      session_of;
};

// Thread-safe.
class ImdsModule {
 public:
  explicit ImdsModule(ImdsParts parts);

  // Errors: the store's.
  absl::Status Start() { return server_.Start(); }
  // Idempotent.
  void Stop();

  // Serves the VPC, whose namespace is there; OK when it is served. Not for a VPC that another thread calls it for.
  // Errors: of `listen`.
  absl::Status Serve(const VpcId& vpc);
  // Closes what Serve made. OK when there is none.
  void StopServing(const VpcId& vpc);
  // False when the listener that Serve made has been closed by somebody else; Serve makes another one then. Waits for
  // nothing.
  bool StillServes(const VpcId& vpc);

 private:
  const ImdsParts parts_;
  MetadataServer server_;
  // A VPC's listener at one of the two addresses.
  enum class Family { kIpv4, kIpv6 };
  using Key = std::pair<VpcId, Family>;

  bool IsOpen(const Key& key);
  // Opens sockets in a namespace, which may take its time, so the mutex is not held over it.
  absl::Status ServeIpv4(const VpcId& vpc);
  // Where the VPC has IPv6; closes the listener of one that has none any more.
  absl::Status ServeIpv6(const VpcId& vpc);

  Mutex mutex_;
  // With a descriptor of its listener, to ask whether that still listens.
  std::map<Key, UniqueFd> served_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume::imds
